//! The whole system on one machine, and the command line.
//!
//! `System` runs the same handlers that are deployed. Embedded emulators of DynamoDB, S3 and SQS
//! with the real wire protocols serve them. Data lives in a folder. It survives the end of the
//! process, even `kill -9`, but not a power failure: no write is forced to the disk.
//!
//! Without the feature `service`, the commands that only need files remain. That build compiles a
//! fifth of the crates.

pub mod cli;
mod counted;
pub mod explain_command;
pub mod failure;
pub mod first_rejects;
mod folder;
pub mod generate;
pub mod report_command;
pub mod sources;
pub mod terminal;

#[cfg(not(feature = "service"))]
mod no_service_commands;
#[cfg(not(feature = "service"))]
use no_service_commands as service_commands;

#[cfg(feature = "service")]
pub mod aws;
#[cfg(feature = "service")]
pub mod deployed_functions;
#[cfg(feature = "service")]
pub mod dynamodb;
#[cfg(feature = "service")]
pub mod emulators;
#[cfg(feature = "service")]
pub mod event_source;
#[cfg(feature = "service")]
pub mod gateway;
#[cfg(feature = "service")]
pub mod guard;
#[cfg(feature = "service")]
pub mod handles;
#[cfg(feature = "service")]
pub mod http_server;
#[cfg(feature = "service")]
pub mod lambda;
#[cfg(feature = "service")]
pub mod load_command;
#[cfg(feature = "service")]
pub mod load_outcome;
#[cfg(feature = "service")]
pub mod logs;
#[cfg(feature = "service")]
pub mod page;
#[cfg(feature = "service")]
pub mod progress;
#[cfg(feature = "service")]
pub mod s3;
#[cfg(feature = "service")]
pub mod secret;
#[cfg(feature = "service")]
pub mod serve;
#[cfg(feature = "service")]
mod service_commands;
#[cfg(feature = "service")]
pub mod signature;
#[cfg(feature = "service")]
pub mod sqs;
#[cfg(feature = "service")]
mod stored_objects;
#[cfg(feature = "service")]
mod supervised;
#[cfg(feature = "service")]
pub mod system;
#[cfg(feature = "service")]
pub mod uploads;
