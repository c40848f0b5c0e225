//! The upload that hours and zones came from, and the order of uploads.

use std::cmp::Ordering;

use crate::Timestamp;
use crate::interval::SECOND;

/// The upload that a row of hours or zones came from. The newer upload is greater.
///
/// S3 shows the upload time in whole seconds. Within a second, these fields decide, in this order:
/// `rank`, the event's time, `key`, the event's sequencer, `version`. An unknown value counts as
/// the oldest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// When the object was uploaded, according to S3.
    pub uploaded_at: Timestamp,
    /// How many earlier versions of the key have the same upload time. 0 if the bucket keeps no
    /// versions.
    pub rank: u32,
    /// S3's event about the upload, or `None` if it is not known.
    pub event: Option<UploadEvent>,
    /// The key of the object.
    pub key: String,
    /// The version id of the object, or its `ETag`.
    pub version: String,
}

/// What S3's event says about an upload. For one key and second, the later upload is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadEvent {
    /// When the upload was completed. Always within the second of the upload time.
    pub time: Timestamp,
    /// The order among the uploads of one key.
    pub sequencer: Sequencer,
}

/// A hexadecimal number that increases with each upload of a key. The default stands for an unknown
/// one and is less than any other.
///
/// S3's user guide ("Event message structure") pads the shorter of two sequencers with zeros at the
/// right before comparing them. Here zeros at the right are removed, which gives the same order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequencer(String);

impl Source {
    /// Returns an upload of which only the upload time, key and version are known.
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
    /// Returns the event of an upload at `uploaded_at`. A time outside that second is moved to the
    /// start or end of the second. This happens because S3 dates a multipart upload by its start,
    /// and because clocks differ.
    pub fn new(uploaded_at: Timestamp, time: Timestamp, sequencer: Sequencer) -> UploadEvent {
        let last = UploadEvent::last_of_second(uploaded_at).time;
        UploadEvent { time: time.clamp(uploaded_at, last), sequencer }
    }

    /// Returns an event for an upload whose event is unknown but which is known to be the last of
    /// its second.
    pub fn last_of_second(uploaded_at: Timestamp) -> UploadEvent {
        let time = uploaded_at.plus(SECOND - 1);
        UploadEvent { time, sequencer: Sequencer::default() }
    }
}

impl Sequencer {
    /// Far more digits than S3's sequencers have, which is about 18.
    const MAX_DIGITS: usize = 128;

    /// Reads the sequencer of an event. Returns `None` if it is not a hexadecimal number.
    pub fn new(text: &str) -> Option<Sequencer> {
        let is_one =
            text.len() <= Self::MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Sequencer(text.trim_end_matches('0').to_ascii_uppercase()))
    }

    /// Returns the digits without zeros at the right.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn uploads_of_one_second_are_ordered_by_rank_event_key_and_version() {
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
    fn the_last_upload_of_a_second_is_newer_than_the_others_and_older_than_the_next_second() {
        let last = UploadEvent::last_of_second(source("1 0 - a 0 v").uploaded_at);
        let last = Source { event: Some(last), ..source("1 0 - a 0 v") };
        assert!(source("1 0 999 z 9 w") < last);
        assert!(last < source("2 0 - a 0 v"));
    }

    #[test]
    fn the_time_of_an_event_is_moved_into_the_second_of_its_upload() {
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
        fn sequencers_compare_as_if_padded_with_zeros_at_the_right(
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
