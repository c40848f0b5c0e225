//! How many files and connections the process may have open at once, and how they are shared out.

/// What is assumed where the system does not say: the smallest limit in use, that of macOS.
const LEAST_LIMIT: u64 = 256;
/// Below it calls wait for each other where many come at once.
const LIMIT_THAT_WORKS_WELL: u64 = 1_024;
/// More connections than this would need more memory than they gain.
const CONNECTIONS_MAX: u64 = 1_000;
/// More invocations than this at once would only wait for the processor.
const INVOCATIONS_MAX: u64 = 256;

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

/// How many connections each port takes at once, and how many of the API's calls are worked on. **All of
/// it, with the files and the connections that belong to it, fits into the limit of open files.**
///
/// A connection of the API needs one handle. An invocation calls a table and may call a queue; both
/// ends of such a connection are in this process. A connection of S3 needs two: itself, and the file
/// that is read or written. A copy opens one file more: where handles run out after all, S3 answers
/// 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of the API.
    pub api: usize,
    /// How many of the API's calls are worked on at once; further ones wait.
    pub invocations: usize,
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

    /// Of 16 parts one is for stores and worker loops, five are for what invocations call, and ten for
    /// the connections of clients.
    fn of(limit: u64) -> Shares {
        let part = limit / 16;
        let count = |count: u64, most: u64| usize::try_from(count.min(most)).unwrap_or(usize::MAX);
        // Two at least, or a port would take nobody.
        let invocations = count(part, INVOCATIONS_MAX).max(2);
        let clients = count(part.saturating_mul(10) / 3, CONNECTIONS_MAX).max(2);
        Shares {
            api: clients,
            invocations,
            s3: clients,
            dynamodb: invocations + invocations / 2,
            sqs: invocations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_and_what_belongs_to_them_fit_into_the_limit() {
        for limit in [256, 1_024, 4_096, 20_000, u64::MAX] {
            let Shares { api, s3, dynamodb, sqs, invocations } = Shares::of(limit);
            let handles = api + 2 * s3 + 2 * dynamodb + 2 * sqs;
            assert!(u64::try_from(handles).unwrap() <= limit - limit / 16, "{limit}");
            assert!(invocations < dynamodb && invocations <= sqs, "{limit}");
        }
    }

    #[test]
    fn two_hundred_clients_of_the_api_and_of_s3_are_served_at_once_with_1024_handles() {
        let Shares { api, s3, .. } = Shares::of(1_024);
        assert!(api >= 200 && s3 >= 200, "{api}, {s3}");
    }

    #[test]
    fn a_limit_that_is_too_low_is_said_with_the_one_that_is_not() {
        assert!(warning(512).unwrap().contains("ulimit -n 1024"));
        assert_eq!(warning(1_024), None);
    }
}
