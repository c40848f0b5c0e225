//! Reporting: from stored data to rows, and from rows to `report.csv`.

use std::collections::{BTreeMap, HashMap};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use uptime::business_hours::open_intervals;
use uptime::gzip;
use uptime::interval::SECOND;
use uptime::output::{FileName, report_csv};
use uptime::timeline::uptime_during;
use uptime::zone_clock::ZoneClock;
use uptime::{Poll, PollSet, Zone};

use crate::data::{SAMPLE, Store};
use crate::whole::{files_of, rows_of};

/// Looks up the clock changes of a zone, which a report does once per zone and shard.
#[divan::bench]
fn zone_clock() -> ZoneClock {
    ZoneClock::new(black_box(Zone::DEFAULT), SAMPLE.parameters.span())
}

/// Computes the open intervals of every store.
#[divan::bench(name = "open_intervals", sample_count = 50)]
fn intervals(bencher: Bencher) {
    let stores = stores_and_clocks();
    bencher.counter(ItemsCount::new(stores.len())).bench_local(|| {
        for (store, clock) in &stores {
            black_box(open_intervals(black_box(&store.opening_times), clock));
        }
    });
}

/// Computes the uptime of every store in the three windows from its polls and open intervals. The
/// time must grow with the sum of polls and intervals, not with their product: with ten times the
/// polls, the rate must not be lower.
#[divan::bench(args = [1, 10], sample_count = 20)]
fn sweep(bencher: Bencher, times_the_polls: usize) {
    let windows = SAMPLE.parameters.last_windows();
    let of_store = |(store, clock): (&Store, ZoneClock)| {
        let polls = store.polls.as_slice().iter();
        let with_others = |poll: &Poll| {
            let others = (0..).map(|seconds| poll.at().plus(-seconds * SECOND));
            others.map(|at| Poll::new(at, poll.status())).take(times_the_polls).collect::<Vec<_>>()
        };
        let open = open_intervals(&store.opening_times, &clock);
        (open, PollSet::new(polls.flat_map(with_others).collect()))
    };
    let stores: Vec<_> = stores_and_clocks().into_iter().map(of_store).collect();
    let poll_count: usize = stores.iter().map(|(_, polls)| polls.as_slice().len()).sum();
    bencher.counter(ItemsCount::new(poll_count)).bench_local(|| {
        for (open, polls) in &stores {
            black_box(uptime_during(black_box(open), polls.as_slice(), None, windows));
        }
    });
}

/// Does everything that a report computes from stored data: decodes and merges segments and
/// computes uptime.
#[divan::bench(sample_count = 20)]
fn rows_of_segments(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(SAMPLE.poll_count))
        .counter(BytesCount::new(SAMPLE.segment_bytes()))
        .bench_local(|| rows_of(black_box(&SAMPLE.segments)));
}

/// Does everything that all files of a report need, and writes them. The page is the largest.
#[divan::bench(sample_count = 20)]
fn files_of_segments(bencher: Bencher) {
    let bytes: usize = files_of(&SAMPLE.segments).iter().map(|file| file.bytes.len()).sum();
    bencher
        .counter(ItemsCount::new(SAMPLE.poll_count))
        .counter(BytesCount::new(bytes))
        .bench_local(|| files_of(black_box(&SAMPLE.segments)));
}

/// Packs the page as S3 stores it.
#[divan::bench(sample_count = 20)]
fn packed_page(bencher: Bencher) {
    let files = files_of(&SAMPLE.segments);
    let page = files.iter().find(|file| file.name == FileName::ReportHtml).map(|file| &file.bytes);
    let page = page.map_or(&[][..], |bytes| bytes);
    bencher.counter(BytesCount::new(page.len())).bench_local(|| gzip::pack(black_box(page)));
}

/// Sorts and writes the rows of the report.
#[divan::bench(sample_count = 50)]
fn csv(bencher: Bencher) {
    let rows = rows_of(&SAMPLE.segments);
    bencher
        .counter(ItemsCount::new(rows.len()))
        .counter(BytesCount::new(report_csv(&SAMPLE.parameters, &rows).len()))
        .bench_local(|| report_csv(&SAMPLE.parameters, black_box(&rows)));
}

fn stores_and_clocks() -> Vec<(&'static Store, ZoneClock)> {
    let mut clocks = HashMap::new();
    let clock_of = |store: &'static Store| {
        let zone = store.zone.unwrap_or(Zone::DEFAULT);
        let clock =
            clocks.entry(zone).or_insert_with(|| ZoneClock::new(zone, SAMPLE.parameters.span()));
        (store, clock.clone())
    };
    SAMPLE.stores.iter().flat_map(BTreeMap::values).map(clock_of).collect()
}
