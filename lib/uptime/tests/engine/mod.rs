//! Computes the files of a report from source files in memory.

use std::collections::BTreeMap;

use uptime::fleet::Fleet;
use uptime::ingest::{Ingest, IngestSettings};
use uptime::output::{ReportFile, report_files};
use uptime::parameters::ReportParameters;
use uptime::segment::{Segment, Source};
use uptime::shard_data::ShardData;
use uptime::{Shard, Timestamp};

/// Loads source files. They count as uploaded in the order of their names.
pub(crate) fn load(sources: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    for (upload, (name, bytes)) in (0..).zip(sources) {
        let source = Source::new(Timestamp::from_micros(upload), name, "");
        let latest_poll =
            Timestamp::from_rfc3339("2100-01-01T00:00:00Z").map_err(fault_in(name))?;
        let mut ingest = Ingest::new(IngestSettings {
            latest_poll,
            batch_bytes: 1 << 20,
            gzip_ratio_limit: 100,
        });
        ingest.feed(bytes).map_err(fault_in(name))?;
        ingest.finish(&source).map_err(fault_in(name))?;
        let rejects = ingest.take_rejects();
        if !rejects.is_empty() {
            return Err(format!("{name}: rejects\n{}", String::from_utf8_lossy(&rejects)));
        }
        segments.extend(ingest.take_segments());
    }
    Ok(segments)
}

fn fault_in<E: std::fmt::Display>(name: &str) -> impl Fn(E) -> String {
    move |error| format!("{name}: {error}")
}

/// Returns all files of the report of all segments.
pub(crate) fn files(
    segments: &[Segment],
    parameters: ReportParameters,
) -> Result<Vec<ReportFile>, String> {
    let mut fleet = Fleet::new(parameters);
    for shard in Shard::all() {
        fleet.unite(data_of(shard, segments, parameters)?.fleet());
    }
    Ok(report_files(fleet))
}

/// Merges the segments of one shard.
pub(crate) fn data_of(
    shard: Shard,
    segments: &[Segment],
    parameters: ReportParameters,
) -> Result<ShardData, String> {
    let mut data = ShardData::new(parameters);
    for segment in segments.iter().filter(|segment| segment.shard == shard) {
        data.add(&segment.bytes).map_err(|error| error.to_string())?;
    }
    Ok(data)
}
