//! The limits of a load, and the check for too many rejected rows.

use thiserror::Error;

use super::Counts;

/// The limits of a load. A deployment may change them. The defaults apply to all other deployments
/// and to reports that are made without a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many MiB of memory a batch of polls may take. The default is enough for eight days of a
    /// million stores.
    pub batch_mib: u32,
    /// The percentage of rejected rows above which a load fails.
    pub reject_limit_percent: u32,
    /// How many times its size a gzip file may unpack to; 1 MiB is always allowed.
    pub gzip_ratio_limit: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { batch_mib: 1152, reject_limit_percent: 10, gzip_ratio_limit: 200 }
    }
}

impl Limits {
    /// Returns how many bytes of memory a batch of polls may take.
    pub fn batch_bytes(&self) -> usize {
        usize::try_from(u64::from(self.batch_mib) << 20).unwrap_or(usize::MAX)
    }

    /// Fails if the share of rejected rows is above the limit. A file without rows passes.
    pub fn check_rejects(&self, counts: Counts) -> Result<(), TooManyRejects> {
        let Counts { rows, rejected, .. } = counts;
        let limit_percent = self.reject_limit_percent;
        if u128::from(rejected) * 100 > u128::from(rows) * u128::from(limit_percent) {
            return Err(TooManyRejects { rows, rejected, limit_percent });
        }
        Ok(())
    }
}

/// Too many rows of a load were rejected. The load fails, but its good rows are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{rejected} of {rows} rows were rejected; the limit is {limit_percent} %")]
pub struct TooManyRejects {
    rows: u64,
    rejected: u64,
    limit_percent: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_fails_only_if_the_share_of_rejected_rows_is_above_the_limit() {
        check((0, 0), 10, true);
        check((100, 10), 10, true);
        check((100, 11), 10, false);
        check((1_000_000, 100_001), 10, false);
        check((100, 1), 0, false);
        check((100, 100), 100, true);
        check((u64::MAX, u64::MAX), 99, false);
    }

    #[test]
    fn the_error_names_the_rejected_rows_and_the_limit() {
        let counts = Counts { rows: 10, rejected: 2, ..Counts::default() };
        let error = Limits::default().check_rejects(counts).unwrap_err();
        assert_eq!(error.to_string(), "2 of 10 rows were rejected; the limit is 10 %");
    }

    #[track_caller]
    fn check((rows, rejected): (u64, u64), reject_limit_percent: u32, accepted: bool) {
        let limits = Limits { reject_limit_percent, ..Limits::default() };
        let counts = Counts { rows, rejected, ..Counts::default() };
        assert_eq!(limits.check_rejects(counts).is_ok(), accepted, "{rejected} of {rows}");
    }
}
