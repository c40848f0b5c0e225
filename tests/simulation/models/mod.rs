//! In-memory models of the three services. They have only what the adapters use: a request that a
//! model does not know stops the test.

pub(crate) mod dynamodb;
pub(crate) mod expression;
pub(crate) mod s3;
pub(crate) mod sqs;
