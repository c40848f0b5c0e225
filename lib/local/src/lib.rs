//! The whole system on one machine, and the command line.
//!
//! `System` runs the very handlers that are deployed, behind embedded emulators of DynamoDB, S3
//! and SQS that speak the real wire protocols. Data lives in a folder; it survives the death of
//! the process, `kill -9` included, but not the loss of power: no write is forced to the disk.

pub mod aws;
pub mod cli;
pub mod dynamodb;
pub mod emulators;
pub mod event_source;
pub mod failure;
pub mod first_rejects;
pub mod gateway;
pub mod generate;
pub mod guard;
pub mod handles;
pub mod http_server;
pub mod lambda;
pub mod load_command;
pub mod load_outcome;
pub mod report_command;
pub mod s3;
pub mod secret;
pub mod serve;
pub mod signature;
pub mod sqs;
mod supervised;
pub mod system;
pub mod terminal;
pub mod uploads;
