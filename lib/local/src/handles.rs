//! How many files and connections the process may have open at once, and how they are divided.

/// The assumed limit if the system does not report one: that of macOS, the smallest in use.
const LEAST_LIMIT: u64 = 256;
/// With a lower limit, calls wait for each other when many arrive at once.
const LIMIT_THAT_WORKS_WELL: u64 = 1_024;
/// More connections than this would cost more memory than they are worth.
const CONNECTIONS_MAX: u64 = 1_000;
/// More invocations at once would only wait for the processor.
const INVOCATIONS_MAX: u64 = 256;

/// Fewer open files than this are not enough to load a file and make a report.
const LIMIT_NEEDED: u64 = 128;

/// Raises the soft limit of open files to the hard limit and returns the new limit.
pub fn raise_limit() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(LEAST_LIMIT)
}

/// Returns a warning for the user if `limit` open files are too few to work well, or an error if they
/// are too few to work at all.
pub fn check(limit: u64) -> Result<Option<String>, String> {
    let may_be_open = format!("only {limit} files and connections may be open at once");
    if limit < LIMIT_NEEDED {
        return Err(format!("{may_be_open}; at least {LIMIT_NEEDED} are needed: ulimit -n"));
    }
    Ok((limit < LIMIT_THAT_WORKS_WELL).then(|| {
        format!(
            "{may_be_open}, so clients may have to wait; at least {LIMIT_THAT_WORKS_WELL} are \
             recommended: ulimit -n {LIMIT_THAT_WORKS_WELL}"
        )
    }))
}

/// How many connections each port takes at once, and how many API calls run at once. **The limit of
/// open files is enough for all of them, including the files and connections that they need.**
///
/// A connection of the API needs one handle. An invocation calls a table and may call a queue; both
/// ends of such a connection are in this process. A connection of S3 needs two: itself, and the
/// file that is read or written. A copy opens one more file. If the handles still run out, S3
/// answers 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Connections of the API.
    pub api: usize,
    /// How many API calls run at once; further calls wait.
    pub invocations: usize,
    /// Connections of S3.
    pub s3: usize,
    /// Connections of DynamoDB, for the API's functions and for the worker loops.
    pub dynamodb: usize,
    /// Connections of SQS, for the same callers.
    pub sqs: usize,
}

impl Shares {
    /// Returns the shares for the current limit.
    pub fn now() -> Shares {
        let limit = rlimit::Resource::NOFILE.get_soft();
        Shares::of(limit.unwrap_or(LEAST_LIMIT))
    }

    /// Of 16 parts, one is for stores and worker loops, five are for the connections of
    /// invocations, and ten for the connections of clients.
    fn of(limit: u64) -> Shares {
        let part = limit / 16;
        let count = |count: u64, most: u64| usize::try_from(count.min(most)).unwrap_or(usize::MAX);
        // With fewer than two, a port would take no connection.
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
    fn all_connections_and_their_files_fit_into_the_limit() {
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
    fn a_limit_that_is_too_low_is_refused_or_gives_a_warning_with_a_sufficient_one() {
        assert!(check(127).unwrap_err().contains("at least 128 are needed"));
        assert!(check(128).unwrap().unwrap().contains("ulimit -n 1024"));
        assert_eq!(check(1_024), Ok(None));
    }
}
