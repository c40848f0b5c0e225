//! The files that schedules load, and what loading them ends in when nothing goes wrong.

use std::collections::BTreeMap;

use end_to_end::engine::local_report;
use uptime::interval::SECOND;

use crate::clock::BEGIN;
use crate::models::dynamodb::{Key, Table};
use crate::models::s3::Buckets;

/// A file under `incoming/`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceFile {
    pub(crate) name: &'static str,
    text: &'static str,
    /// The instant of its newest poll, as its manifest tells it.
    pub(crate) last_poll: Option<&'static str>,
}

/// Older files first. The second file of hours replaces the first.
pub(crate) const FILES: [SourceFile; 5] = [
    SourceFile {
        name: "old_hours.csv",
        text: "store_id,dayOfWeek,start_time_local,end_time_local\n\
            1,2,00:00,24:00\n1,1,00:00,24:00\n2,2,10:00,11:00\n",
        last_poll: None,
    },
    SourceFile {
        name: "zones.csv",
        text: "store_id,timezone_str\n1,America/Denver\n2,Asia/Kolkata\n",
        last_poll: None,
    },
    SourceFile {
        name: "hours.csv",
        text: "store_id,dayOfWeek,start_time_local,end_time_local\n\
            1,2,09:00,17:00\n2,2,20:00,24:00\n2,1,10:00,20:00\n",
        last_poll: None,
    },
    SourceFile {
        name: "old_polls.csv",
        text: "store_id,timestamp_utc,status\n1,2023-01-24 17:10:00 UTC,active\n\
            2,2023-01-24 09:00:00 UTC,inactive\n3,2023-01-24 09:00:00 UTC,active\n",
        last_poll: Some("2023-01-24T17:10:00Z"),
    },
    // One row is a duplicate, and one a reject.
    SourceFile {
        name: "polls.csv",
        text: "store_id,timestamp_utc,status\n1,2023-01-25 16:05:00 UTC,active\n\
            1,2023-01-25 17:05:00 UTC,inactive\n1,2023-01-25 17:05:00 UTC,inactive\n\
            1,2023-01-25 17:35:00 UTC,active\n2,2023-01-25 16:00:00 UTC,active\n\
            2,2023-01-25 17:00:00 UTC,actve\n2,2023-01-25 17:20:00 UTC,inactive\n\
            3,2023-01-25 15:00:00 UTC,active\n3,2023-01-25 16:00:00 UTC,active\n\
            3,2023-01-25 17:00:00 UTC,active\n3,2023-01-25 17:40:00 UTC,active\n",
        last_poll: Some("2023-01-25T17:40:00Z"),
    },
];

/// Puts all files, ten seconds apart, and returns their versions.
pub(crate) fn put_all(buckets: &mut Buckets) -> Vec<String> {
    let mut put_at = BEGIN - 1_000 * SECOND;
    let mut put = |file: &SourceFile| {
        put_at += 10 * SECOND;
        buckets.put(&format!("/data/incoming/{}", file.name), file.text.as_bytes(), put_at)
    };
    FILES.iter().map(&mut put).collect()
}

/// What loads end in that nothing disturbs.
#[derive(Debug, Clone)]
pub(crate) struct Undisturbed {
    pub(crate) data: Table,
    pub(crate) buckets: Buckets,
    /// The items that each file adds, by its place.
    pub(crate) items: Vec<Vec<Key>>,
    /// The report of everything, as of the newest poll, by method.
    pub(crate) csvs: BTreeMap<&'static str, Vec<u8>>,
}

/// The methods that reports are asked for with.
pub(crate) const METHODS: [&str; 2] = ["time_weighted", "poll_count"];

/// What the command line makes of the same files.
pub(crate) fn csvs() -> BTreeMap<&'static str, Vec<u8>> {
    let texts = FILES.map(|file| file.text);
    METHODS
        .map(|method| (method, local_report(&texts, &format!("--method {method}")).into_bytes()))
        .into()
}
