//! How many files and connections the process may have open at once, and how they are shared out.

/// What is assumed where the system does not say: the smallest limit in use, that of macOS.
const LEAST_LIMIT: u64 = 256;
/// Below it calls wait for each other where many come at once.
const LIMIT_THAT_WORKS_WELL: u64 = 1_024;
/// More connections than this would need more memory than they gain.
const CONNECTIONS_MAX: u64 = 1_000;
/// What a connection of the API and one of S3 need together, see [`Shares`], and two more: for stores,
/// worker loops and what a client's pool has too many.
const HANDLES_A_CONNECTION: u64 = 9;

/// Raises the soft limit of open files to the hard one and returns what holds then.
pub fn raise_limit() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(LEAST_LIMIT)
}

/// Returns a sentence for whoever started the system if `limit` open files are too few to work well.
pub fn warning(limit: u64) -> Option<String> {
    (limit < LIMIT_THAT_WORKS_WELL).then(|| {
        format!(
            "only {limit} files and connections may be open at once, so clients may have to wait; \
             from {LIMIT_THAT_WORKS_WELL} on it works well: ulimit -n {LIMIT_THAT_WORKS_WELL}"
        )
    })
}

/// How many connections each port takes at once. **All of them, with the files and the connections
/// that belong to them, fit into the limit of open files.**
///
/// A connection of the API needs three handles: itself, and its function's call to a table, whose two
/// ends are both in this process. Every other one calls a queue, too. A connection of S3 needs three:
/// itself, and two files, an object and what is written beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of the API.
    pub api: usize,
    /// Of S3.
    pub s3: usize,
    /// Of DynamoDB: what the API's functions call, and the worker loops' calls beside them.
    pub dynamodb: usize,
    /// Of SQS, likewise.
    pub sqs: usize,
}

impl Shares {
    /// Those that fit into the limit that holds now.
    pub fn now() -> Shares {
        let limit = rlimit::Resource::NOFILE.get_soft();
        Shares::of(limit.unwrap_or(LEAST_LIMIT))
    }

    fn of(limit: u64) -> Shares {
        let outer = (limit / HANDLES_A_CONNECTION).min(CONNECTIONS_MAX);
        // Two at least, or a port would take nobody.
        let outer = usize::try_from(outer).unwrap_or(usize::MAX).max(2);
        Shares { api: outer, s3: outer, dynamodb: outer + outer / 2, sqs: outer / 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_and_what_belongs_to_them_fit_into_the_limit() {
        for limit in [256, 1_024, 4_096, 20_000, u64::MAX] {
            let Shares { api, s3, dynamodb, sqs } = Shares::of(limit);
            let handles = api + 2 * dynamodb + 2 * sqs + 3 * s3;
            assert!(u64::try_from(handles).unwrap() < limit, "{limit}");
        }
    }

    #[test]
    fn a_limit_that_is_too_low_is_said_with_the_one_that_is_not() {
        assert!(warning(512).unwrap().contains("ulimit -n 1024"));
        assert_eq!(warning(1_024), None);
    }
}
