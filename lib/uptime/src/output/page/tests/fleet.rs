//! A small fleet, and its page.

use std::fmt::Write as _;

use super::super::report_html;
use crate::fleet::{Fleet, MeasuredReport, Stores};
use crate::ingest::{Ingest, IngestSettings};
use crate::interval::{HOUR, MINUTE};
use crate::parameters::{Method, ReportParameters};
use crate::period::Period;
use crate::segment::Source;
use crate::shard_data::ShardData;
use crate::timeline::MaxHold;
use crate::{Shard, Timestamp};

/// The source files of a fleet. Its reports are about the week to `Sample::AS_OF`, or about a period.
#[derive(Clone)]
pub(super) struct Sample {
    polls: String,
    hours: String,
    zones: String,
    max_hold: Option<MaxHold>,
    period: Option<Period>,
}

impl Sample {
    /// Wednesday, 18:00 UTC.
    const AS_OF: &str = "2023-01-25T18:00:00Z";

    /// Begins without stores.
    pub(super) fn new() -> Sample {
        Sample {
            polls: "store_id,timestamp_utc,status\n".to_owned(),
            hours: "store_id,dayOfWeek,start_time_local,end_time_local\n".to_owned(),
            zones: "store_id,timezone_str\n".to_owned(),
            max_hold: None,
            period: None,
        }
    }

    /// Adds a poll a number of minutes before the end.
    pub(super) fn poll(mut self, store: &str, minutes_before: i64, status: &str) -> Sample {
        let at = as_of().plus(-minutes_before * MINUTE);
        writeln!(self.polls, "{},{at},{status}", quoted(store)).unwrap();
        self
    }

    /// Adds polls ten minutes before each full hour before the end, for the whole week. The store is
    /// down in `down_hours`, counted back from the end.
    pub(super) fn hourly(mut self, store: &str, down_hours: std::ops::Range<i64>) -> Sample {
        for hour in 0..170 {
            let status = if down_hours.contains(&hour) { "inactive" } else { "active" };
            self = self.poll(store, hour * 60 + 10, status);
        }
        self
    }

    /// Adds 30 stores that are always up. One of them is polled every other minute, except in the
    /// given hours, counted back from the end.
    pub(super) fn fleet_polled_except(mut self, silent: &[std::ops::Range<i64>]) -> Sample {
        for minutes_before in 0..170 * 60 {
            let hour = minutes_before / 60;
            if minutes_before % 2 == 0 && !silent.iter().any(|hours| hours.contains(&hour)) {
                let store = format!("store {}", minutes_before % 60 / 2);
                self = self.poll(&store, minutes_before, "active");
            }
        }
        self
    }

    /// Says that a store opens on Mondays only, at a local time when no poll is taken.
    pub(super) fn open_on_monday_morning(mut self, store: &str) -> Sample {
        writeln!(self.hours, "{},0,00:00,01:00", quoted(store)).unwrap();
        self
    }

    /// Sets the zone of a store.
    pub(super) fn zone(mut self, store: &str, zone: &str) -> Sample {
        writeln!(self.zones, "{},{zone}", quoted(store)).unwrap();
        self
    }

    /// Limits how long a poll speaks.
    pub(super) fn max_hold(mut self, minutes: u32) -> Sample {
        self.max_hold = MaxHold::from_minutes(minutes);
        self
    }

    /// Makes the report one about a period.
    pub(super) fn period(mut self, period: &str) -> Sample {
        self.period = Some(period.parse().unwrap());
        self
    }

    /// Returns the report.
    pub(super) fn report(&self) -> MeasuredReport {
        let mut segments = Vec::new();
        for (upload, content) in (0..).zip([&self.polls, &self.hours, &self.zones]) {
            let mut ingest = Ingest::new(IngestSettings {
                latest_poll: as_of().plus(HOUR),
                batch_bytes: 1 << 20,
                gzip_ratio_limit: 100,
            });
            ingest.feed(content.as_bytes()).unwrap();
            ingest.finish(&Source::new(Timestamp::from_micros(upload), "file", "")).unwrap();
            assert!(ingest.take_rejects().is_empty());
            segments.extend(ingest.take_segments());
        }
        let method = Method::TimeWeighted { max_hold: self.max_hold, period: self.period };
        let parameters = ReportParameters { as_of: as_of(), method };
        let mut fleet = Fleet::new(parameters);
        for shard in Shard::all() {
            let mut data = ShardData::new(parameters);
            for segment in segments.iter().filter(|segment| segment.shard == shard) {
                data.add(&segment.bytes).unwrap();
            }
            fleet.unite(data.fleet());
        }
        match fleet.stores {
            Stores::Measured { accounts, activity, heat_map } => {
                MeasuredReport::new(fleet.about, accounts, activity, heat_map)
            }
            Stores::Counted(_) => unreachable!("the method measures"),
        }
    }

    /// Returns the page.
    pub(super) fn page(&self) -> String {
        String::from_utf8(report_html(&self.report())).unwrap()
    }

    /// Returns the words of the page: a line for each block, `|` before each cell of a table.
    pub(super) fn words(&self) -> String {
        let page = self.page();
        let body = page.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
        let mut words = String::new();
        for piece in body.split('<') {
            let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            match name {
                "td" | "th" => words.push('|'),
                "br" => words.push(' '),
                "p" | "h1" | "h2" | "div" | "li" | "tr" | "summary" | "section" | "svg" => {
                    words.push('\n');
                }
                _ => {}
            }
            words.push_str(text.trim_end_matches('\n'));
        }
        words
    }
}

fn as_of() -> Timestamp {
    Timestamp::from_rfc3339(Sample::AS_OF).unwrap()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
