//! The adapters between the core and AWS: the only crate that names AWS types, keys and attributes.
//!
//! # Layout, in reading order
//!
//! - [`settings`]: the settings of a deployment, read once at the start; [`mod@sdk_config`]: the
//!   configuration of the SDK clients; `clients`: makes the clients; `clock`: the only place that
//!   reads the clock; `deadline`: when an invocation must finish; [`metrics`]: metrics for
//!   operators.
//! - `report_id`, `report`, [`report_message`]: a report's id, its life and its message in the
//!   queue; `json_fault`: what is wrong with a message's JSON.
//! - `report_table`, `report_queue`, `report_files`: where reports, their messages and their files
//!   are; `report_item`, `report_transition`: a report as an item, and how that item may change.
//! - `idempotency_key`: the key of a request; `key_table`: which report a key stands for.
//! - [`manifest`]: what is recorded about a load; `source_files`, `load_files`: its source file and
//!   its results; `csv_upload`: a result of unknown length.
//! - `throttling`, `backoff`: how throttled calls and broken downloads are retried.
//! - `store_data`: the segments, in `DynamoDB`; `store_data_error`: why a call for them failed;
//!   `item_key`, `batch_write`, `superseded`: their keys, how many are written at once, and which
//!   ones a newer file replaces; `consumed_units`: what they cost; [`attributes`]: all names.
//!
//! The features `dynamodb`, `s3` and `sqs` each enable the modules that need that SDK, so that a
//! function links only what it uses.

pub mod attributes;
#[cfg(any(feature = "dynamodb", feature = "s3"))]
mod backoff;
#[cfg(feature = "dynamodb")]
mod batch_write;
mod call_error;
mod clients;
mod clock;
#[cfg(feature = "dynamodb")]
mod consumed_units;
#[cfg(feature = "s3")]
mod csv_upload;
mod deadline;
pub mod hash;
mod idempotency_key;
#[cfg(feature = "dynamodb")]
mod item_key;
mod json_fault;
#[cfg(feature = "dynamodb")]
mod key_table;
#[cfg(feature = "s3")]
pub mod load_files;
pub mod manifest;
pub mod metrics;
mod report;
#[cfg(feature = "s3")]
mod report_files;
mod report_id;
#[cfg(feature = "dynamodb")]
mod report_item;
pub mod report_message;
#[cfg(feature = "sqs")]
mod report_queue;
#[cfg(feature = "dynamodb")]
mod report_table;
#[cfg(feature = "dynamodb")]
mod report_transition;
pub mod sdk_config;
pub mod settings;
#[cfg(feature = "s3")]
mod source_files;
#[cfg(feature = "dynamodb")]
mod store_data;
#[cfg(feature = "dynamodb")]
mod store_data_error;
#[cfg(feature = "dynamodb")]
mod superseded;
#[cfg(any(feature = "dynamodb", feature = "s3"))]
mod throttling;

pub use aws_types::SdkConfig;
pub use call_error::CallError;
pub use clients::Clients;
pub use clock::now;
#[cfg(feature = "s3")]
pub use csv_upload::CsvUpload;
pub use deadline::Deadline;
pub use idempotency_key::{IdempotencyKey, IdempotencyKeyError};
#[cfg(feature = "dynamodb")]
pub use item_key::ItemKey;
pub use json_fault::JsonFault;
#[cfg(feature = "dynamodb")]
pub use key_table::{KeyTable, KeyUse};
#[cfg(feature = "s3")]
pub use load_files::{LoadFiles, LoadFolder};
pub use manifest::{LoadError, LoadErrorCode, LoadStatus, Manifest};
pub use metrics::Metric;
pub use report::{
    Completion, Failure, FailureCode, NewReport, Report, ReportState, StoredFile, StoredFiles,
};
#[cfg(feature = "s3")]
pub use report_files::{LINK_LIFE, PresignedLink, ReportFiles};
pub use report_id::{ReportId, ReportIdError};
#[cfg(feature = "sqs")]
pub use report_queue::ReportQueue;
#[cfg(feature = "dynamodb")]
pub use report_table::{Claim, Refusal, ReportTable, ReportTableError};
pub use sdk_config::sdk_config;
pub use settings::{Settings, SettingsError};
#[cfg(feature = "s3")]
pub use source_files::{OpenError, Pin, SourceFiles, SourceObject, decoded_key, timestamp};
#[cfg(feature = "dynamodb")]
pub use store_data::{StoreData, StoredSegment};
#[cfg(feature = "dynamodb")]
pub use store_data_error::{ItemFault, StoreDataError};
pub use uptime::describe;
