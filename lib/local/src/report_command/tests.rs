use std::fs;
use std::io::Write as _;
use std::path::Path;

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use uptime::interval::SECOND;

use super::*;

mod large_files;
mod out_dir;

#[test]
fn the_worked_example_of_the_readme_comes_out() {
    let expected = "up 15.00 2.25 2.25, down 45.00 0.75 0.75";
    check_report(&[HOURS, ZONES, POLLS], AS_OF_NOON, expected);
}

#[test]
fn poll_count_counts_polls() {
    let options = format!("{AS_OF_NOON} --method poll_count");
    let expected = "up 0.00 1.00 1.00, down 60.00 1.00 1.00";
    check_report(&[HOURS, ZONES, POLLS], &options, expected);
}

#[test]
fn max_hold_leaves_time_further_from_a_poll_unknown() {
    let options = format!("{AS_OF_NOON} --max-hold-minutes 30");
    let expected = "up 0.00 1.00 1.00, down 30.00 0.50 0.50";
    check_report(&[HOURS, ZONES, POLLS], &options, expected);
}

#[test]
fn a_period_is_measured_in_place_of_the_last_hour_day_and_week() {
    // The Mondays before have no polls of their own.
    for (period, expected) in [
        ("2023-01-23", "up 2.25, down 0.75"),
        ("2023-W04", "up 2.25, down 0.75"),
        ("2023-01-16/2023-01-23", "up 5.25, down 0.75"),
        ("2023-01", "up 11.25, down 0.75"),
    ] {
        let options = format!("{AS_OF_NOON} --period {period}");
        check_report(&[HOURS, ZONES, POLLS], &options, expected);
    }
}

#[test]
fn the_order_of_different_files_changes_nothing() {
    let expected = "up 15.00 2.25 2.25, down 45.00 0.75 0.75";
    check_report(&[POLLS, ZONES, HOURS], AS_OF_NOON, expected);
    check_report(&[POLLS, HOURS, POLLS, ZONES], AS_OF_NOON, expected);
}

#[test]
fn of_several_files_of_hours_the_later_one_counts() {
    let shorter = "store_id,day,start_time_local,end_time_local\na,0,11:00:00,12:00:00\n";
    let expected = "up 0.00 0.00 0.00, down 60.00 1.00 1.00";
    check_report(&[HOURS, shorter, ZONES, POLLS], AS_OF_NOON, expected);
    let expected = "up 15.00 2.25 2.25, down 45.00 0.75 0.75";
    check_report(&[shorter, HOURS, ZONES, POLLS], AS_OF_NOON, expected);
}

#[test]
fn a_report_is_about_the_newest_poll_unless_said_otherwise() {
    // It is 11:15; the week begins at 11:15 of the Monday before, which has no polls of its own.
    check_report(&[HOURS, ZONES, POLLS], "", "up 60.00 2.25 3.00, down 0.00 0.00 0.00");
}

#[test]
fn rejected_rows_are_shown_with_their_lines_and_change_nothing_else() {
    let polls = with_good_polls(&format!("{POLLS}a,2023-01-23 17:20:00 UTC,open\n"), 20);
    let outcome = report(&[HOURS, ZONES, &polls], AS_OF_NOON).unwrap();
    let lines: Vec<&str> = outcome.notes.lines().skip(2).collect();
    assert!(
        lines[0].ends_with(": polls, 23 rows: 22 loaded, 0 duplicate, 1 rejected"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("  line 4, column status: status must be"), "{lines:?}");
    assert!(
        lines[2].starts_with("21 stores: 0 without polls, 20 without known hours"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(outcome.shortcomings, [] as [String; 0]);
}

#[test]
fn only_the_first_of_many_rejected_rows_are_shown_and_the_report_is_made_from_the_others() {
    let polls = format!("{POLLS}{}", "a,yesterday,active\n".repeat(8));
    let outcome = report(&[HOURS, ZONES, &polls], AS_OF_NOON).unwrap();
    assert!(outcome.notes.contains("\n  and 3 more\n"), "{}", outcome.notes);
    assert_eq!(outcome.figures, "up 15.00 2.25 2.25, down 45.00 0.75 0.75");
    assert_eq!(outcome.shortcomings, ["2: 8 of 10 rows were rejected; the limit is 10 %"]);
}

#[test]
fn the_stores_are_counted_as_the_service_counts_them() {
    // The hours of b and the zone of c are unknown; d has only closed days.
    let hours = format!("{HOURS}b,,,\nc,0,9:00,12:00\nd,0,,\n");
    let zones = format!("{ZONES}b,UTC\nc,\n");
    let outcome = report(&[&hours, &zones, POLLS], AS_OF_NOON).unwrap();
    let counts = "4 stores: 3 without polls, 1 without known hours (always open), 2 without a known \
                  time zone (America/Chicago)";
    assert_eq!(outcome.notes.lines().last(), Some(counts), "{}", outcome.notes);
}

#[test]
fn one_store_and_one_row_are_not_plural() {
    let outcome = report(&[ZONES, POLLS], AS_OF_NOON).unwrap();
    let lines: Vec<&str> = outcome.notes.lines().collect();
    assert!(
        lines[0].ends_with("time_zones, 1 row: 1 loaded, 0 duplicate, 0 rejected"),
        "{lines:?}"
    );
    assert!(lines[1].contains(": polls, 2 rows: 2 loaded"), "{lines:?}");
    assert!(lines[2].starts_with("1 store: 0 without polls"), "{lines:?}");
}

#[test]
fn warnings_are_below_the_counts_of_their_file() {
    let zones = format!("{ZONES}1.48E+18,UTC\nb,Nowhere\nc,Nowhere\na,Nowhere\n");
    let outcome = report(&[HOURS, &zones, POLLS], AS_OF_NOON).unwrap();
    let lines: Vec<&str> = outcome.notes.lines().collect();
    assert!(lines[1].ends_with("5 rows: 2 loaded, 0 duplicate, 3 rejected"), "{lines:?}");
    assert!(
        lines[5].starts_with("  warning: 2 stores are named in rejected rows only"),
        "{lines:?}"
    );
    assert!(lines[6].starts_with("  warning: 1 store id looks like a number"), "{lines:?}");
    assert!(lines[7].contains(": polls, "), "{lines:?}");
}

#[test]
fn a_file_of_hours_that_counts_days_from_1_ends_the_command() {
    let hours = format!("{HOURS}a,7,9:00,12:00\n").replace("a,0,", "a,1,");
    check_error(&[&hours, ZONES, POLLS], AS_OF_NOON, "0 is refused");
}

#[test]
fn a_damaged_gzip_file_counts_as_far_as_it_can_be_read() {
    let polls = with_good_polls(POLLS, 2_000);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(polls.as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();

    let folder = files(&[HOURS, ZONES]);
    fs::write(folder.path().join("2"), &whole).unwrap();
    assert_eq!(report_of(&folder, 3, AS_OF_NOON).unwrap().shortcomings, [] as [String; 0]);
    fs::write(folder.path().join("2"), &whole[..whole.len() - 100]).unwrap();
    let outcome = report_of(&folder, 3, AS_OF_NOON).unwrap();
    assert_eq!(outcome.shortcomings.len(), 1, "{:?}", outcome.shortcomings);
    assert!(outcome.figures.starts_with("up"), "{}", outcome.figures);
}

#[test]
fn without_an_accepted_poll_there_is_no_report() {
    let expected = "there is nothing to report on: no poll was accepted from any file";
    check_error(&[HOURS, ZONES], "", expected);
    check_error(&[HOURS, ZONES], AS_OF_NOON, expected);
    check_error(&["store_id,status,timestamp_utc\na,active,never\n"], "", expected);
}

#[test]
fn without_an_accepted_poll_the_errors_of_the_files_are_shown() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&b"\n".repeat(16 << 20)).unwrap();
    gzip.write_all(POLLS.as_bytes()).unwrap();
    let folder = files(&[]);
    fs::write(folder.path().join("0"), gzip.finish().unwrap()).unwrap();

    let error = report_of(&folder, 1, "").unwrap_err();

    assert!(
        error.ends_with("/0: the gzip file unpacks to more than 200 times its size"),
        "{error}"
    );
    check_error(
        &["store_id,status,timestamp_utc\na,active,never\n"],
        "",
        "1 of 1 rows were rejected; the limit is 10 %",
    );
}

#[test]
fn a_file_refused_whole_ends_the_command() {
    check_error(&[POLLS, "name,age\nx,3\n"], "", "1 is refused");
}

#[test]
fn a_missing_file_is_named() {
    let folder = files(&[POLLS]);
    let error = report_of(&folder, 2, "").unwrap_err();
    assert_eq!(error, format!("cannot read {}", folder.path().join("1").display()));
}

#[test]
fn arguments_are_refused_with_what_is_accepted() {
    let max_hold = "--max-hold-minutes";
    check_error(
        &[POLLS],
        "--method poll_count --max-hold-minutes 60",
        "--max-hold-minutes cannot be used with --method poll_count; leave one of them out",
    );
    for minutes in ["0", "11521"] {
        let accepted = "it must be a whole number from 1 to 11520";
        let expected = format!("{max_hold} is {minutes}; {accepted}");
        check_error(&[POLLS], &format!("{max_hold} {minutes}"), &expected);
    }
    for as_of in ["noon", "1999-12-31T23:59:59Z", "2023-02-02T00:00:01Z", "2023-01-23T18:00:00"] {
        let expected = format!(
            "--as-of is {as_of:?}; it must be an RFC 3339 instant from 2000-01-01T00:00:00Z to 24 \
             hours from now"
        );
        check_error(&[POLLS], &format!("--as-of {as_of}"), &expected);
    }
    check_error(
        &[POLLS],
        "--method poll_count --period 2023-01",
        "--period cannot be used with --method poll_count; leave one of them out",
    );
    for (period, fault) in [
        ("yesterday", "is not a day, an ISO week, a month or a range of dates"),
        ("2023-13", "names a date that is not in the calendar"),
        ("2023-01-01/2023-12-31", "has 365 days; at most 92 are accepted"),
    ] {
        let expected = format!(
            "--period {period:?} {fault}; it must be a day (2026-10-24), an ISO week (2026-W43), a \
             month (2026-10) or a range of at most 92 days with both dates (2026-10-01/2026-10-15), \
             from 2000 to 2099"
        );
        check_error(&[POLLS], &format!("--period {period}"), &expected);
    }
    check_error(
        &[POLLS],
        "--period 2023-02",
        "--period 2023-02 has not begun anywhere at 2023-01-23T17:15:00Z, the instant that the report \
         is about; choose an earlier period, or a later instant with --as-of",
    );
    check_error(&[POLLS], "--method both", "[possible values: time_weighted, poll_count]");
    check_error(&[], "", "<FILE>...");
}

#[test]
fn the_ends_of_the_range_of_as_of_are_accepted() {
    for as_of in ["2000-01-01T00:00:00Z", "2023-02-02T00:00:00Z", "2023-02-02T05:30:00+05:30"] {
        report(&[POLLS], &format!("--as-of {as_of}")).unwrap();
    }
}

#[test]
fn a_report_replaces_its_file_and_leaves_no_other() {
    let folder = files(&["old"]);
    destination::write(Some(&folder.path().join("0")), b"new").unwrap();
    assert_eq!(names_and_contents(folder.path()), ["0: new"]);
}

#[test]
fn a_report_that_cannot_be_written_leaves_nothing() {
    let folder = files(&["old"]);
    let unwritable = folder.path().join("no such folder/report.csv");
    let error = destination::write(Some(&unwritable), b"new").unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write {}", unwritable.display()));
    destination::write(Some(folder.path()), b"new").unwrap_err();
    assert_eq!(names_and_contents(folder.path()), ["0: old"]);
}

#[test]
fn a_report_never_replaces_a_source_by_whatever_path_it_is_named() {
    let folder = files(&[HOURS, POLLS]);
    let source = folder.path().join("1");
    std::os::unix::fs::symlink("1", folder.path().join("symlink")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("folder")).unwrap();
    fs::hard_link(&source, folder.path().join("hard-link")).unwrap();
    let before = names_and_contents(folder.path());
    for name in ["1", "./1", "folder/1", "symlink", "hard-link"] {
        let out = folder.path().join(name);
        let arguments = arguments(&folder, 2, &format!("--out {}", out.display())).unwrap();

        let refused = run(&arguments).unwrap_err().to_string();

        let expected = format!(
            "the report would be written to {out:?}, which is the source {source:?}; it must not \
             replace a source file"
        );
        assert_eq!(refused, expected);
        assert_eq!(names_and_contents(folder.path()), before, "{name}");
    }
}

#[test]
fn a_report_may_replace_a_file_of_the_same_content_as_a_source() {
    let folder = files(&[HOURS, POLLS, POLLS]);
    let out = folder.path().join("2");
    run(&arguments(&folder, 2, &format!("--out {}", out.display())).unwrap()).unwrap();
    assert!(fs::read_to_string(out).unwrap().starts_with("store_id,uptime_last_hour_minutes,"));
}

const HOURS: &str = "store_id,day,start_time_local,end_time_local\na,0,09:00:00,12:00:00\n";
const ZONES: &str = "store_id,timezone_str\na,America/Chicago\n";
const POLLS: &str = "store_id,timestamp_utc,status
a,2023-01-23 16:14:00 UTC,active
a,2023-01-23 17:15:00 UTC,inactive
";
/// 12:00 in Chicago.
const AS_OF_NOON: &str = "--as-of 2023-01-23T18:00:00Z";
/// 2023-02-01.
const NOW: Timestamp = Timestamp::from_micros(1_675_209_600 * SECOND);

#[derive(Debug)]
struct Outcome {
    /// The figures of store `a`.
    figures: String,
    notes: String,
    shortcomings: Vec<String>,
}

#[track_caller]
fn check_report(contents: &[&str], options: &str, expected: &str) {
    let outcome = report(contents, options).unwrap();
    assert_eq!(outcome.figures, expected);
    assert_eq!(outcome.shortcomings, [] as [String; 0]);
}

#[track_caller]
fn check_error(contents: &[&str], options: &str, expected: &str) {
    let error = report(contents, options).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

/// Makes a report of files that are named by their index.
fn report(contents: &[&str], options: &str) -> Result<Outcome, String> {
    report_of(&files(contents), contents.len(), options)
}

fn report_of(folder: &TempDir, file_count: usize, options: &str) -> Result<Outcome, String> {
    let arguments = arguments(folder, file_count, options)?;
    let mut notes = Vec::new();
    let made = make(&arguments, NOW, &mut notes).map_err(|error| error.to_string())?;
    let prefix = format!("{}/", folder.path().display());
    let shortcomings = made.shortcomings.iter().map(|one| one.to_string().replace(&prefix, ""));
    let csv = match made.contents {
        Contents::Csv(csv) => csv,
        Contents::All(_, report) => report.tables().remove(0).into_file().bytes,
    };
    Ok(Outcome {
        figures: figures(&String::from_utf8(csv).unwrap()),
        notes: String::from_utf8(notes).unwrap(),
        shortcomings: shortcomings.collect(),
    })
}

/// The arguments of a report of `file_count` files that are named by their index.
fn arguments(folder: &TempDir, file_count: usize, options: &str) -> Result<Arguments, String> {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }
    let paths = (0..file_count).map(|place| folder.path().join(place.to_string()));
    let words = options.split_whitespace().map(PathBuf::from);
    let line = [PathBuf::from("report")].into_iter().chain(words).chain(paths);
    Line::try_parse_from(line).map(|line| line.arguments).map_err(|error| error.to_string())
}

fn figures(csv: &str) -> String {
    let row = csv.lines().find_map(|line| line.strip_prefix("a,")).unwrap_or_default();
    let cells: Vec<&str> = row.split(',').collect();
    let (up, down) = cells.split_at(cells.len() / 2);
    format!("up {}, down {}", up.join(" "), down.join(" "))
}

fn files(contents: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (place, content) in contents.iter().enumerate() {
        fs::write(folder.path().join(place.to_string()), content).unwrap();
    }
    folder
}

/// Appends `count` polls of other stores.
fn with_good_polls(polls: &str, count: usize) -> String {
    let poll = |store| format!("{store},2023-01-23 17:00:00 UTC,active\n");
    polls.to_owned() + &(0..count).map(poll).collect::<String>()
}

/// The files of a folder, links included, in the order of their names.
fn names_and_contents(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file()).map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        format!("{name}: {}", fs::read_to_string(&path).unwrap())
    });
    let mut files: Vec<String> = files.collect();
    files.sort_unstable();
    files
}
