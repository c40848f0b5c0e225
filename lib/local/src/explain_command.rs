//! `local explain`: shows one store's hours, special days, polls, the time each poll speaks for and
//! the sums, as text that a person can check by hand.

use std::io::{self, Write as _, stderr};
use std::time::SystemTime;

use thiserror::Error;
use uptime::fleet::Stores;
use uptime::output::explanation;
use uptime::{StoreId, Timestamp};

use crate::failure::Failure;
use crate::sources::{Ingested, Shortcoming, Sources, listed};

/// Explains the figures of one store, so that a person can check them by hand
///
/// Shows the store's business hours, its polls, which poll speaks for which time, the sums that
/// make its row in the report, and its outages. All times are the store's local times.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    sources: Sources,
    /// The id of the store, as the source files write it
    #[arg(long, value_name = "ID")]
    store: String,
}

/// Why nothing is explained, or why the explanation is incomplete.
#[derive(Debug, Error)]
enum ExplainError {
    #[error("--store is {0:?}, which no source file names; write the id as the files do")]
    UnknownStore(String),
    #[error(
        "--method poll_count only counts polls, so no poll speaks for any time; explain the store \
         with time_weighted"
    )]
    PollCount,
    #[error("rows are missing, so the explanation is incomplete{}", listed(.0))]
    RowsMissing(Vec<Shortcoming>),
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (text, shortcomings) = explain(arguments, SystemTime::now().into())?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?;
    if shortcomings.is_empty() {
        return Ok(());
    }
    Err(ExplainError::RowsMissing(shortcomings).into())
}

fn explain(arguments: &Arguments, now: Timestamp) -> Result<(String, Vec<Shortcoming>), Failure> {
    let Arguments { sources, store } = arguments;
    let unknown = || ExplainError::UnknownStore(store.clone());
    let id = StoreId::new(store).map_err(|_| unknown())?;
    let request = sources.request(now)?;
    let Ingested { stored, parameters, shortcomings } =
        sources.ingest(request, now, &mut stderr())?;
    let account = stored.account_in_full(&id, parameters)?;
    let Stores::Measured { activity, .. } = stored.fleet(parameters)?.stores else {
        return Err(ExplainError::PollCount.into());
    };
    let account = account.ok_or_else(unknown)?;
    let text = explanation(&account, &parameters, &activity.judge()).ok_or_else(unknown)?;
    Ok((text, shortcomings))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tempfile::TempDir;
    use uptime::interval::SECOND;

    use super::*;

    const POLLS: &str = "store_id,timestamp_utc,status
a,2023-01-23 16:14:00 UTC,active
a,2023-01-23 17:15:00 UTC,inactive
a,2023-01-23 19:00:00 UTC,inactive
";
    const HOURS: &str = "store_id,day,start_time_local,end_time_local\na,0,09:00,12:00\n";
    const SPECIAL_DAYS: &str = "store_id,date,start_time_local,end_time_local,note
a,2023-01-20,,,Repairs
a,2023-01-21,10:00,14:00,
a,2023-12-25,closed,closed,
";
    /// 2023-02-01.
    const NOW: Timestamp = Timestamp::from_micros(1_675_209_600 * SECOND);

    #[test]
    fn the_worked_example_is_explained_so_that_it_can_be_checked_by_hand() {
        let text = explained("a", "--as-of 2023-01-23T18:00:00Z").unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let has = |expected: &str| {
            let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(lines.iter().any(|line| words(line) == expected), "{expected}\n{text}");
        };
        has("time zone America/Chicago (assumed, because the sources give none); all times below \
             are its local times");
        has("Mon 09:00 to 12:00");
        has("2023-01-23T10:14:00-06:00 active");
        has("2023-01-23T09:00:00-06:00 2023-01-23T11:15:00-06:00 up, estimated 15.00 135.00 \
             135.00 2023-01-23T10:14:00-06:00");
        has("2023-01-23T11:15:00-06:00 2023-01-23T12:00:00-06:00 down, estimated 45.00 45.00 \
             45.00 2023-01-23T11:15:00-06:00");
        has("last day, h 3.00 2.25 0.75 0.00 0.00 3.00 83.88%");
        has("2023-01-23T11:15:00-06:00 to ongoing: 45.00 min down (least 0.00, most 106.00), 1 \
             inactive poll");
    }

    #[test]
    fn a_period_of_any_length_is_explained_in_full() {
        for period in ["2023-01-23", "2023-01"] {
            let text = explained("a", &format!("--as-of 2023-01-23T18:00:00Z --period {period}"));
            let text = text.unwrap();
            for part in [
                &format!("period     {period}, 2023-01-"),
                "in minutes within each window",
                "2023-01-23T10:14:00-06:00  active",
                "Outages of the period: 1",
            ] {
                assert!(text.contains(part), "{part}\n{text}");
            }
            assert!(!text.contains("last week"), "{text}");
        }
    }

    #[test]
    fn special_days_within_the_time_considered_are_listed() {
        let text = explained("a", "--as-of 2023-01-23T18:00:00Z").unwrap();
        let expected = "Special days, which replace the business hours of their dates\n  \
                        2023-01-20 Fri  closed\n  2023-01-21 Sat  10:00 to 14:00\n  \
                        rows for other dates: 1\n\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("  2023-01-21T10:00:00-06:00"), "{text}");
    }

    #[test]
    fn a_poll_that_does_not_count_is_marked() {
        let text = explained("a", "").unwrap();
        assert!(text.contains("inactive  does not count: taken while closed"), "{text}");
    }

    #[test]
    fn an_unknown_store_and_poll_count_are_refused() {
        let unknown = explained("b", "").unwrap_err();
        assert_eq!(
            unknown,
            "--store is \"b\", which no source file names; write the id as the files do"
        );
        let counted = explained("a", "--method poll_count").unwrap_err();
        assert!(counted.starts_with("--method poll_count only counts polls"), "{counted}");
    }

    fn explained(store: &str, options: &str) -> Result<String, String> {
        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let folder = TempDir::new().unwrap();
        let files = [("polls", POLLS), ("hours", HOURS), ("special days", SPECIAL_DAYS)];
        let paths = files.map(|(name, content)| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        });
        let options = options.split_whitespace().map(ToOwned::to_owned);
        let line = ["explain", "--store", store].map(ToOwned::to_owned).into_iter();
        let line = Line::try_parse_from(line.chain(options).chain(paths)).unwrap();
        explain(&line.arguments, NOW).map(|(text, _)| text).map_err(|error| error.to_string())
    }
}
