//! Handles what may stand before the header, and recognises files that are not CSV.

use super::RefusedFile;
use super::header::unusable;
use super::reject::shown;

const BYTE_ORDER_MARKS: &[u8] = "\u{feff}\u{feff}".as_bytes();
const MARK_BYTES: usize = BYTE_ORDER_MARKS.len() / 2;

/// Returns how many bytes of byte order marks to skip, or `None` if more bytes are needed to
/// decide. Two marks are accepted: some programs add a mark to a text that already has one.
pub(super) fn pass_marks(bytes: &[u8], at_end: bool) -> Option<usize> {
    let marks = bytes.iter().zip(BYTE_ORDER_MARKS).take_while(|(found, of_mark)| found == of_mark);
    let same = marks.count();
    if same == bytes.len() && same < BYTE_ORDER_MARKS.len() && !at_end {
        return None;
    }
    Some(same / MARK_BYTES * MARK_BYTES)
}

/// Known formats by their first bytes. None of these bytes ends a line, so a complete first line
/// contains all of them.
const OTHER_FORMATS: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls) or another old Office file"),
    (b"PAR1", "in Parquet"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (b"BZh", "compressed by bzip2"),
    (b"\xfd7zXZ\0", "compressed by xz"),
    (b"\x1f\x8b", "compressed twice by gzip"),
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer and not the file it stands for",
    ),
];

/// Returns the name of the format that a file's first bytes indicate, if it is a known one.
pub(super) fn other_format(first_bytes: &[u8]) -> Option<&'static str> {
    let known = OTHER_FORMATS.iter().find(|(magic, _)| first_bytes.starts_with(magic));
    known.map(|(_, name)| *name)
}

/// Returns whether a file's first line is `sep=,`, which sets the separator for Excel. Excel may
/// have added separators at the end of the line when it saved the file. Another separator is an
/// error.
pub(super) fn is_separator_line(line: &[u8]) -> Result<bool, RefusedFile> {
    let unquoted = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\""));
    let Some((name, separator)) = unquoted.unwrap_or(line).split_at_checked(4) else {
        return Ok(false);
    };
    let Some((separator, rest)) = separator.split_first() else { return Ok(false) };
    if !name.eq_ignore_ascii_case(b"sep=") || !are_blank_fields(rest) {
        return Ok(false);
    }
    if *separator != b',' {
        let separator = shown(&[*separator]);
        let reason =
            format!("its first line sets {separator} as the separator; only commas are accepted");
        return Err(unusable(&reason, line));
    }
    Ok(true)
}

fn are_blank_fields(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b',' | b' ' | b'\t'))
}
