//! Packs values into segments.

use std::borrow::Borrow;

use super::opening_form::{
    MAX_HOURS_ROW_BYTES, MAX_SPECIAL_ROW_BYTES, write_hours_row, write_special_row,
};
use super::varint::{MAX_VARINT_BYTES, write_count, write_signed, write_varint};
use super::{
    HOURS, MAX_SEGMENT_BYTES, POLLS, SOURCED_VERSION, SPECIAL_DAYS, Segment, SegmentKind, Source,
    UtcDay, VERSION, ZONES,
};
use crate::business_hours::{HoursRow, OpeningRow, PackedRow, RowDay, SpecialRow, put_in_order};
use crate::input::ReplacingKind;
use crate::store::IdForm;
use crate::{Poll, PollSet, Shard, StoreId, Timestamp, Zone};

/// The longest id, including its length.
const MAX_ID_BYTES: usize = StoreId::MAX_BYTES + 2;
/// Enough for version, kind, the counts of the groups, and a preamble with an instant or a source.
/// An S3 key has at most 1,024 bytes, and so has a version id. Those of emulators may be slightly
/// longer.
const MAX_FRAME_BYTES: usize = 16 * 1024;
/// How many bytes of a segment stores may use.
const ROOM: usize = MAX_SEGMENT_BYTES - MAX_FRAME_BYTES;
/// How many polls of one store always fit into a segment, whatever the time between them.
const MAX_POLLS_A_STORE: usize = (ROOM - MAX_ID_BYTES) / MAX_VARINT_BYTES - 1;

/// A store and some of its polls.
type StorePolls<'a> = (&'a StoreId, &'a [Poll]);
/// A store and its rows, [in order](put_in_order).
type StoreRows<'a> = (StoreId, &'a [PackedRow]);

/// Packs polls of stores of one shard. Each UTC day has its own segment, or several if one would be
/// too large.
///
/// Stores may be in any order. Each store may occur only once.
pub fn pack_polls(shard: Shard, mut stores: Vec<(StoreId, PollSet)>) -> Vec<Segment> {
    stores.sort_unstable_by(|(this, _), (that, _)| order_in_segment(this, that));
    pack_sorted_polls(shard, stores.iter().map(|(store, polls)| (store, polls.as_slice())))
}

/// Like [`pack_polls`], for stores that are already in the order of a segment. The polls of each
/// store must be sorted and without repeats, as in a [`PollSet`].
pub(crate) fn pack_sorted_polls<'a>(
    shard: Shard,
    stores: impl Iterator<Item = StorePolls<'a>>,
) -> Vec<Segment> {
    let mut days: Vec<(UtcDay, Vec<StorePolls>)> = Vec::new();
    for (store, polls) in stores {
        let mut rest = polls;
        // A store usually has polls on consecutive days, so the next day is nearly always the right
        // one.
        let mut next = 0;
        while let Some(first) = rest.first() {
            let day = UtcDay::of(first.at());
            if days.get(next).is_none_or(|(of_next, _)| *of_next != day) {
                next = days.partition_point(|(of_day, _)| *of_day < day);
                if days.get(next).is_none_or(|(of_next, _)| *of_next != day) {
                    days.insert(next, (day, Vec::new()));
                }
            }
            let count = rest.iter().take_while(|poll| poll.at() < day.end()).count();
            let (of_day, later) = rest.split_at(count);
            days[next].1.extend(of_day.chunks(MAX_POLLS_A_STORE).map(|polls| (store, polls)));
            rest = later;
            next += 1;
        }
    }
    let mut segments = Vec::with_capacity(days.len());
    for (day, entries) in days {
        let size = |polls: &[Poll]| MAX_ID_BYTES + (1 + polls.len()) * MAX_VARINT_BYTES;
        for part in parts(&entries, |(_, polls)| size(polls)) {
            let bytes = encode_polls(part);
            segments.push(Segment { shard, kind: SegmentKind::Polls(day), bytes });
        }
    }
    segments
}

/// Packs the rows of hours that a file has for stores of one shard. Each store may occur only once
/// and have at most [`super::MAX_OPENING_ROWS`] rows. Rows without effect are left out.
pub fn pack_hours(
    shard: Shard,
    source: &Source,
    stores: Vec<(StoreId, Vec<HoursRow>)>,
) -> Vec<Segment> {
    let (stores, mut rows) = packed(stores);
    pack_ordered_hours(shard, source, in_order(stores, &mut rows))
}

/// Packs the rows of special days that a file has for stores of one shard. Each store may occur only
/// once and have at most [`super::MAX_OPENING_ROWS`] rows. Rows without effect are left out.
pub fn pack_special_days(
    shard: Shard,
    source: &Source,
    stores: Vec<(StoreId, Vec<SpecialRow>)>,
) -> Vec<Segment> {
    let (stores, mut rows) = packed(stores);
    pack_ordered_special_days(shard, source, in_order(stores, &mut rows))
}

fn packed<Day: RowDay>(
    stores: Vec<(StoreId, Vec<OpeningRow<Day>>)>,
) -> (Vec<StoreId>, Vec<Vec<PackedRow>>) {
    let packed = |rows: Vec<OpeningRow<Day>>| rows.into_iter().map(PackedRow::new).collect();
    stores.into_iter().map(|(store, rows)| (store, packed(rows))).unzip()
}

fn in_order(stores: Vec<StoreId>, rows: &mut [Vec<PackedRow>]) -> Vec<StoreRows<'_>> {
    stores.into_iter().zip(rows.iter_mut().map(|rows| put_in_order(rows))).collect()
}

/// Like [`pack_hours`], for rows that are already [in order](put_in_order).
pub(crate) fn pack_ordered_hours(
    shard: Shard,
    source: &Source,
    stores: Vec<StoreRows>,
) -> Vec<Segment> {
    let kind = (ReplacingKind::Hours, HOURS);
    pack_openings(shard, kind, source, stores, MAX_HOURS_ROW_BYTES, |bytes, rows| {
        for row in rows {
            write_hours_row(bytes, row.row());
        }
    })
}

/// Like [`pack_special_days`], for rows that are already [in order](put_in_order).
pub(crate) fn pack_ordered_special_days(
    shard: Shard,
    source: &Source,
    stores: Vec<StoreRows>,
) -> Vec<Segment> {
    let kind = (ReplacingKind::SpecialDays, SPECIAL_DAYS);
    pack_openings(shard, kind, source, stores, MAX_SPECIAL_ROW_BYTES, |bytes, rows| {
        let mut before = 0;
        for row in rows {
            before = write_special_row(bytes, row.row(), before);
        }
    })
}

/// Packs the rows of a kind of which a store may have several. `write_rows` writes those of a store.
fn pack_openings(
    shard: Shard,
    kind: (ReplacingKind, u8),
    source: &Source,
    stores: Vec<StoreRows>,
    max_row_bytes: usize,
    write_rows: impl Fn(&mut Vec<u8>, &[PackedRow]),
) -> Vec<Segment> {
    pack_replacing(
        shard,
        kind,
        source,
        stores,
        |(_, rows)| MAX_ID_BYTES + MAX_VARINT_BYTES + rows.len() * max_row_bytes,
        |bytes, part| {
            // Most ids have at most 16 bytes, and most rows of hours have five.
            bytes.reserve(part.iter().map(|(_, rows)| 18 + 5 * rows.len()).sum());
            write_stores(bytes, part, |bytes, rows| {
                write_count(bytes, rows.len());
                write_rows(bytes, rows);
            });
        },
    )
}

/// Packs the zones that a file has for stores of one shard. Each store may occur only once. `None`
/// means that the file leaves the zone empty.
pub fn pack_zones(
    shard: Shard,
    source: &Source,
    stores: Vec<(StoreId, Option<Zone>)>,
) -> Vec<Segment> {
    pack_replacing(
        shard,
        (ReplacingKind::Zones, ZONES),
        source,
        stores,
        // Counts one name of at most 32 bytes per store, although most stores share names.
        |(store, _)| store.with_text(str::len) + 8 + 40,
        |bytes, part| {
            let mut names: Vec<&str> = part.iter().map(|(_, zone)| name_of(*zone)).collect();
            names.sort_unstable();
            names.dedup();
            write_count(bytes, names.len());
            for name in &names {
                write_text(bytes, name);
            }
            write_stores(bytes, part, |bytes, zone| {
                write_count(bytes, names.binary_search(&name_of(*zone)).unwrap_or_default());
            });
        },
    )
}

/// Packs the rows that a file has for stores of one shard. All rows of a store are in one segment,
/// so they replace older rows together.
///
/// `kind_byte` names the kind in a segment. `max_bytes` returns the most bytes a store needs.
/// `write` writes what follows the source in a segment of these stores.
fn pack_replacing<Rows>(
    shard: Shard,
    (kind, kind_byte): (ReplacingKind, u8),
    source: &Source,
    mut stores: Vec<(StoreId, Rows)>,
    max_bytes: impl Fn(&(StoreId, Rows)) -> usize,
    write: impl Fn(&mut Vec<u8>, &[(StoreId, Rows)]),
) -> Vec<Segment> {
    stores.sort_unstable_by(|(this, _), (that, _)| order_in_segment(this, that));
    let encode = |part: &[(StoreId, Rows)]| {
        let mut bytes = vec![SOURCED_VERSION, kind_byte];
        write_source(&mut bytes, source);
        write(&mut bytes, part);
        Segment { shard, kind: SegmentKind::Replacing(kind), bytes }
    };
    parts(&stores, max_bytes).map(encode).collect()
}

/// Returns the name to store. It is empty if no zone is known.
fn name_of(zone: Option<Zone>) -> &'static str {
    zone.map_or("", Zone::name)
}

fn encode_polls(stores: &[StorePolls]) -> Vec<u8> {
    let firsts = stores.iter().filter_map(|(_, polls)| polls.first());
    let base = firsts.map(|poll| poll.at()).min().unwrap_or(Timestamp::from_micros(0));
    let mut bytes = vec![VERSION, POLLS];
    // Most ids have at most 16 bytes, and most polls are about an hour apart.
    bytes.reserve(stores.iter().map(|(_, polls)| 18 + 5 * polls.len()).sum());
    write_signed(&mut bytes, base.micros());
    write_stores(&mut bytes, stores, |bytes, polls| {
        write_count(bytes, polls.len());
        let mut before = base.micros();
        for poll in *polls {
            let distance = poll.at().micros().abs_diff(before);
            write_varint(bytes, distance << 1 | poll.status() as u64);
            before = poll.at().micros();
        }
    });
    bytes
}

/// Divides entries into parts that fit a segment. `max_bytes` returns the most bytes an entry
/// needs.
fn parts<Entry>(
    entries: &[Entry],
    max_bytes: impl Fn(&Entry) -> usize,
) -> impl Iterator<Item = &[Entry]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut room = ROOM;
        let fits = |entry: &&Entry| {
            let left = room.checked_sub(max_bytes(entry));
            room = left.unwrap_or_default();
            left.is_some()
        };
        // At least one entry: no entry is longer than a segment.
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (part, later) = rest.split_at(count);
        rest = later;
        (!part.is_empty()).then_some(part)
    })
}

/// Orders stores by the group of a segment, then by number, bytes or text.
pub(crate) fn order_in_segment(this: &StoreId, that: &StoreId) -> std::cmp::Ordering {
    match (this.form(), that.form()) {
        (IdForm::Integer(this), IdForm::Integer(that)) => this.cmp(that),
        (IdForm::Uuid(this), IdForm::Uuid(that)) => this.cmp(that),
        (IdForm::Text(this), IdForm::Text(that)) => this.cmp(that),
        (this, that) => group(this).cmp(&group(that)),
    }
}

fn group(form: &IdForm) -> u8 {
    match form {
        IdForm::Integer(_) => 0,
        IdForm::Uuid(_) => 1,
        IdForm::Text(_) => 2,
    }
}

/// Writes the three groups of stores, each store with its data. `stores` must be in the order of a
/// segment.
fn write_stores<Id: Borrow<StoreId>, Data>(
    bytes: &mut Vec<u8>,
    stores: &[(Id, Data)],
    write_data: impl Fn(&mut Vec<u8>, &Data),
) {
    let mut rest = stores;
    for number in 0..3 {
        let is_later = |(store, _): &(Id, Data)| group(store.borrow().form()) > number;
        let (of_group, later) = rest.split_at(rest.iter().position(is_later).unwrap_or(rest.len()));
        rest = later;
        write_count(bytes, of_group.len());
        for (store, data) in of_group {
            match store.borrow().form() {
                IdForm::Integer(integer) => bytes.extend_from_slice(&integer.to_be_bytes()),
                IdForm::Uuid(halves) => {
                    bytes.extend_from_slice(halves.map(u64::to_be_bytes).as_flattened());
                }
                IdForm::Text(text) => write_text(bytes, text),
            }
            write_data(bytes, data);
        }
    }
}

fn write_source(bytes: &mut Vec<u8>, source: &Source) {
    write_signed(bytes, source.uploaded_at.micros());
    write_text(bytes, &source.key);
    write_text(bytes, &source.version);
    write_varint(bytes, source.rank.into());
    write_count(bytes, usize::from(source.event.is_some()));
    if let Some(event) = &source.event {
        write_signed(bytes, event.time.micros());
        write_text(bytes, event.sequencer.as_str());
    }
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_count(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}
