//! Reads a header: the kind of the file and the places of its columns.

use memchr::memchr;

use super::record::{Fields, MAX_FIELD_BYTES};
use super::reject::{shown, shown_up_to};
use super::values::value_of;
use super::{FileKind, RefusedFile, ReplacingKind};
use crate::StoreId;
use crate::blanks::trimmed;
use crate::business_hours::{LocalTime, Opening};

/// The most columns that a kind of file has.
pub(super) const MAX_COLUMNS: usize = 4;

/// A usable header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(super) kind: FileKind,
    /// How many fields a row has.
    pub(super) width: usize,
    // The index of each column. Only the first ones are used if the kind has fewer columns.
    places: [usize; MAX_COLUMNS],
}

/// The content of a column in a file of polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PollColumn {
    Store,
    Timestamp,
    Status,
}

/// The content of a column in a file of business hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoursColumn {
    Store,
    Day,
    Start,
    End,
}

/// The columns of a file of business hours that has no others, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoursColumns(pub(super) [HoursColumn; 4]);

impl HoursColumns {
    /// Writes the usual form of a row that opens a store.
    pub(crate) fn usual_record(self, store: &StoreId, opening: Opening) -> Vec<u8> {
        let clock = |time: LocalTime| {
            let (minutes, seconds) = (time.seconds() / 60, time.seconds() % 60);
            format!("{:02}:{:02}:{seconds:02}", minutes / 60, minutes % 60)
        };
        let value = |column| match column {
            HoursColumn::Store => store.to_string(),
            HoursColumn::Day => opening.day.num_days_from_monday().to_string(),
            HoursColumn::Start => clock(opening.start),
            HoursColumn::End => clock(opening.end),
        };
        self.0.map(value).join(",").into_bytes()
    }
}

/// A column: its canonical name first, then its aliases.
type Column = &'static [&'static str];

pub(super) const STORE_ID: &str = "store_id";
pub(super) const TIMESTAMP: &str = "timestamp_utc";
pub(super) const STATUS: &str = "status";
pub(super) const DAY: &str = "dayOfWeek";
pub(super) const DATE: &str = "date";
pub(super) const START: &str = "start_time_local";
pub(super) const END: &str = "end_time_local";
pub(super) const ZONE: &str = "timezone_str";

const KINDS: [(FileKind, &[Column]); 4] = [
    (FileKind::Polls, &[&[STORE_ID], &[TIMESTAMP], &[STATUS]]),
    (
        FileKind::Replacing(ReplacingKind::Hours),
        &[&[STORE_ID], &[DAY, "day", "day_of_week"], &[START], &[END]],
    ),
    (FileKind::Replacing(ReplacingKind::Zones), &[&[STORE_ID], &[ZONE, "timezone"]]),
    (FileKind::Replacing(ReplacingKind::SpecialDays), &[&[STORE_ID], &[DATE], &[START], &[END]]),
];

impl Header {
    /// Reads the header `record`, whose fields are `fields`.
    ///
    /// Refuses a header that fits two kinds of file, because a guess could drop half of its data.
    pub(super) fn read(record: &[u8], fields: &Fields) -> Result<Header, RefusedFile> {
        check_encoding(record)?;
        Header::of_fields(fields).map_err(|reason| unusable(&reason, record))
    }

    /// Returns as error the reason to refuse the file.
    fn of_fields(fields: &Fields) -> Result<Header, String> {
        if fields.iter().any(|field| field.len() > MAX_FIELD_BYTES) {
            return Err(format!(
                "a column name in it is too long; at most {MAX_FIELD_BYTES} bytes are accepted"
            ));
        }
        let names: Vec<&[u8]> = fields.iter().map(trimmed).collect();
        let fitting: Vec<_> =
            KINDS.iter().filter(|(_, columns)| missing(columns, &names).is_empty()).collect();
        match fitting[..] {
            [(kind, columns)] => {
                Ok(Header { kind: *kind, width: names.len(), places: places(columns, &names)? })
            }
            [] => Err(no_kind(&names)),
            [(first, _), (second, _), ..] => Err(format!(
                "it has the columns of a file of {} and of a file of {}; only one kind is accepted",
                spoken(*first),
                spoken(*second)
            )),
        }
    }

    /// Returns the canonical names of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        columns_of(self.kind).iter().map(|names| names[0])
    }

    /// Returns the values of the columns of a row that has [`Header::width`] fields.
    pub(super) fn pick<'v>(&self, field: impl Fn(usize) -> &'v [u8]) -> [&'v [u8]; MAX_COLUMNS] {
        self.places.map(|place| value_of(field(place)))
    }

    /// Returns the columns in the order of the file if this is a file of polls without further
    /// columns.
    pub(super) fn poll_columns(&self) -> Option<[PollColumn; 3]> {
        let columns = [PollColumn::Store, PollColumn::Timestamp, PollColumn::Status];
        self.in_file_order(FileKind::Polls, columns)
    }

    /// Like [`Header::poll_columns`], for a file of business hours.
    pub(super) fn hours_columns(&self) -> Option<HoursColumns> {
        let columns = [HoursColumn::Store, HoursColumn::Day, HoursColumn::Start, HoursColumn::End];
        let kind = FileKind::Replacing(ReplacingKind::Hours);
        self.in_file_order(kind, columns).map(HoursColumns)
    }

    fn in_file_order<Column: Copy, const COLUMNS: usize>(
        &self,
        kind: FileKind,
        columns: [Column; COLUMNS],
    ) -> Option<[Column; COLUMNS]> {
        if self.kind != kind || self.width != COLUMNS {
            return None;
        }
        let mut ordered = columns;
        for (column, place) in columns.into_iter().zip(self.places) {
            ordered[place] = column;
        }
        Some(ordered)
    }

    /// Returns the index of the store id.
    pub(super) fn store_place(&self) -> usize {
        self.places[0]
    }

    /// Returns the canonical name of the column at `place`, or `None` if the column is ignored.
    pub(super) fn column_at(&self, place: usize) -> Option<&'static str> {
        self.columns()
            .zip(self.places)
            .find(|(_, of_column)| *of_column == place)
            .map(|pair| pair.0)
    }
}

fn columns_of(kind: FileKind) -> &'static [Column] {
    KINDS.iter().find(|(of_kind, _)| *of_kind == kind).map_or(&[], |(_, columns)| columns)
}

/// Refuses other encodings. A header in UTF-16 or UTF-32 contains NUL bytes, with or without a byte
/// order mark.
fn check_encoding(record: &[u8]) -> Result<(), RefusedFile> {
    let has_mark = record.starts_with(&[0xff, 0xfe]) || record.starts_with(&[0xfe, 0xff]);
    if has_mark || memchr(0, record).is_some() {
        return Err(RefusedFile::Encoding("in UTF-16 or UTF-32, or not text"));
    }
    if std::str::from_utf8(record).is_err() {
        return Err(RefusedFile::Encoding("in another encoding, such as Windows-1252"));
    }
    Ok(())
}

fn places(columns: &[Column], names: &[&[u8]]) -> Result<[usize; MAX_COLUMNS], String> {
    let mut places = [0; MAX_COLUMNS];
    for (place, column) in places.iter_mut().zip(columns) {
        let mut found = (0..names.len()).filter(|&index| is_called(names[index], column));
        *place = found.next().unwrap_or_default();
        if let Some(other) = found.next() {
            return Err(format!(
                "columns {} and {}, {} and {}, both mean {}; only one is accepted",
                *place + 1,
                other + 1,
                shown(names[*place]),
                shown(names[other]),
                column[0]
            ));
        }
    }
    Ok(places)
}

fn missing(columns: &[Column], names: &[&[u8]]) -> Vec<&'static str> {
    let is_there = |column: &Column| names.iter().any(|name| is_called(name, column));
    columns.iter().filter(|column| !is_there(column)).map(|column| column[0]).collect()
}

fn is_called(name: &[u8], column: Column) -> bool {
    column.iter().any(|accepted| name.eq_ignore_ascii_case(accepted.as_bytes()))
}

/// Returns which columns are missing for the kind of file that the header is most similar to, or for
/// each of several kinds.
fn no_kind(names: &[&[u8]]) -> String {
    let delimiter = b";\t|".iter().find(|&&byte| names.len() == 1 && names[0].contains(&byte));
    if let Some(&delimiter) = delimiter {
        return format!(
            "it is a single field that contains {}; fields must be separated by commas",
            shown(&[delimiter])
        );
    }
    // How many columns of a kind the header has.
    let own = |columns: &[Column]| columns.len() - missing(columns, names).len();
    let has_store = names.iter().any(|name| name.eq_ignore_ascii_case(STORE_ID.as_bytes()));
    let most = KINDS.iter().map(|(_, columns)| own(columns)).max().unwrap_or_default();
    if most <= usize::from(has_store) {
        let accepted: Vec<String> = KINDS
            .iter()
            .map(|(kind, columns)| {
                format!("{} ({})", spoken(*kind), missing(columns, &[]).join(", "))
            })
            .collect();
        return format!("it fits no kind of file; accepted are {}", accepted.join(", or "));
    }
    let nearest = KINDS.iter().filter(|(_, columns)| own(columns) == most);
    let needs: Vec<String> = nearest
        .map(|(kind, columns)| {
            let lacking = missing(columns, names);
            let noun = if lacking.len() == 1 { "column" } else { "columns" };
            let verb = if lacking.len() == 1 { "is" } else { "are" };
            let (kind, lacking) = (spoken(*kind), lacking.join(", "));
            format!("a file of {kind} needs the {noun} {lacking}, which {verb} missing")
        })
        .collect();
    needs.join("; ")
}

fn spoken(kind: FileKind) -> String {
    kind.name().replace('_', " ")
}

/// How much of the header an error message shows.
const SHOWN_CHARACTERS: usize = 100;

/// Returns the error for an unusable header. It shows `record` as it was read.
pub(super) fn unusable(reason: &str, record: &[u8]) -> RefusedFile {
    let header = shown_up_to(SHOWN_CHARACTERS, record);
    RefusedFile::Header(format!("{reason}; the header read is {header}"))
}
