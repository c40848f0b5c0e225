//! The limits of a load, and when too many of its rows are rejected.

use thiserror::Error;

use super::Counts;

/// What bounds a load. A deployment may set others; the defaults are those of every deployment that
/// does not, and of a report made without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many MiB of memory a batch of polls may take.
    pub batch_mib: u32,
    /// The share of rejected rows above which a load fails.
    pub reject_limit_percent: u32,
    /// How many times its size a gzip file may unpack to; 1 MiB is always allowed.
    pub gzip_ratio_limit: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { batch_mib: 256, reject_limit_percent: 10, gzip_ratio_limit: 200 }
    }
}

impl Limits {
    /// Returns how many bytes of memory a batch of polls may take.
    pub fn batch_bytes(&self) -> usize {
        usize::try_from(u64::from(self.batch_mib) << 20).unwrap_or(usize::MAX)
    }

    /// Fails if the share of rejected rows is above the limit; none are above none.
    pub fn check_rejects(&self, counts: Counts) -> Result<(), TooManyRejects> {
        let Counts { rows, rejected, .. } = counts;
        let limit_percent = self.reject_limit_percent;
        if u128::from(rejected) * 100 > u128::from(rows) * u128::from(limit_percent) {
            return Err(TooManyRejects { rows, rejected, limit_percent });
        }
        Ok(())
    }
}

/// A load fails, though its good rows are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{rejected} of {rows} rows were rejected; {limit_percent} % are accepted")]
pub struct TooManyRejects {
    rows: u64,
    rejected: u64,
    limit_percent: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_share_above_the_limit_is_too_much() {
        check((0, 0), 10, true);
        check((100, 10), 10, true);
        check((100, 11), 10, false);
        check((1_000_000, 100_001), 10, false);
        check((100, 1), 0, false);
        check((100, 100), 100, true);
        check((u64::MAX, u64::MAX), 99, false);
    }

    #[test]
    fn too_many_rejects_are_told_with_what_is_accepted() {
        let counts = Counts { rows: 10, rejected: 2, ..Counts::default() };
        let error = Limits::default().check_rejects(counts).unwrap_err();
        assert_eq!(error.to_string(), "2 of 10 rows were rejected; 10 % are accepted");
    }

    #[track_caller]
    fn check((rows, rejected): (u64, u64), reject_limit_percent: u32, accepted: bool) {
        let limits = Limits { reject_limit_percent, ..Limits::default() };
        let counts = Counts { rows, rejected, ..Counts::default() };
        assert_eq!(limits.check_rejects(counts).is_ok(), accepted, "{rejected} of {rows}");
    }
}
