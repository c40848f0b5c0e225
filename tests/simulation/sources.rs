//! The files that schedules load, and the results of loading them without faults.
//!
//! Two uploads of hours have one key and fall within a second. Two uploads of zones have different
//! keys. Judged by their version ids and keys alone, the older uploads would be the newer.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use end_to_end::report_files::Contents;
use uptime::Timestamp;
use uptime::interval::SECOND;
use uptime::output::report_csv;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Decoded, Source, decode};
use uptime::shard_data::ShardData;

use crate::clock::BEGIN;
use crate::models::dynamodb::{Key, Table};
use crate::models::expression::Item;
use crate::models::s3::Buckets;
use crate::report_files::Asked;

/// An upload under `incoming/`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceFile {
    pub(crate) name: &'static str,
    /// When it was put, in milliseconds of the minute before the schedule begins.
    put_at: i64,
    pub(crate) text: &'static str,
    /// The instant of its newest poll, as in its manifest.
    pub(crate) last_poll: Option<&'static str>,
}

/// Older files of a kind come first.
pub(crate) const FILES: [SourceFile; 6] = [
    SourceFile {
        name: "hours.csv",
        put_at: 10_100,
        text: "store_id,dayOfWeek,start_time_local,end_time_local\n\
            1,2,00:00,24:00\n1,1,00:00,24:00\n2,2,10:00,11:00\n",
        last_poll: None,
    },
    SourceFile {
        name: "zones_of_yesterday.csv",
        put_at: 20_300,
        text: "store_id,timezone_str\n1,Asia/Tokyo\n2,Asia/Tokyo\n",
        last_poll: None,
    },
    SourceFile {
        name: "zones.csv",
        put_at: 20_700,
        text: "store_id,timezone_str\n1,America/Denver\n2,Asia/Kolkata\n",
        last_poll: None,
    },
    SourceFile {
        name: "hours.csv",
        put_at: 10_250,
        text: "store_id,dayOfWeek,start_time_local,end_time_local\n\
            1,2,09:00,17:00\n2,2,20:00,24:00\n2,1,10:00,20:00\n",
        last_poll: None,
    },
    SourceFile {
        name: "old_polls.csv",
        put_at: 30_000,
        text: "store_id,timestamp_utc,status\n1,2023-01-24 17:10:00 UTC,active\n\
            2,2023-01-24 09:00:00 UTC,inactive\n3,2023-01-24 09:00:00 UTC,active\n",
        last_poll: Some("2023-01-24T17:10:00Z"),
    },
    // One row is a duplicate and one is rejected.
    SourceFile {
        name: "polls.csv",
        put_at: 40_000,
        text: "store_id,timestamp_utc,status\n1,2023-01-25 16:05:00 UTC,active\n\
            1,2023-01-25 17:05:00 UTC,inactive\n1,2023-01-25 17:05:00 UTC,inactive\n\
            1,2023-01-25 17:35:00 UTC,active\n2,2023-01-25 16:00:00 UTC,active\n\
            2,2023-01-25 17:00:00 UTC,actve\n2,2023-01-25 17:20:00 UTC,inactive\n\
            3,2023-01-25 15:00:00 UTC,active\n3,2023-01-25 16:00:00 UTC,active\n\
            3,2023-01-25 17:00:00 UTC,active\n3,2023-01-25 17:40:00 UTC,active\n",
        last_poll: Some("2023-01-25T17:40:00Z"),
    },
];

impl SourceFile {
    /// When it was put, in microseconds. S3 gives seconds, and its event milliseconds.
    pub(crate) fn put_at(&self) -> i64 {
        BEGIN - 60 * SECOND + self.put_at * 1_000
    }
}

/// Puts all files. Returns their versions.
pub(crate) fn put_all(buckets: &mut Buckets) -> Vec<String> {
    let mut put = |file: &SourceFile| {
        buckets.put(&format!("/data/incoming/{}", file.name), file.text.as_bytes(), file.put_at())
    };
    FILES.iter().map(&mut put).collect()
}

/// The items that a load of a file adds. They depend on whether the load knows the file's event.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The file's place in [`FILES`].
    pub(crate) place: usize,
    /// The source of hours or zones. `None` for polls, which come from no single file.
    pub(crate) source: Option<Source>,
    pub(crate) keys: Vec<Key>,
}

impl Reading {
    /// The items of a table that were not there before.
    pub(crate) fn added(place: usize, before: &Table, after: &Table) -> Reading {
        let is_new = |key: &&Key| key.1.contains('#') && !before.items.contains_key(*key);
        let keys: Vec<Key> = after.items.keys().filter(is_new).cloned().collect();
        let source = keys.iter().find_map(|key| match decode(&segment(&after.items[key])?) {
            Ok(Decoded::Replacing(source, _)) => Some(source),
            _ => None,
        });
        Reading { place, source, keys }
    }

    /// Whether all its items are stored.
    pub(crate) fn is_in(&self, data: &Table) -> bool {
        self.keys.iter().all(|key| data.items.contains_key(key))
    }

    /// Whether the other reading makes this one obsolete. All files of a kind name the same stores.
    pub(crate) fn is_replaced_by(&self, other: &Reading) -> bool {
        let kind = |reading: &Reading| FILES[reading.place].text.lines().next();
        self.source.is_some() && kind(self) == kind(other) && self.source < other.source
    }
}

fn segment(item: &Item) -> Option<Vec<u8>> {
    base64::decode(item.get("segment")?["B"].as_str()?).ok()
}

/// The instant of the newest poll of all files.
pub(crate) fn newest_poll() -> Timestamp {
    let newest = FILES.iter().filter_map(|file| file.last_poll).max().unwrap();
    Timestamp::from_rfc3339(newest).unwrap()
}

/// `report.csv` on the stored data, as of the newest poll of all files.
pub(crate) fn report(data: &Table, method: Method) -> Vec<u8> {
    let parameters = ReportParameters { as_of: newest_poll(), method };
    let mut shards = BTreeMap::new();
    for ((partition, _), item) in &data.items {
        if let Some(bytes) = segment(item) {
            let new = || ShardData::new(parameters);
            shards.entry(partition).or_insert_with(new).add(&bytes).unwrap();
        }
    }
    let rows: Vec<_> = shards.into_values().flat_map(|shard| shard.report().rows).collect();
    report_csv(&parameters, &rows)
}

/// The results of loads without faults.
#[derive(Debug, Clone)]
pub(crate) struct Undisturbed {
    pub(crate) data: Table,
    pub(crate) buckets: Buckets,
    /// The items that each file adds, by its place, when it is loaded by its event.
    pub(crate) announced: Vec<Reading>,
    /// The items that each file adds when it is loaded directly and none of its events is known.
    pub(crate) direct: Vec<Reading>,
    /// The files of the report on all sources, as of the newest poll, for all that callers ask.
    pub(crate) files: Vec<(Asked, Contents)>,
}

impl Undisturbed {
    /// The files of a report with these parameters.
    pub(crate) fn files_of(&self, method: &str, period: Option<&str>) -> &Contents {
        let is_asked = |asked: &Asked| asked.method == method && asked.period == period;
        let mut found = self.files.iter().filter(|(asked, _)| is_asked(asked));
        found.next().map(|(_, files)| files).expect("no caller asks for it")
    }

    /// Everything that loads may store.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &Reading> {
        self.announced.iter().chain(&self.direct)
    }

    /// Whether a reading is stored, or another one that replaces it.
    pub(crate) fn is_kept(&self, reading: &Reading, data: &Table) -> bool {
        let replaces = |other: &&Reading| reading.is_replaced_by(other);
        reading.is_in(data) || self.readings().filter(replaces).any(|other| other.is_in(data))
    }
}
