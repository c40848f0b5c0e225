//! Which upload hours and zones are from, and which of two uploads is the newer.

use std::cmp::Ordering;

use crate::Timestamp;
use crate::interval::SECOND;

/// Which upload a row of hours or zones came from. Ordered: the newer is greater.
///
/// S3 dates an upload to the second. Within a second these decide, one after the other: `rank`, the
/// event's time, `key`, the event's sequencer, `version`. What is not known counts as the oldest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// When the object was uploaded, as S3 dates it.
    pub uploaded_at: Timestamp,
    /// How many earlier versions of its key S3 dates alike. 0 where no versions are kept.
    pub rank: u32,
    /// What is known of the upload from S3's event; `None` if no event is known.
    pub event: Option<UploadEvent>,
    /// The object's key.
    pub key: String,
    /// Its version id, or its `ETag`.
    pub version: String,
}

/// What S3's event says of the upload it announces. Ordered: for one key and second, the later
/// upload is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadEvent {
    /// When the upload was done. Lies in the second of the upload instant.
    pub time: Timestamp,
    /// Comparable among the uploads of one key.
    pub sequencer: Sequencer,
}

/// A number in hexadecimal digits that grows with each upload of a key. By default unknown, which
/// is less than any other.
///
/// S3's user guide ("Event message structure") compares two after the shorter one is filled up with
/// zeros at its right. Here the zeros at the right are left out, which gives the same order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequencer(String);

impl Source {
    /// An upload of which nothing is known but its instant, key and version.
    pub fn new(
        uploaded_at: Timestamp,
        key: impl Into<String>,
        version: impl Into<String>,
    ) -> Source {
        Source { uploaded_at, rank: 0, event: None, key: key.into(), version: version.into() }
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Source) -> Ordering {
        let order = |source: &Source| {
            let event_time = source.event.as_ref().map(|event| event.time);
            (source.uploaded_at, source.rank, event_time)
        };
        order(self)
            .cmp(&order(other))
            .then_with(|| self.key.cmp(&other.key))
            .then_with(|| self.event.cmp(&other.event))
            .then_with(|| self.version.cmp(&other.version))
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Source) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl UploadEvent {
    /// The event of an upload at `uploaded_at`. A time outside of that second is moved to its start
    /// or its end: S3 dates a multipart upload by its start, and clocks differ.
    pub fn new(uploaded_at: Timestamp, time: Timestamp, sequencer: Sequencer) -> UploadEvent {
        let last = UploadEvent::last_of_second(uploaded_at).time;
        UploadEvent { time: time.clamp(uploaded_at, last), sequencer }
    }

    /// Stands for the unknown event of an upload that is known to be the last of its second.
    pub fn last_of_second(uploaded_at: Timestamp) -> UploadEvent {
        let time = uploaded_at.plus(SECOND - 1);
        UploadEvent { time, sequencer: Sequencer::default() }
    }
}

impl Sequencer {
    /// Far more than S3's, which have about 18.
    const MAX_DIGITS: usize = 128;

    /// Reads a sequencer as an event gives it; `None` if it is not one.
    pub fn new(text: &str) -> Option<Sequencer> {
        let is_one =
            text.len() <= Self::MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Sequencer(text.trim_end_matches('0').to_ascii_uppercase()))
    }

    /// Its digits without zeros at the right.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_two_uploads_of_one_second_what_s3_says_decides_step_by_step() {
        let ordered = [
            // Second, rank, milliseconds of the event, key, sequencer, version.
            "1 0 - a 0 v9",
            "1 0 - b 0 v1",
            "1 0 100 b 0 v1",
            "1 0 101 a 2 v1",
            "1 0 101 a 3 v0",
            "1 0 101 b 1 v0",
            "1 0 101 b 1 v1",
            "1 1 - a 0 v0",
            "1 1 100 a 0 v0",
            "1 2 050 a 0 v0",
            "2 0 - a 0 v0",
        ];
        assert!(ordered.map(source).is_sorted_by(|older, newer| older < newer));
    }

    #[test]
    fn the_last_of_a_second_is_newer_than_every_event_of_it_and_older_than_a_later_second() {
        let last = UploadEvent::last_of_second(source("1 0 - a 0 v").uploaded_at);
        let last = Source { event: Some(last), ..source("1 0 - a 0 v") };
        assert!(source("1 0 999 z 9 w") < last);
        assert!(last < source("2 0 - a 0 v"));
    }

    #[test]
    fn the_time_of_an_event_is_held_to_the_second_of_its_upload() {
        let second = Timestamp::from_micros(7 * SECOND);
        let time =
            |micros| UploadEvent::new(second, second.plus(micros), Sequencer::default()).time;
        assert_eq!(time(605_000), second.plus(605_000));
        assert_eq!(time(-1), second);
        assert_eq!(time(40 * SECOND), second.plus(SECOND - 1));
    }

    #[test]
    fn a_sequencer_is_a_hexadecimal_number_and_nothing_else() {
        assert_eq!(Sequencer::new("0055aed6DCD90281E500").unwrap().as_str(), "0055AED6DCD90281E5");
        assert_eq!(Sequencer::new(""), Some(Sequencer::default()));
        for text in ["xyz", "12 ", "-1", "é", &"1".repeat(129)] {
            assert_eq!(Sequencer::new(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn sequencers_compare_as_if_filled_up_with_zeros_at_the_right(
            one in "[0-9A-F]{0,6}0{0,3}",
            other in "[0-9A-F]{0,6}0{0,3}",
        ) {
            let filled = |text: &str| format!("{text:0<9}");
            let sequencer = |text: &str| Sequencer::new(text).unwrap();
            prop_assert_eq!(
                sequencer(&one).cmp(&sequencer(&other)),
                filled(&one).cmp(&filled(&other))
            );
        }
    }

    fn source(text: &str) -> Source {
        let parts: Vec<&str> = text.split(' ').collect();
        let uploaded_at = Timestamp::from_micros(parts[0].parse::<i64>().unwrap() * SECOND);
        let event = parts[2].parse().ok().map(|millis: i64| {
            let sequencer = Sequencer::new(parts[4]).unwrap();
            UploadEvent::new(uploaded_at, uploaded_at.plus(millis * 1_000), sequencer)
        });
        let rank = parts[1].parse().unwrap();
        Source { rank, event, ..Source::new(uploaded_at, parts[3], parts[5]) }
    }
}
