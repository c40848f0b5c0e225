//! Generates source files: valid ones in all their forms, and damaged ones.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::damage::{damaged, damages};

/// Texts that affect how a file is read.
const TOKENS: &[&[u8]] = &[
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\"",
    b"\"\"",
    b" ",
    b"\t",
    b"\0",
    b"\x7f",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc3",
    "é".as_bytes(),
    b"\x1f\x8b",
    b";",
    b"=1+1",
    b"2023-01-24 09:06:42",
    b"1999-12-31 23:59:59",
    b"2199-12-31 23:59:59",
    b"2023-01-24",
    b",date",
    b"+05:45",
    b"+00",
    b" +0000 UTC",
    b"+00:30",
    "\u{a0}".as_bytes(),
    b"\xa0",
    b"\\N",
    b"closed",
    b".000",
    b"sep=,\n",
    b"sep=;\n",
    b"PK\x03\x04",
    b"24:00",
    b"23:59:60",
    b"7",
    b"-1",
    b"inactive",
    b"Europe/Berlin",
    b"store_id",
    &[b'x'; 129],
    &[b'x'; 1_025],
    &[b'y'; 8_193],
    &[b'\n'; 50],
    &[b','; 50],
    b"\n,,,\n",
    b"\r\n, ,\t,\r\n",
];

/// The columns of each kind of file, and values of each column. The first three values are good.
type Columns = &'static [(&'static str, &'static [&'static str])];

const STORES: &[&str] = &[
    "8419537941919820732",
    "3c9bb6c2-6c8b-4b0e-9d7e-0a3a4a1f0c11",
    "7",
    "ü 店",
    "\"a,b\"",
    "\"\"\"\"",
    "-7",
    "007",
    "1.48E+18",
    "\\N",
    "",
];
const POLLS: Columns = &[
    ("store_id", STORES),
    (
        "timestamp_utc",
        &[
            "2023-01-24 09:06:42.605777 UTC",
            "2023-01-24 09:06:42+00",
            "2023-01-25T10:06:42.5+01:00",
            "2023-01-24 09:06:42",
            "2023-01-24 09:06:42.605777+00:00",
            "2023-01-24 09:06:42.605777 +0000 UTC",
            "2023-01-24\u{a0}09:06:42 -0545",
            "2023-01-24\t09:06:42Z",
            "2023-01-24 09:06:42+00:30",
            "2023-02-01 00:00:00.000001",
            "1999-12-31 23:59:59.9",
            "2023-02-29 00:00:00",
            "1674551202",
        ],
    ),
    ("status", &["active", "inactive", " ACTIVE ", "\"inactive\"", "up"]),
];
const HOURS: Columns = &[
    ("store_id", STORES),
    ("dayOfWeek", &["0", "6", "3", "7", "Mon", ""]),
    ("start_time_local", &["9:00", "09:00:00.000000", "", "24:00", "closed", "9", "-1:00"]),
    ("end_time_local", &["17:00", "24:00:00.0", "", "\"8:00\"", "Closed", "24:01", "\\N"]),
];
const SPECIAL_DAYS: Columns = &[
    ("store_id", STORES),
    (
        "date",
        &["2023-01-24", "2023-01-01", "2099-12-31", "2023-02-29", "1999-12-31", "24.01.2023", ""],
    ),
    ("start_time_local", &["9:00", "", "closed", "24:00", "23:59:59"]),
    ("end_time_local", &["17:00", "", "CLOSED", "24:00", "8:59:59", "\\N"]),
];
const ZONES: Columns = &[
    ("store_id", STORES),
    ("timezone_str", &["America/Chicago", "utc", "", "US/Central", "Utopia/City", "\\N"]),
];

/// Returns a file of any kind, with its columns in any order.
pub(crate) fn file() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop_oneof![
        3 => Just(POLLS),
        2 => Just(HOURS),
        1 => Just(ZONES),
        1 => Just(SPECIAL_DAYS),
    ]
    .prop_flat_map(|columns| {
        (order(columns.len()), further_columns()).prop_flat_map(rows(columns))
    });
    (first_lines(), whole, damages(TOKENS)).prop_map(|(first_lines, file, damages)| {
        damaged([first_lines.as_bytes(), &file].concat(), &damages)
    })
}

/// Returns the text before the header, mostly none.
fn first_lines() -> impl Strategy<Value = &'static str> {
    let some = select(
        &["\u{feff}", "\u{feff}\u{feff}", "sep=,\r\n", "\u{feff}sep=,\n", "\n", ",,\r\n", "PAR1"][..],
    );
    prop_oneof![4 => Just(""), 1 => some]
}

fn order(count: usize) -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![3 => Just((0..count).collect()), 1 => Just((0..count).collect()).prop_shuffle()]
}

/// Returns the number of ignored columns, mostly 0. With many of them, the fast paths are not used.
fn further_columns() -> impl Strategy<Value = usize> {
    prop_oneof![6 => Just(0_usize), 1 => Just(1), 1 => Just(20)]
}

fn rows(columns: Columns) -> impl Fn((Vec<usize>, usize)) -> BoxedStrategy<Vec<u8>> {
    move |(order, further)| {
        let row: Vec<_> = order.iter().map(|&place| value(columns[place].1)).collect();
        let names: Vec<_> = order.iter().map(|&place| columns[place].0).collect();
        let header = names.join(",") + &",x".repeat(further);
        let line_end = select(&["\n", "\n", "\r\n", "\r"][..]);
        (vec(row, 0..30), line_end, any::<bool>())
            .prop_map(move |(rows, line_end, ends)| {
                let mut lines = vec![header.clone()];
                lines.extend(rows.iter().map(|row| row.join(",") + &",".repeat(further)));
                let last = if ends { line_end } else { "" };
                (lines.join(line_end) + last).into_bytes()
            })
            .boxed()
    }
}

/// Returns a value, in most cases a good one.
fn value(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop_oneof![9 => select(&values[..3]), 1 => select(values)]
}
