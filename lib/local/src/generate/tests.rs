#![expect(clippy::cast_precision_loss, reason = "shares of some thousand rows")]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use clap::Parser;
use uptime::Status;
use uptime::ingest::{Ingest, IngestSettings, Limits};
use uptime::interval::HOUR;
use uptime::segment::Source;

use super::sample::StoreIndex;
use super::stores::Store;
use super::*;

#[test]
fn equal_arguments_give_equal_bytes() {
    let first = files_of("--stores 40 --days 3 --seed 5");
    assert_eq!(first, files_of("--stores 40 --days 3 --seed 5"));
    assert_ne!(first, files_of("--stores 40 --days 3 --seed 6"));
}

#[test]
fn the_committed_sample_is_what_the_command_makes() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let options = "--stores 300 --days 8 --seed 7 --special-days";
    let files = files_of(options);
    assert_eq!(files.len(), 4);
    for (name, bytes) in files {
        let same = fs::read(committed.join(name)).unwrap() == bytes;
        assert!(same, "data/{name}: make it again with generate {options}");
    }
}

#[test]
fn the_sample_of_the_page_is_the_committed_one() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let folder = tempfile::tempdir().unwrap();
    for path in write_sample(folder.path()).unwrap() {
        let same = fs::read(committed.join(path.file_name().unwrap())).unwrap();
        assert!(fs::read(&path).unwrap() == same, "{}", path.display());
    }
}

#[test]
fn special_days_are_a_further_file_and_change_no_other() {
    let mut with = files_of("--stores 40 --days 3 --seed 5 --special-days");
    let special_days = with.remove(SPECIAL_DAYS).unwrap();
    assert_eq!(with, files_of("--stores 40 --days 3 --seed 5"));
    assert!(special_days.len() > 100);
}

#[test]
fn about_one_store_in_ten_has_special_days_and_all_of_them_can_be_loaded() {
    for end in ["2023-01-25T18:13:22Z", "2000-01-10T00:00:00Z", "2099-12-31T12:00:00Z"] {
        let options = format!("--stores 600 --days 8 --seed 3 --special-days --end {end}");
        let sample = make(&parse(&options).unwrap()).unwrap();
        let rows = sample.special_days.as_ref().unwrap();
        let stores: HashSet<StoreIndex> = rows.iter().map(|(store, _)| *store).collect();
        check_share("with special days", stores.len() as f64 / STORES, 0.10, 0.04);
        let closed = rows.iter().filter(|(_, row)| row.times.is_none()).count() as f64;
        check_share("closed", closed / rows.len() as f64, 0.55, 0.12);

        let folder = tempfile::tempdir().unwrap();
        files::write_all(&sample, folder.path()).unwrap();
        let file = fs::read(folder.path().join(SPECIAL_DAYS)).unwrap();
        let limits = Limits::default();
        let mut ingest = Ingest::new(IngestSettings {
            latest_poll: Timestamp::from_micros(0),
            batch_bytes: limits.batch_bytes(),
            gzip_ratio_limit: limits.gzip_ratio_limit,
        });
        ingest.feed(&file).unwrap();
        ingest.finish(&Source::new(Timestamp::from_micros(0), "", "")).unwrap();
        assert_eq!(ingest.counts().loaded, rows.len() as u64);
    }
}

#[test]
fn a_store_has_a_special_day_on_the_day_on_which_it_was_active_least() {
    let mut sample = sample();
    sample.special_days = None;
    sample.add_special_days(&mut Random::new(1));
    let rows = sample.special_days.unwrap();
    let (store, row) = rows.iter().find(|(_, row)| row.times.is_none()).unwrap();
    let offset = sample.stores[*store as usize].utc_offset_hours() * HOUR;
    let mut active = BTreeMap::<i64, usize>::new();
    for (_, poll) in sample.polls.iter().filter(|(of, _)| of == store) {
        let day = active.entry((poll.at().micros() + offset).div_euclid(DAY)).or_default();
        *day += usize::from(poll.status() == Status::Active);
    }
    let found = active[&row.date.local_date().days_since_1970()];
    let days = active.len();
    let least = active.into_values().skip(1).take(days - 2).min();
    assert_eq!(Some(found), least);
}

#[test]
fn files_look_like_the_real_ones() {
    let files = files_of("--stores 40 --days 3 --seed 5 --special-days");
    check_lines(
        &files[STORE_STATUS],
        "store_id,status,timestamp_utc",
        "8665650352550722373,inactive,2023-01-23 09:17:09.369141 UTC",
    );
    check_lines(
        &files[BUSINESS_HOURS],
        "store_id,day,start_time_local,end_time_local",
        "3868512655354914711,3,10:00:00,22:00:00",
    );
    check_lines(
        &files[TIMEZONES],
        "store_id,timezone_str",
        "e352bf1d-efb0-44b7-b4fc-aa655ecd4166,America/New_York",
    );
    check_lines(
        &files[SPECIAL_DAYS],
        "store_id,date,start_time_local,end_time_local,note",
        "a862965b-b528-4681-affe-8f51bab46554,2023-01-24,11:00:00,15:00:00,Short day",
    );
}

#[test]
fn stores_are_as_varied_as_the_real_ones() {
    let sample = sample();
    let stores = |test: fn(&Store) -> bool| {
        sample.stores.iter().filter(|&store| test(store)).count() as f64 / STORES
    };
    check_share("with a uuid", stores(|store| store.id.len() == 36), 0.50, 0.06);
    check_share("with 18 or 19 digits", stores(|store| store.id.len() < 20), 0.50, 0.06);
    check_share("without hours", stores(|store| store.hours.is_empty()), 0.18, 0.05);
    check_share("without zone", stores(|store| store.zone.is_none()), 0.04, 0.03);
    let few_days = |store: &Store| (1..7).contains(&days(store).len());
    check_share("with fewer days", stores(few_days), 0.13, 0.06);
    let odd = ["Asia/Beirut", "Pacific/Honolulu", "America/Phoenix"];
    for name in odd {
        assert!(sample.zones.iter().any(|&(_, zone)| zone == name), "{name}");
    }
}

#[test]
fn hours_are_as_varied_as_the_real_ones() {
    let sample = sample();
    let rows = sample.hours.len() as f64;
    let ends_at = |end| sample.hours.iter().filter(|(_, shift)| shift.end == end).count() as f64;
    let (minute, second) = (ends_at(86_340), ends_at(86_399));
    check_share("rows that end the day", (minute + second) / rows, 0.33, 0.06);
    check_share("of them those in 23:59:00", minute / (minute + second), 0.50, 0.05);

    let mut store_days = BTreeMap::new();
    for (store, shift) in &sample.hours {
        *store_days.entry((store, shift.day)).or_insert(0) += 1;
    }
    let split = store_days.values().filter(|&&shifts| shifts > 1).count() as f64;
    check_share("split store-days", split / store_days.len() as f64, 0.16, 0.05);
    assert!(sample.hours.iter().all(|(_, shift)| shift.start < shift.end));
}

#[test]
fn polls_are_as_irregular_as_the_real_ones() {
    let sample = sample();
    check_share("polls a store", sample.polls.len() as f64 / STORES, 130.0, 10.0);
    let mut of_stores: BTreeMap<StoreIndex, Vec<_>> = BTreeMap::new();
    for &(store, poll) in &sample.polls {
        assert!(sample.polled.contains(&poll.at()));
        of_stores.entry(store).or_default().push(poll);
    }
    let sparse = of_stores.values().filter(|polls| polls.len() < 80).count() as f64;
    check_share("sparse stores", sparse / STORES, 0.21, 0.06);
    let doubled = of_stores.values().filter(|polls| polls.len() > 180).count() as f64;
    check_share("doubled stores", doubled / STORES, 0.12, 0.05);

    let rows = sample.polls.len() as f64;
    let distinct: HashSet<_> = sample.polls.iter().copied().collect();
    check_share("repeats", 1.0 - distinct.len() as f64 / rows, 0.002, 0.001);
    let instants: HashSet<_> = distinct.iter().map(|&(store, poll)| (store, poll.at())).collect();
    let conflicts = distinct.len() - instants.len();
    assert!((1..100).contains(&conflicts), "{conflicts} conflicts");
}

#[test]
fn the_whole_fleet_goes_unpolled_for_hours_now_and_then() {
    let sample = sample();
    let mut instants: Vec<i64> = sample.polls.iter().map(|(_, poll)| poll.at().micros()).collect();
    instants.sort_unstable();
    let gaps = instants.windows(2).filter(|pair| pair[1] - pair[0] > 2 * HOUR).count();
    assert!((3..=8).contains(&gaps), "{gaps} gaps");
}

#[test]
fn a_closed_store_is_mostly_inactive_and_an_open_one_mostly_active() {
    let sample = sample();
    let active_share = |open: bool| {
        let polls = sample.polls.iter().filter(|&&(store, poll)| {
            polls::is_open(&sample.stores[store as usize], poll.at()) == open
        });
        let statuses: Vec<Status> = polls.map(|(_, poll)| poll.status()).collect();
        let active = statuses.iter().filter(|&&status| status == Status::Active).count();
        active as f64 / statuses.len() as f64
    };
    check_share("active while closed", active_share(false), 0.11, 0.03);
    check_share("active while open", active_share(true), 0.93, 0.05);
}

#[test]
fn rows_are_shuffled() {
    let polls = sample().polls;
    let neighbours = polls.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
    assert!(neighbours < polls.len() / 100, "{neighbours}");
}

#[test]
fn arguments_out_of_range_are_refused_with_what_is_accepted() {
    check_refused("--stores 0 --days 8", "0 is not in 1..=10000000");
    check_refused("--stores 1 --days 0", "0 is not in 1..=3650");
    check_refused("--stores x --days 8", "invalid digit found in string");
    check_refused("--stores 1 --days 8 --end soon", "--end is \"soon\"; it must be an RFC 3339");
    check_refused("--stores 1 --days 8 --end 2000-01-08T00:00:00Z", "from 2000-01-01 to 9999");
}

#[test]
fn polls_end_at_the_requested_end() {
    let arguments = parse("--stores 5 --days 2 --seed 1 --end 2024-06-01T12:00:00Z").unwrap();
    let sample = make(&arguments).unwrap();
    assert_eq!(sample.polled.end(), &Timestamp::from_micros(1_717_243_200 * SECOND));
}

const STORES: f64 = 600.0;

fn sample() -> Sample {
    make(&parse("--stores 600 --days 8 --seed 3").unwrap()).unwrap()
}

fn days(store: &Store) -> HashSet<u32> {
    store.hours.iter().map(|shift| shift.day).collect()
}

fn files_of(options: &str) -> BTreeMap<&'static str, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let sample = make(&parse(options).unwrap()).unwrap();
    files::write_all(&sample, folder.path()).unwrap();
    let names = [STORE_STATUS, BUSINESS_HOURS, TIMEZONES, SPECIAL_DAYS];
    let read = |name| Some((name, fs::read(folder.path().join(name)).ok()?));
    names.into_iter().filter_map(read).collect()
}

fn parse(options: &str) -> Result<Arguments, clap::Error> {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }
    let words = ["generate", "--out", "unused"].into_iter().chain(options.split(' '));
    Line::try_parse_from(words).map(|line| line.arguments)
}

#[track_caller]
fn check_lines(file: &[u8], header: &str, second: &str) {
    let text = str::from_utf8(file).unwrap();
    assert_eq!(text.lines().take(2).collect::<Vec<_>>(), [header, second]);
    assert!(text.ends_with('\n') && !text.contains('\r'));
}

#[track_caller]
fn check_share(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
}

#[track_caller]
fn check_refused(options: &str, expected: &str) {
    let message = match parse(&format!("{options} --seed 1")) {
        Err(error) => error.to_string(),
        Ok(arguments) => make(&arguments).unwrap_err().to_string(),
    };
    assert!(message.contains(expected), "{message}");
}
