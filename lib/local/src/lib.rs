//! The whole system on one machine, and the command line.
//!
//! `System` runs the same handlers that are deployed. Embedded emulators of DynamoDB, S3 and SQS
//! with the real wire protocols serve them. Data lives in a folder. It survives the end of the
//! process, even `kill -9`, but not a power failure: no write is forced to the disk.

pub mod aws;
pub mod cli;
mod counted;
pub mod deployed_functions;
pub mod dynamodb;
pub mod emulators;
pub mod event_source;
pub mod explain_command;
pub mod failure;
pub mod first_rejects;
mod folder;
pub mod gateway;
pub mod generate;
pub mod guard;
pub mod handles;
pub mod http_server;
pub mod lambda;
pub mod load_command;
pub mod load_outcome;
pub mod page;
pub mod report_command;
pub mod s3;
pub mod secret;
pub mod serve;
pub mod signature;
pub mod sources;
pub mod sqs;
mod stored_objects;
mod supervised;
pub mod system;
pub mod terminal;
pub mod uploads;
