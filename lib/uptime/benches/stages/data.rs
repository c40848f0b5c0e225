//! The sample that all stages work on. It is made in memory and is the same on every run.
//!
//! It has the size and the forms of real files, because both affect the speed of a stage. With a
//! tenth of the data, more of it would fit into the processor's caches.

mod files;
mod random;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use uptime::business_hours::OpeningTimes;
use uptime::ingest::{Ingest, IngestSettings};
use uptime::interval::HOUR;
use uptime::parameters::{Method, ReportParameters};
use uptime::segment::{Decoded, ReplacingRows, Segment, Source, decode};
use uptime::{PollSet, Shard, StoreId, Timestamp, Zone};

use files::{END, Files};

/// The data that every stage uses.
pub(crate) static SAMPLE: LazyLock<Sample> = LazyLock::new(Sample::new);

/// The three source files and everything made from them.
pub(crate) struct Sample {
    pub(crate) files: Files,
    /// The segments of all files, by shard.
    pub(crate) segments: Vec<Vec<Segment>>,
    /// The stores that the files name, by shard.
    pub(crate) stores: Vec<BTreeMap<StoreId, Store>>,
    pub(crate) poll_count: usize,
    pub(crate) parameters: ReportParameters,
}

/// The stored data of one store.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) polls: PollSet,
    pub(crate) opening_times: OpeningTimes,
    pub(crate) zone: Option<Zone>,
}

impl Sample {
    fn new() -> Sample {
        let files = Files::new();
        let mut segments = for_each_shard();
        let mut as_of = None;
        for file in [&files.polls, &files.hours, &files.zones] {
            let mut ingest = ingest(file);
            as_of = as_of.max(ingest.poll_span().map(|(_, newest)| newest));
            add_by_shard(&mut segments, ingest.take_segments());
        }
        let stores: Vec<_> = segments.iter().map(|of_shard| stores(of_shard)).collect();
        let all_stores = stores.iter().flat_map(BTreeMap::values);
        let poll_count = all_stores.map(|store| store.polls.as_slice().len()).sum();
        let method = Method::TIME_WEIGHTED;
        let parameters = ReportParameters { as_of: as_of.unwrap(), method };
        Sample { files, segments, stores, poll_count, parameters }
    }

    /// Returns the total size of all segments.
    pub(crate) fn segment_bytes(&self) -> usize {
        self.segments.iter().flatten().map(|segment| segment.bytes.len()).sum()
    }
}

/// Ingests a whole file, in the piece and batch sizes that `local report` used.
pub(crate) fn ingest(file: &[u8]) -> Ingest {
    const PIECE_BYTES: usize = 256 << 10;
    const BATCH_BYTES: usize = 12 << 20;
    let mut ingest = Ingest::new(IngestSettings {
        latest_poll: latest_poll(),
        batch_bytes: BATCH_BYTES,
        gzip_ratio_limit: 100,
    });
    for piece in file.chunks(PIECE_BYTES) {
        ingest.feed(piece).unwrap();
    }
    ingest.finish(&Source::new(END, "sample.csv", "")).unwrap();
    assert_eq!(ingest.counts().rejected, 0, "rejects take another path");
    ingest
}

/// No poll of the sample is later.
pub(crate) fn latest_poll() -> Timestamp {
    END.plus(HOUR)
}

/// Returns an empty list for each shard, in order.
pub(crate) fn for_each_shard<T>() -> Vec<Vec<T>> {
    Shard::all().map(|_| Vec::new()).collect()
}

/// Adds segments to the lists of their shards.
pub(crate) fn add_by_shard(shards: &mut [Vec<Segment>], segments: Vec<Segment>) {
    for segment in segments {
        shards[segment.shard.index()].push(segment);
    }
}

/// Merges the segments of a shard, store by store.
fn stores(segments: &[Segment]) -> BTreeMap<StoreId, Store> {
    let mut stores: BTreeMap<StoreId, Store> = BTreeMap::new();
    for segment in segments {
        match decode(&segment.bytes).unwrap() {
            Decoded::Polls(of_stores) => {
                for (id, polls) in of_stores {
                    let store = stores.entry(id).or_default();
                    let all = [store.polls.as_slice(), polls.as_slice()].concat();
                    store.polls = PollSet::new(all);
                }
            }
            Decoded::Replacing(_, of_stores) => {
                for (id, rows) in of_stores {
                    let store = stores.entry(id).or_default();
                    match rows {
                        ReplacingRows::Hours(hours) => store.opening_times.hours = hours,
                        ReplacingRows::Zone(zone) => store.zone = zone,
                        ReplacingRows::SpecialDays(days) => store.opening_times.special_days = days,
                    }
                }
            }
        }
    }
    stores
}
