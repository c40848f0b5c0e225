//! Keys of the data table. [`attributes`] lists them.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use uptime::input::ReplacingKind;
use uptime::parameters::ReportParameters;
use uptime::segment::{Segment, SegmentKind, Source, UtcDay};
use uptime::{Shard, Timestamp};

use crate::{attributes, hash};

/// An item as the `DynamoDB` client reads and writes it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The key of an item of the data table. It contains no store id, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemKey {
    pk: String,
    sk: String,
}

/// A range of sort keys, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortKeys {
    pub(crate) first: String,
    pub(crate) last: String,
}

/// The character after `#`: `x$` sorts after every key that starts with `x#`, and is never a key.
const BEHIND: char = '$';

impl ItemKey {
    /// A segment's key is made from its content and, except for polls, from the source file.
    pub(crate) fn of_segment(segment: &Segment, source: &Source) -> ItemKey {
        let content_hash = hash::short_hash(&segment.bytes);
        let sk = match segment.kind {
            SegmentKind::Polls(day) => format!("polls#{day}#{content_hash}"),
            SegmentKind::Replacing(kind) => {
                let rows = rows_name(kind);
                let instant = instant(source.uploaded_at);
                let file_id = hash::short_hash_of(&[&source.key, &source.version]);
                format!("store#{rows}#{instant}#{file_id}#{content_hash}")
            }
        };
        ItemKey { pk: partition(segment.shard), sk }
    }

    /// Returns whether this can be the key of a segment with these bytes: the key ends with their
    /// hash.
    pub(crate) fn has_hash_of(&self, bytes: &[u8]) -> bool {
        self.sk.rsplit('#').next() == Some(&hash::short_hash(bytes))
    }

    /// Returns the checksum that is stored with a segment with this key and these bytes. A report
    /// checks it instead of the hash in the key; checking the hash took a tenth of a report's CPU
    /// time.
    pub(crate) fn checksum(&self, segment: &[u8]) -> AttributeValue {
        let mut crc = crc32fast::Hasher::new();
        for part in [self.pk.as_bytes(), self.sk.as_bytes(), segment] {
            crc.update(part);
        }
        AttributeValue::B(Blob::new(crc.finalize().to_be_bytes()))
    }

    /// The item that holds the newest poll's instant.
    pub(crate) fn newest_poll() -> ItemKey {
        ItemKey { pk: attributes::DATASET.to_owned(), sk: attributes::NEWEST_POLL.to_owned() }
    }

    /// The item that holds the first load of a file with this SHA-256.
    pub(crate) fn first_load(sha256: &str) -> ItemKey {
        let pk = format!("{}{sha256}", attributes::CONTENT);
        ItemKey { pk, sk: attributes::FIRST_LOAD.to_owned() }
    }

    /// Returns the partition key.
    pub(crate) fn partition(&self) -> &str {
        &self.pk
    }

    /// Reads the key of an item; `None` if the item has no key.
    pub(crate) fn of_item(item: &Item) -> Option<ItemKey> {
        let text = |name| item.get(name)?.as_s().ok().cloned();
        Some(ItemKey { pk: text(attributes::PK)?, sk: text(attributes::SK)? })
    }

    /// Returns an item that consists of this key only.
    pub(crate) fn to_item(&self) -> Item {
        HashMap::from([
            (attributes::PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (attributes::SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "pk {}, sk {}", self.pk, self.sk)
    }
}

impl SortKeys {
    /// The polls of every UTC day that a report with these parameters needs.
    pub(crate) fn of_polls(parameters: &ReportParameters) -> SortKeys {
        let needed = parameters.polls_needed();
        let (first, last) = (UtcDay::of(*needed.start()), UtcDay::of(*needed.end()));
        SortKeys { first: format!("polls#{first}#"), last: format!("polls#{last}{BEHIND}") }
    }

    /// All rows that replace those of older files.
    pub(crate) fn of_replacing() -> SortKeys {
        SortKeys { first: "store#".to_owned(), last: format!("store{BEHIND}") }
    }

    /// The rows of files of a kind uploaded no later than `source`.
    pub(crate) fn up_to(kind: ReplacingKind, source: &Source) -> SortKeys {
        let rows = rows_name(kind);
        let instant = instant(source.uploaded_at);
        SortKeys {
            first: format!("store#{rows}#"),
            last: format!("store#{rows}#{instant}{BEHIND}"),
        }
    }
}

/// The partition of a shard.
pub(crate) fn partition(shard: Shard) -> String {
    format!("{:02}", shard.index())
}

fn rows_name(kind: ReplacingKind) -> &'static str {
    match kind {
        ReplacingKind::Hours => "hours",
        ReplacingKind::Zones => "zones",
        ReplacingKind::SpecialDays => "special",
    }
}

/// A text that sorts like the instant: the largest has 19 digits. Negative instants do not occur,
/// because no upload is older than S3.
fn instant(at: Timestamp) -> String {
    format!("{:019}", at.micros().max(0))
}

#[cfg(test)]
mod tests {
    use uptime::interval::{DAY, HOUR};
    use uptime::parameters::Method;

    use super::*;

    const CONTENT_HASH: &str = "ba7816bf8f01cfea";
    const HOURS: SegmentKind = SegmentKind::Replacing(ReplacingKind::Hours);
    const ZONES: SegmentKind = SegmentKind::Replacing(ReplacingKind::Zones);
    const SPECIAL_DAYS: SegmentKind = SegmentKind::Replacing(ReplacingKind::SpecialDays);

    #[test]
    fn polls_are_found_by_shard_day_and_content() {
        let day = UtcDay::of(Timestamp::from_micros(19_381 * DAY + 5 * HOUR));
        check(SegmentKind::Polls(day), 0, &format!("pk 07, sk polls#2023-01-24#{CONTENT_HASH}"));
    }

    #[test]
    fn rows_that_replace_others_are_also_found_by_their_file() {
        let file_id = hash::short_hash_of(&["incoming/menu.csv", "v1"]);
        let named =
            |rows| format!("pk 07, sk store#{rows}#0000000000000000042#{file_id}#{CONTENT_HASH}");
        check(HOURS, 42, &named("hours"));
        check(ZONES, 42, &named("zones"));
        check(SPECIAL_DAYS, 42, &named("special"));
    }

    #[test]
    fn a_later_upload_sorts_later() {
        let texts = [-1, 0, 9, 10, 1_700_000_000_000_000, i64::MAX]
            .map(|micros| instant(Timestamp::from_micros(micros)));
        assert!(texts.is_sorted());
        assert!(texts.iter().all(|text| text.len() == 19));
    }

    #[test]
    fn a_report_reads_the_days_from_192_hours_before_to_its_instant() {
        let method = Method::PollCount;
        let as_of = Timestamp::from_micros(19_381 * DAY + 5 * HOUR);
        let keys = SortKeys::of_polls(&ReportParameters { as_of, method });

        assert_eq!((&*keys.first, &*keys.last), ("polls#2023-01-16#", "polls#2023-01-24$"));
        assert!(&*keys.first < "polls#2023-01-16#0000000000000000");
        assert!("polls#2023-01-24#ffffffffffffffff" < &*keys.last);
        assert!("polls#2023-01-25#0000000000000000" > &*keys.last);
    }

    #[test]
    fn a_report_about_a_period_reads_the_days_around_it_in_every_zone_up_to_its_instant() {
        let period = Some("2023-01-24".parse().unwrap());
        let method = Method::TimeWeighted { max_hold: None, period };
        let read = |as_of: &str| {
            let as_of = Timestamp::from_rfc3339(as_of).unwrap();
            let keys = SortKeys::of_polls(&ReportParameters { as_of, method });
            (keys.first, keys.last)
        };
        let days = |first: &str, last: &str| (format!("polls#{first}#"), format!("polls#{last}$"));
        // It begins at UTC+14, on the 23rd at 10:00 UTC, and ends at UTC-12, on the 25th at 12:00.
        assert_eq!(read("2023-02-01T00:00:00Z"), days("2023-01-22", "2023-01-26"));
        assert_eq!(read("2023-01-24T05:00:00Z"), days("2023-01-22", "2023-01-24"));
    }

    #[test]
    fn the_range_searched_holds_older_files_and_the_file_itself_but_no_newer_ones() {
        let keys = SortKeys::up_to(ReplacingKind::Hours, &source(42));
        let holds = |kind, micros| {
            let sk = ItemKey::of_segment(&segment(kind), &source(micros)).sk;
            keys.first <= sk && sk <= keys.last
        };

        assert!(holds(HOURS, 0) && holds(HOURS, 42));
        assert!(!holds(HOURS, 43) && !holds(ZONES, 0) && !holds(SPECIAL_DAYS, 0));
    }

    #[test]
    fn a_key_reads_back_from_its_item() {
        let key = ItemKey::first_load("abc");
        assert_eq!(ItemKey::of_item(&key.to_item()), Some(key));
        assert_eq!(ItemKey::of_item(&Item::new()), None);
    }

    #[track_caller]
    fn check(kind: SegmentKind, uploaded_at: i64, expected: &str) {
        let key = ItemKey::of_segment(&segment(kind), &source(uploaded_at));
        assert_eq!(key.to_string(), expected);
    }

    fn segment(kind: SegmentKind) -> Segment {
        let shard = Shard::all().nth(7).unwrap();
        Segment { shard, kind, bytes: b"abc".to_vec() }
    }

    fn source(micros: i64) -> Source {
        Source::new(Timestamp::from_micros(micros), "incoming/menu.csv", "v1")
    }
}
