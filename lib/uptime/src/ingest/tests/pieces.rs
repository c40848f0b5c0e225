//! A file that is read in pieces, each as if it began with a row, gives the same as one that is fed.

use proptest::prelude::*;

use super::*;
use crate::ingest::PackingRoom;

/// Where a file is cut.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// After so many bytes, wherever that is.
    Anywhere(usize),
    /// After the last line end of so many bytes.
    AfterLine(usize),
}

#[test]
fn pieces_of_a_plain_file_of_polls_give_the_same_as_the_file() {
    let rows = (0..500).map(|minute| {
        let status = if minute % 7 == 0 { "inactive" } else { "active" };
        format!(
            "{},2023-01-24 {:02}:{:02}:00 UTC,{status}\n",
            minute % 11,
            minute / 60,
            minute % 60
        )
    });
    check(&format!("{POLLS}{}", rows.collect::<String>()));
}

#[test]
fn rejects_of_later_pieces_have_the_line_numbers_of_the_file() {
    let good = "a,2023-01-24 09:00:00 UTC,active\n".repeat(20);
    check(&format!("{POLLS}{good}\n,2023-01-24 09:00:00 UTC,active\r\n{good}a,b,c\n{good}"));
}

#[test]
fn pieces_after_one_that_ends_within_a_quoted_field_are_read_in_order() {
    // Read as the start of a piece, the second line of the field would be a good row.
    let row = "a,2023-01-24 09:00:00 UTC,active\n";
    let odd = format!("\"b\n{row}{row}\",2023-01-24 10:00:00 UTC,active\n");
    let loaded = check(&format!("{POLLS}{row}{odd}{row}"));
    assert_eq!(loaded.counts, counts(1, 1, 0, 1));
}

#[test]
fn the_end_of_a_file_without_a_line_end_is_read() {
    let row = "a,2023-01-24 09:00:00 UTC,active";
    assert_eq!(check(&format!("{POLLS}{row}\nb{row}")).counts, counts(2, 0, 0, 0));
    assert_eq!(check(&format!("{POLLS}{row}\n\"{row}")).counts, counts(1, 0, 0, 1));
}

#[test]
fn other_files_cannot_be_read_in_pieces() {
    for header in [HOURS, ZONES, SPECIAL_DAYS] {
        let mut ingest = Ingest::new(settings());
        ingest.feed(header.as_bytes()).unwrap();
        assert!(ingest.piece_reader().is_none(), "{header}");
    }
    let mut ingest = Ingest::new(settings());
    ingest.feed(&POLLS.as_bytes()[..POLLS.len() - 1]).unwrap();
    assert!(ingest.piece_reader().is_none(), "the header is not complete");
    ingest.feed(b"\na").unwrap();
    assert!(ingest.piece_reader().is_none(), "the next byte is within a row");
    ingest.feed(b",2023-01-24 09:00:00 UTC,active\n").unwrap();
    assert!(ingest.piece_reader().is_some());
}

proptest! {
    #[test]
    fn pieces_of_odd_files_give_the_same_as_the_files(
        parts in prop::collection::vec(prop_oneof![
            8 => (0..9_u32, 0..60_u32).prop_map(|(store, minute)| {
                format!("{store},2023-01-24 09:{minute:02}:00 UTC,active\n")
            }),
            2 => Just("7f3a0000-0000-4000-8000-00000000000a,2023-01-24 09:00:00 UTC,inactive\r\n".to_owned()),
            1 => prop::sample::select(vec!["\"", "\n", "\r", "\r\n", ",", "x", "\"\"", "\"\n\"", "é", " "])
                .prop_map(str::to_owned),
            1 => Just("\"a store\",\"2023-01-24 09:00:00 UTC\",\"active\"\n".to_owned()),
        ], 0..60),
    ) {
        check(&format!("{POLLS}{}", parts.concat()));
    }
}

/// Checks that pieces of several sizes give the same as the whole file.
#[track_caller]
fn check(file: &str) -> Loaded {
    let whole = load_in_pieces(settings(), file.as_bytes(), usize::MAX);
    for cut in [
        Cut::Anywhere(1),
        Cut::Anywhere(50),
        Cut::AfterLine(40),
        Cut::AfterLine(300),
        Cut::AfterLine(usize::MAX),
    ] {
        let pieces = load_by_pieces(file.as_bytes(), cut);
        assert!(pieces == whole, "{cut:?} of {file:?}: {pieces:?}\nwhole: {whole:?}");
    }
    whole
}

fn load_by_pieces(file: &[u8], cut: Cut) -> Loaded {
    let mut ingest = Ingest::new(settings());
    let mut piece = Piece::default();
    let mut rest = file;
    let mut fed = Ok(());
    while !rest.is_empty() {
        let (bytes, later) = rest.split_at(length_of_piece(rest, cut));
        rest = later;
        match ingest.piece_reader() {
            Some(reader) => {
                reader.read(bytes, &mut piece);
                let is_between_rows = ingest.add_piece(&mut piece);
                assert_eq!(is_between_rows, ingest.piece_reader().is_some());
            }
            None => fed = fed.and_then(|()| ingest.feed(bytes)),
        }
    }
    let _ = ingest.finish_reading();
    let mut room = PackingRoom::default();
    for shard in ingest.take_unpacked() {
        ingest.add_packed(shard.pack(&mut room));
    }
    let result = ingest.finish(&source());
    let (segments, rejects) = (ingest.take_segments(), ingest.take_rejects());
    let rejected_rows = ingest.take_rejected_rows();
    loaded(&ingest, result, segments, rejects, rejected_rows)
}

fn length_of_piece(bytes: &[u8], cut: Cut) -> usize {
    let (Cut::Anywhere(length) | Cut::AfterLine(length)) = cut;
    let length = length.min(bytes.len());
    match cut {
        Cut::Anywhere(_) => length,
        Cut::AfterLine(_) => {
            let last = bytes[..length].iter().rposition(|byte| *byte == b'\n');
            last.map_or(length, |index| index + 1)
        }
    }
}
