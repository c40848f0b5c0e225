//! The errors that S3 returns when the data folder fails.
//!
//! The rule: **`NoSuchKey` is returned only if the object certainly does not exist.** A failure
//! that may pass, such as no free file handle or a full disk, is a 503, which SDKs retry. Every
//! other failure is a 500.

use std::io::{self, ErrorKind};

use s3s::{S3Error, S3ErrorCode};

/// `EMFILE` and `ENFILE` of errno.h: too many open files in this process, or on the machine.
const OUT_OF_HANDLES: [i32; 2] = [24, 23];

/// Returns the error for a failure to do `what`, such as "open an object", and logs it.
pub(super) fn failed(what: &'static str, error: io::Error) -> S3Error {
    let out_of_handles = error.raw_os_error().is_some_and(|code| OUT_OF_HANDLES.contains(&code));
    let (code, message) = match error.kind() {
        _ if out_of_handles => {
            (S3ErrorCode::SlowDown, "the local S3 has too many open files; try again later")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            (S3ErrorCode::ServiceUnavailable, "the disk of the data folder is full")
        }
        _ => (S3ErrorCode::InternalError, "the data folder cannot be used; the log says why"),
    };
    tracing::warn!(%error, "the local S3 could not {what}");
    let mut answer = S3Error::with_message(code, message);
    answer.set_source(error.into());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_may_pass_is_503_and_no_failure_is_no_such_key() {
        // EMFILE, ENFILE, ENOSPC, EDQUOT; then ENOENT, EACCES, EIO, ENOTDIR.
        for (codes, status) in [([24, 23, 28, 122], 503), ([2, 13, 5, 20], 500)] {
            for code in codes {
                let answer = failed("open an object", io::Error::from_raw_os_error(code));
                assert_eq!(answer.status_code().map(|status| status.as_u16()), Some(status));
                assert_ne!(*answer.code(), S3ErrorCode::NoSuchKey);
            }
        }
    }

    #[test]
    fn out_of_handles_is_the_code_that_makes_clients_slow_down() {
        let answer = failed("open an object", io::Error::from_raw_os_error(24));
        assert_eq!(*answer.code(), S3ErrorCode::SlowDown);
    }
}
