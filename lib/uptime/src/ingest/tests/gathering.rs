//! Which rows of a file are stored, and how they are counted.

use super::*;

#[test]
fn polls_are_stored_as_a_set_and_repeats_are_counted() {
    let row = "7,2023-01-24 09:00:00,active\n";
    let loaded = load(format!("{POLLS}{row}8,2023-01-24 09:00:00,active\n{row}{row}"));
    assert_eq!(loaded.kind, Some(FileKind::Polls));
    assert_eq!(loaded.counts, counts(2, 2, 0, 0));
    let expected = ["7 2023-01-24T09:00:00Z Active", "8 2023-01-24T09:00:00Z Active"];
    assert_eq!(stored(&loaded.segments), expected);
}

#[test]
fn if_polls_disagree_the_inactive_one_wins_and_the_others_are_conflicts() {
    let poll = |status: &str| format!("7,2023-01-24 09:00:00,{status}\n");
    for (order, conflicts) in [("ai", 1), ("ia", 1), ("aai", 2), ("iia", 1), ("aaa", 0)] {
        let rows: String = order
            .chars()
            .map(|status| poll(if status == 'a' { "active" } else { "inactive" }))
            .collect();
        let loaded = load(format!("{POLLS}{rows}"));
        let repeats = order.len() as u64 - 1;
        assert_eq!(loaded.counts, counts(1, repeats, conflicts, 0), "{order}");
        let status = if order.contains('i') { "Inactive" } else { "Active" };
        assert_eq!(stored(&loaded.segments), [format!("7 2023-01-24T09:00:00Z {status}")]);
    }
}

#[test]
fn shuffled_polls_are_stored_as_sorted_ones() {
    // Enough stores that a segment holds several for each form of id.
    let rows: Vec<String> = (0..600)
        .map(|number| {
            let (store, minute) = (number % 300, number / 10);
            let form = ["", "x", "3c9bb6c2-6c8b-4b0e-9d7e-0000000000"][number % 3];
            format!("{form}{:02},2023-01-24 09:{minute:02}:00,active\n", store % 100)
        })
        .collect();
    let rows_of = |rows: &[String]| load(format!("{POLLS}{}", rows.concat())).segments;
    let mut reversed = rows.clone();
    reversed.reverse();
    assert_eq!(rows_of(&rows), rows_of(&reversed));
}

#[test]
fn the_span_of_polls_includes_only_accepted_polls() {
    let mut ingest = Ingest::new(settings());
    assert_eq!(ingest.poll_span(), None);
    let rows = "7,2023-01-24 09:00:00,active\n7,2023-01-23 09:00:00,active\n\
                7,2023-01-25 09:00:00,gone\n";
    ingest.feed(format!("{POLLS}{rows}").as_bytes()).unwrap();
    let at = |text: &str| Timestamp::from_rfc3339(text).unwrap();
    let span = (at("2023-01-23T09:00:00Z"), at("2023-01-24T09:00:00Z"));
    assert_eq!(ingest.poll_span(), Some(span));
}

#[test]
fn a_batch_ends_when_its_memory_is_used_up_whatever_the_sizes_of_the_pieces() {
    let row =
        |number: u32| format!("{},2023-01-24 {:02}:00:00,active\n", number % 10, number / 10 % 24);
    let file = POLLS.to_owned() + &(0..600).map(row).collect::<String>();
    let of_batches =
        |batch_bytes| load_with(&IngestSettings { batch_bytes, ..settings() }, file.as_bytes());
    // Each poll occurs three times, at intervals of 240 rows. Within a batch it is a duplicate.
    assert_eq!(of_batches(1 << 20).counts, counts(240, 360, 0, 0));
    let small = of_batches(3000);
    assert!(small.counts.loaded > 240 && small.segments.len() > of_batches(1 << 20).segments.len());
    assert_eq!(small.counts.rows, 600);
    assert_eq!(of_batches(0).counts, counts(600, 0, 0, 0));
}

#[test]
fn a_batch_holds_no_more_than_its_memory() {
    let mut ingest = Ingest::new(IngestSettings { batch_bytes: 100_000, ..settings() });
    ingest.feed(POLLS.as_bytes()).unwrap();
    for store in 0..10_000 {
        let id = format!("{store}{}", "x".repeat(100));
        ingest.feed(format!("{id},2023-01-24 09:00:00,active\n").as_bytes()).unwrap();
    }
    // More than 200 bytes per store: its id and its entry in the table.
    let pending = 10_000 - ingest.counts().rows;
    assert!(pending < 500, "{pending} polls are not packed yet");
}

#[test]
fn a_repeated_row_of_hours_is_a_duplicate() {
    let loaded = load(format!(
        "{HOURS}7,0,9:00,17:00\n7,0,09:00:00,17:00\n7,0,18:00,20:00\n8,0,9:00,17:00\n"
    ));
    assert_eq!(loaded.kind, Some(FileKind::Replacing(ReplacingKind::Hours)));
    assert_eq!(loaded.counts, counts(3, 1, 0, 0));
    let expected = ["7 Mon 32400-61200, Mon 64800-72000", "8 Mon 32400-61200"];
    assert_eq!(stored(&loaded.segments), expected);
}

#[test]
fn a_repeated_row_of_special_days_is_a_duplicate() {
    let loaded = load(format!(
        "{SPECIAL_DAYS}7,2026-12-24,10:00,14:00\n7,2026-11-26,,\n7,2026-12-24,10:00:00,14:00\n\
         7,2026-12-24,17:00,20:00\n7,2026-11-26,closed,closed\n8,2026-11-26,,\n"
    ));
    assert_eq!(loaded.kind, Some(FileKind::Replacing(ReplacingKind::SpecialDays)));
    assert_eq!(loaded.counts, counts(4, 2, 0, 0));
    let expected = [
        "7 2026-11-26 closed, 2026-12-24 36000-50400, 2026-12-24 61200-72000",
        "8 2026-11-26 closed",
    ];
    assert_eq!(stored(&loaded.segments), expected);
}

#[test]
fn if_a_store_has_two_zones_the_later_accepted_row_wins() {
    let loaded = load(format!("{ZONES}7,UTC\n8,UTC\n7,Asia/Tokyo\n7,Nowhere\n"));
    assert_eq!(loaded.kind, Some(FileKind::Replacing(ReplacingKind::Zones)));
    assert_eq!(loaded.counts, counts(2, 1, 1, 1));
    assert_eq!(stored(&loaded.segments), ["7 Asia/Tokyo", "8 UTC"]);
    let again = load(format!("{ZONES}7,UTC\n7,Asia/Tokyo\n7,utc\n"));
    assert_eq!(again.counts, counts(1, 2, 1, 0));
    assert_eq!(stored(&again.segments), ["7 UTC"]);
}

#[test]
fn a_rejected_row_names_no_store() {
    let hours = load(format!("{HOURS}7,9,9:00,17:00\n8,0,9:00,17:00\n"));
    assert_eq!(stored(&hours.segments), ["8 Mon 32400-61200"]);
    let zones = load(format!("{ZONES}7,Nowhere\n8,UTC\n"));
    assert_eq!(stored(&zones.segments), ["8 UTC"]);
}

#[test]
fn rows_that_replace_others_are_stored_only_at_the_end_of_the_file() {
    for (header, row) in
        [(HOURS, "7,0,9:00,17:00\n"), (ZONES, "7,UTC\n"), (SPECIAL_DAYS, "7,2026-11-26,,\n")]
    {
        let mut ingest = Ingest::new(settings());
        ingest.feed(format!("{header}{row}").as_bytes()).unwrap();
        assert_eq!(ingest.take_segments(), []);
        assert_eq!(ingest.counts(), Counts::default());
        ingest.finish(&source()).unwrap();
        assert_eq!(ingest.take_segments().len(), 1);
        assert_eq!(ingest.counts(), counts(1, 0, 0, 0));
    }
}

#[test]
fn rows_of_hours_and_special_days_beyond_the_limit_of_a_store_are_rejected() {
    let time =
        |second: u32| format!("{}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    for (header, day) in [(HOURS, "0"), (SPECIAL_DAYS, "2099-12-31")] {
        let row = |second: u32| format!("7,{day},{},24:00\n", time(second));
        let rows: String = (0..20_002).map(row).collect();
        let file = format!("{header}{rows}7,{day},0:00,24:00\n");
        let loaded = load_in_pieces(settings(), file.as_bytes(), 4096);
        assert_eq!(loaded.counts, counts(20_000, 1, 0, 2));
        let reject = "\n20002,,too_many_rows,the store has too many";
        assert!(loaded.rejects.contains(reject), "{}", loaded.rejects);
    }
}

#[test]
fn a_file_with_only_a_header_stores_nothing() {
    for header in [POLLS, HOURS, ZONES, SPECIAL_DAYS, POLLS.trim(), HOURS.trim()] {
        let loaded = load(header);
        assert_eq!((loaded.result, loaded.counts), (Ok(()), Counts::default()));
        assert!(loaded.segments.is_empty() && loaded.rejected_rows.is_empty());
    }
}

#[test]
fn a_refused_file_stores_nothing() {
    for file in ["", "x", "\u{1f}", "store_id;status\n7;active\n", "s\0t\0"] {
        let loaded = load(file);
        assert!(matches!(loaded.result, Err(IngestError::Refused(_))), "{:?}", loaded.result);
        assert_eq!((loaded.kind, loaded.counts), (None, Counts::default()));
        assert!(loaded.segments.is_empty() && loaded.rejects.is_empty());
    }
}

#[test]
fn an_error_is_final() {
    let mut ingest = Ingest::new(settings());
    let refused = ingest.feed(b"nothing\n");
    assert!(refused.is_err());
    assert_eq!(ingest.feed(POLLS.as_bytes()), refused);
    assert_eq!(ingest.finish(&source()), refused);
}
