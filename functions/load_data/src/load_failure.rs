//! Why a load did not end.

use uptime_aws::{CallError, OpenError, StoreDataError};

/// Why a load did not reach a final manifest. But for [`LoadFailure::Gone`] and
/// [`LoadFailure::NotASource`], loading again later may. A message that announces an object of the
/// latter kind is not acknowledged all the same: only a bucket that should not announce anything
/// does, and the dead-letter queue is where that is seen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailure {
    #[error(
        "{key:?} in the bucket {bucket:?} is no source file; accepted are keys under incoming/ that \
         do not end in a slash, in {accepted_bucket:?}"
    )]
    NotASource { bucket: String, key: String, accepted_bucket: String },
    #[error("the object was deleted or replaced")]
    Gone,
    #[error("S3 did not answer as expected")]
    Files(#[from] CallError),
    #[error("the segments could not be stored")]
    Data(#[from] StoreDataError),
    #[error("the invocation's time was over")]
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
