//! The whole work, from the three files to `report.csv`, on one thread.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use uptime::fleet::Fleet;
use uptime::output::{ReportFile, report_csv, report_files};
use uptime::report::ReportRow;
use uptime::segment::Segment;
use uptime::shard_data::ShardData;

use crate::data::{SAMPLE, add_by_shard, for_each_shard, ingest};

/// Makes a report from the source files. The rates are of stored polls and of bytes read.
#[divan::bench(sample_count = 20)]
fn report(bencher: Bencher) {
    let files = [&SAMPLE.files.polls, &SAMPLE.files.hours, &SAMPLE.files.zones];
    bencher
        .counter(ItemsCount::new(SAMPLE.poll_count))
        .counter(BytesCount::new(files.map(Vec::len).into_iter().sum::<usize>()))
        .bench_local(|| {
            let mut segments = for_each_shard();
            for file in files {
                add_by_shard(&mut segments, ingest(black_box(file)).take_segments());
            }
            report_csv(&SAMPLE.parameters, &rows_of(&segments))
        });
}

/// Computes the rows of all shards.
pub(crate) fn rows_of(shards: &[Vec<Segment>]) -> Vec<ReportRow> {
    shards.iter().flat_map(|segments| data_of(segments).report().rows).collect()
}

/// Makes all files of a report of all shards.
pub(crate) fn files_of(shards: &[Vec<Segment>]) -> Vec<ReportFile> {
    let mut fleet = Fleet::new(SAMPLE.parameters);
    for segments in shards {
        fleet.unite(data_of(segments).fleet());
    }
    report_files(fleet)
}

fn data_of(segments: &[Segment]) -> ShardData {
    let mut data = ShardData::new(SAMPLE.parameters);
    for segment in segments {
        data.add(&segment.bytes).unwrap();
    }
    data
}
