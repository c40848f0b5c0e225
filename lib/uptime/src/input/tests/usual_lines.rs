//! Which records the fast paths read themselves. That they read them right is checked in `paths`.

use super::*;
use crate::business_hours::HoursRow;
use crate::input::header::{HoursColumn, HoursColumns, PollColumn};
use crate::input::plain::PlainRecord;
use crate::input::usual_line;

const IDS: [&str; 3] = ["7", "8198365566255469721", "92de860e-1d6f-49d1-985a-f004e52d7317"];

#[test]
fn polls_of_the_usual_form_are_read_in_any_order_of_columns_and_with_any_quotes() {
    use PollColumn::{Status, Store, Timestamp};
    let orders = [
        [Store, Timestamp, Status],
        [Store, Status, Timestamp],
        [Timestamp, Store, Status],
        [Timestamp, Status, Store],
        [Status, Store, Timestamp],
        [Status, Timestamp, Store],
    ];
    for (id, columns) in IDS.into_iter().flat_map(|id| orders.map(|order| (id, order))) {
        let values = columns.map(|column| match column {
            Store => id,
            Timestamp => "2023-01-24 09:06:42.605777 UTC",
            Status => "inactive",
        });
        for line in in_quotes(values) {
            let bytes = with_room(&line);
            let has_quotes = line.contains('"');
            let read = usual_line::poll::<true>(&bytes, columns, LATEST_POLL);
            let (store, poll, extent) = read.unwrap_or_else(|| panic!("{line:?} is not read"));
            assert_eq!(
                format!("{store} {poll:?}"),
                format!("{id} 2023-01-24T09:06:42.605777Z Inactive")
            );
            assert_eq!(extent.length, line.trim_end().len());
            assert_eq!(extent.length_with_end, line.len());
            let unquoted = usual_line::poll::<false>(&bytes, columns, LATEST_POLL);
            assert_eq!(unquoted.is_none(), has_quotes, "{line:?}");
        }
    }
}

#[test]
fn hours_of_the_usual_form_are_read_with_any_quotes() {
    use HoursColumn::{Day, End, Start, Store};
    for (id, columns) in IDS.into_iter().flat_map(|id| {
        [[Store, Day, Start, End], [End, Start, Day, Store]].map(|order| (id, order))
    }) {
        let values = columns.map(|column| match column {
            Store => id,
            Day => "6",
            Start => "09:30:00",
            End => "24:00:00",
        });
        for line in in_quotes(values) {
            let bytes = with_room(&line);
            let read = usual_line::hours::<true>(&bytes, HoursColumns(columns));
            let (store, opening, extent) = read.unwrap_or_else(|| panic!("{line:?} is not read"));
            let row = row_text(&HoursRow::Opens(opening));
            assert_eq!(format!("{store} {row}"), format!("{id} Sun 34200-86400"));
            assert_eq!(extent.length_with_end, line.len());
            let unquoted = usual_line::hours::<false>(&bytes, HoursColumns(columns));
            assert_eq!(unquoted.is_none(), line.contains('"'), "{line:?}");
            let written = HoursColumns(columns).usual_record(&store, opening);
            assert_eq!(String::from_utf8(written).unwrap(), line.trim_end().replace('"', ""));
        }
    }
}

#[test]
fn what_is_not_of_the_usual_form_is_left_to_the_other_paths() {
    use HoursColumn::{Day, End, Start, Store};
    for line in [
        "\"7\",\"2023-01-24 09:06:42\",\"active",
        "\"7\",\"2023-01-24 09:06:42\",\"active\"x",
        "\"7,2023-01-24 09:06:42,active\"",
        "7\",2023-01-24 09:06:42,active",
        " \"7\",2023-01-24 09:06:42,active",
        "\" 7\",2023-01-24 09:06:42,active",
        "\"7\" ,2023-01-24 09:06:42,active",
        "\"7\"\"\",2023-01-24 09:06:42,active",
        "7,2023-01-24 09:06:42,active,",
        "7,2023-02-24 09:06:42,active",
        "7,2023-01-24 09:06:42",
    ] {
        let columns = [PollColumn::Store, PollColumn::Timestamp, PollColumn::Status];
        let read = usual_line::poll::<true>(&with_room(line), columns, LATEST_POLL);
        assert_eq!(read.map(|(store, ..)| store), None, "{line:?}");
    }
    for line in [
        "7,7,09:00:00,17:00:00",
        "7,00,09:00:00,17:00:00",
        "7,0,9:00:00,17:00:00",
        "7,0,09:00,17:00:00",
        "7,0,24:00:00,17:00:00",
        "7,0,09:00:00,24:00:01",
        "7,0,09:60:00,17:00:00",
        "7,0,09:00:00,17:00:00.0",
        "7,0,closed,closed",
        "7,\"0,09:00:00\",17:00:00",
    ] {
        let columns = HoursColumns([Store, Day, Start, End]);
        let read = usual_line::hours::<true>(&with_room(line), columns);
        assert_eq!(read.map(|(store, ..)| store), None, "{line:?}");
    }
}

#[test]
fn a_plain_record_may_have_quotes_around_whole_fields_only() {
    let fields = |record: &str| {
        let bytes = with_room(record);
        let found = PlainRecord::find(&bytes)?;
        let field = |index| String::from_utf8(found.field(index).to_vec()).unwrap();
        Some((0..found.field_count).map(field).collect::<Vec<_>>())
    };
    for (record, expected) in [
        ("a,b", ["a", "b"]),
        ("\"a\",\"b\"", ["a", "b"]),
        ("\"a,b\",c", ["a,b", "c"]),
        ("\"\",", ["", ""]),
        (" a ,\" b \"", [" a ", " b "]),
    ] {
        assert_eq!(fields(record), Some(expected.map(str::to_owned).to_vec()), "{record}");
    }
    for record in ["a\"b,c", "\"a\"b,c", "\"a\" ,b", " \"a\",b", "\"a\"\"\",b", "\"a,b", "a,b\""] {
        assert_eq!(fields(record), None, "{record}");
    }
}

/// Returns a line without quotes, and lines with quotes around all or some values.
fn in_quotes<const VALUES: usize>(values: [&str; VALUES]) -> Vec<String> {
    let line = |quoted: usize| {
        let value = |index: usize| match quoted >> index & 1 {
            0 => values[index].to_owned(),
            _ => format!("\"{}\"", values[index]),
        };
        let line_end = if quoted.is_multiple_of(3) { "\n" } else { "\r\n" };
        (0..VALUES).map(value).collect::<Vec<_>>().join(",") + line_end
    };
    (0..1 << VALUES).map(line).collect()
}

/// Returns a line with as many further bytes as the fast paths need.
fn with_room(line: &str) -> Vec<u8> {
    format!("{line}\n{}", "x\n".repeat(100)).into_bytes()
}
