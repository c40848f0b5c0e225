//! The three services, in memory: what the adapters use of them and nothing else. A request that they
//! have no rule for stops the test.

pub(crate) mod dynamodb;
pub(crate) mod expression;
pub(crate) mod s3;
pub(crate) mod sqs;
