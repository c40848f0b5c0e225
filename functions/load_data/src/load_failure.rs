//! Why a load did not reach its end.

use uptime_aws::{CallError, OpenError, StoreDataError};

/// Why a load did not reach a final manifest. A later load may, except after [`LoadFailure::Gone`]
/// and [`LoadFailure::NotASource`]. A message that announces an object that is not a source is
/// still not acknowledged: it comes from a bucket that should not send messages, and operators
/// notice this in the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailure {
    #[error(
        "{key:?} in the bucket {bucket:?} is not a source file; accepted are keys under incoming/ \
         that do not end in a slash, in the bucket {accepted_bucket:?}"
    )]
    NotASource { bucket: String, key: String, accepted_bucket: String },
    #[error("the object was deleted or replaced")]
    Gone,
    #[error("S3 did not answer as expected")]
    Files(#[from] CallError),
    #[error("the segments could not be stored")]
    Data(#[from] StoreDataError),
    #[error("the invocation ran out of time")]
    OutOfTime,
}

impl From<OpenError> for LoadFailure {
    fn from(error: OpenError) -> LoadFailure {
        match error {
            OpenError::Gone => LoadFailure::Gone,
            OpenError::Unavailable(error) => LoadFailure::Files(error),
        }
    }
}
