//! Stores and their polls.

mod short_form;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Range, RangeInclusive};

use thiserror::Error;

use crate::Timestamp;
use short_form::{LONGEST_SHORT_TEXT, short_form, write_decimal, write_uuid};

pub(crate) use short_form::USUAL_ID_BYTES;

/// The id of a store: 1 to 128 bytes of UTF-8 without control characters, with no further meaning.
///
/// Two ids are equal if, and only if, their texts are equal byte for byte. Ids are ordered by these
/// bytes. The two usual forms, decimal integers and UUIDs, need no memory on the heap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreId(IdForm);

/// Equal texts always have equal forms, so forms can be compared instead of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdForm {
    /// A decimal integer without leading zeros.
    Integer(u64),
    /// A UUID in lower case, written 8-4-4-4-12: its first 64 bits and its last 64 bits.
    Uuid([u64; 2]),
    /// Anything else.
    Text(Box<str>),
}

/// An id in one of its forms.
pub(crate) trait Id: Clone + Eq + Hash + Ord {
    /// Returns a hash whose top bits are the shard ([`StoreId::mixed`]).
    fn mixed(&self) -> u64;

    /// Returns the form.
    fn into_form(self) -> IdForm;
}

impl Id for u64 {
    #[inline]
    fn mixed(&self) -> u64 {
        mix(*self)
    }

    fn into_form(self) -> IdForm {
        IdForm::Integer(self)
    }
}

impl Id for [u64; 2] {
    #[inline]
    fn mixed(&self) -> u64 {
        let [first, last] = self;
        mix(first ^ mix(*last))
    }

    fn into_form(self) -> IdForm {
        IdForm::Uuid(self)
    }
}

impl Id for Box<str> {
    #[inline]
    fn mixed(&self) -> u64 {
        self.bytes().fold(mix(self.len() as u64), |hash, byte| mix(hash ^ u64::from(byte)))
    }

    fn into_form(self) -> IdForm {
        IdForm::Text(self)
    }
}

/// Why a text is not a store id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StoreIdError {
    /// The text is empty.
    #[error("store_id is empty; 1 to 128 bytes are accepted")]
    Empty,
    /// The text is longer than [`StoreId::MAX_BYTES`].
    #[error("store_id has {0} bytes; 1 to 128 are accepted")]
    TooLong(usize),
    /// The text holds a control character.
    #[error("store_id holds a control character; none is accepted")]
    ControlCharacter,
}

impl StoreId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Takes `text` unchanged. The caller has to remove blanks around it.
    pub fn new(text: &str) -> Result<StoreId, StoreIdError> {
        StoreId::short(text.as_bytes()).map_or_else(|| StoreId::long(text), Ok)
    }

    /// Takes a text in one of the usual forms. `None` means that [`StoreId::long`] has to decide.
    pub(crate) fn short(text: &[u8]) -> Option<StoreId> {
        short_form(text).map(StoreId)
    }

    /// Takes a text that is in none of the usual forms.
    pub(crate) fn long(text: &str) -> Result<StoreId, StoreIdError> {
        if text.is_empty() {
            return Err(StoreIdError::Empty);
        }
        if text.len() > StoreId::MAX_BYTES {
            return Err(StoreIdError::TooLong(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(StoreIdError::ControlCharacter);
        }
        Ok(StoreId(IdForm::Text(text.into())))
    }

    /// Returns the shard that holds this store's data. It never changes.
    #[inline]
    pub fn shard(&self) -> Shard {
        Shard::of(self.mixed())
    }

    /// Returns a hash whose top bits are the shard. It never changes.
    #[inline]
    pub(crate) fn mixed(&self) -> u64 {
        match &self.0 {
            IdForm::Integer(integer) => integer.mixed(),
            IdForm::Uuid(halves) => halves.mixed(),
            IdForm::Text(text) => text.mixed(),
        }
    }

    /// Passes the id's text to `use_text`. Allocates nothing for the usual forms.
    pub fn with_text<R>(&self, use_text: impl FnOnce(&str) -> R) -> R {
        match &self.0 {
            IdForm::Text(text) => use_text(text),
            IdForm::Integer(_) | IdForm::Uuid(_) => {
                let mut buffer = [0; LONGEST_SHORT_TEXT];
                use_text(self.write_short(&mut buffer))
            }
        }
    }

    /// Returns the first eight bytes of the text as a number. Missing bytes are zero. If these
    /// numbers differ for two ids, they have the same order as the texts.
    pub(crate) fn first_bytes(&self) -> u64 {
        self.with_text(|text| {
            let mut bytes = [0; 8];
            let count = text.len().min(bytes.len());
            bytes[..count].copy_from_slice(&text.as_bytes()[..count]);
            u64::from_be_bytes(bytes)
        })
    }

    /// Reads an id in one of the usual forms, which a comma, a quote or a line end must follow, and
    /// returns its length as well. `None` does not mean that the text is wrong: [`StoreId::new`] accepts
    /// more forms.
    #[inline]
    pub(crate) fn usual_form(text: &[u8; USUAL_ID_BYTES]) -> Option<(StoreId, usize)> {
        let (form, length) = short_form::read(text)?;
        Some((StoreId(form), length))
    }

    /// Returns the text of the id if it is in none of the usual forms.
    pub(crate) fn unusual_text(&self) -> Option<&str> {
        match &self.0 {
            IdForm::Text(text) => Some(text),
            IdForm::Integer(_) | IdForm::Uuid(_) => None,
        }
    }

    pub(crate) fn form(&self) -> &IdForm {
        &self.0
    }

    pub(crate) fn into_form(self) -> IdForm {
        self.0
    }

    /// Takes a form that was read from a segment. A text must be one that [`StoreId::new`] keeps as
    /// a text.
    pub(crate) fn from_form(form: IdForm) -> StoreId {
        StoreId(form)
    }

    fn write_short<'b>(&self, buffer: &'b mut [u8; LONGEST_SHORT_TEXT]) -> &'b str {
        let start = match &self.0 {
            IdForm::Integer(integer) => write_decimal(*integer, buffer),
            IdForm::Uuid(halves) => write_uuid(*halves, buffer),
            IdForm::Text(_) => LONGEST_SHORT_TEXT,
        };
        // Only digits, the letters a to f and hyphens were written, so this is always UTF-8.
        std::str::from_utf8(&buffer[start..]).unwrap_or_default()
    }
}

/// Hashes the usual forms with one write. The kind of form is left out, because one map seldom
/// holds ids of different forms.
impl Hash for StoreId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            IdForm::Integer(integer) => state.write_u64(*integer),
            IdForm::Uuid([first, last]) => {
                state.write_u128(u128::from(*first) << 64 | u128::from(*last));
            }
            IdForm::Text(text) => text.hash(state),
        }
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| formatter.write_str(text))
    }
}

impl Ord for StoreId {
    fn cmp(&self, other: &StoreId) -> Ordering {
        match (&self.0, &other.0) {
            (IdForm::Uuid(this), IdForm::Uuid(that)) => this.cmp(that),
            _ => self.with_text(|this| other.with_text(|that| this.cmp(that))),
        }
    }
}

impl PartialOrd for StoreId {
    fn partial_cmp(&self, other: &StoreId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One of the 64 parts of the data. A stable hash of its id assigns each store to a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    const BITS: u32 = 6;
    /// How many shards there are.
    pub const COUNT: usize = 1 << Shard::BITS;

    // The top bits of the hash are the best distributed.
    #[inline]
    pub(crate) fn of(mixed: u64) -> Shard {
        Shard((mixed >> (u64::BITS - Shard::BITS)) as u8)
    }

    /// Returns every shard, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Shard> + Clone {
        (0..1 << Shard::BITS).map(Shard)
    }

    /// Returns the shard's place in [`Shard::all`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The result of a poll. `Inactive` sorts first, because it wins if two polls disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The store did not take orders.
    Inactive = 0,
    /// The store was online.
    Active = 1,
}

impl Status {
    /// Returns its name, as source files and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Inactive => "inactive",
        }
    }
}

/// One observation of a store. Ordered by instant; at one instant, inactive comes first.
///
/// It has eight bytes: the instant, shifted left by one, and the status in the lowest bit. So polls
/// sort as fast as integers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Poll(i64);

impl Poll {
    /// Takes an observation made at `at`, which must be within 140,000 years of 1970.
    pub const fn new(at: Timestamp, status: Status) -> Poll {
        debug_assert!(at.micros() << 1 >> 1 == at.micros(), "an instant that no poll can hold");
        Poll(at.micros() << 1 | status as i64)
    }

    /// Returns the eight bytes. They have the same order as polls.
    pub(crate) const fn bits(self) -> i64 {
        self.0
    }

    /// Takes bytes that [`Poll::bits`] returned.
    pub(crate) const fn from_bits(bits: i64) -> Poll {
        Poll(bits)
    }

    /// Returns when the poll was taken.
    pub const fn at(self) -> Timestamp {
        Timestamp::from_micros(self.0 >> 1)
    }

    /// Returns the status that the poll found.
    pub const fn status(self) -> Status {
        if self.0 & 1 == Status::Active as i64 { Status::Active } else { Status::Inactive }
    }
}

impl fmt::Debug for Poll {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {:?}", self.at(), self.status())
    }
}

/// The polls of one store as a set: in order, at most one per instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollSet {
    // Invariant: sorted, and no two polls have the same instant.
    polls: Vec<Poll>,
}

impl PollSet {
    /// Takes polls in any order, with repeats. Keeps one poll per instant, an inactive one if there
    /// is any.
    pub fn new(mut polls: Vec<Poll>) -> PollSet {
        if !polls.is_sorted_by(|this, that| this.at() < that.at()) {
            polls.sort_unstable();
            polls.dedup_by_key(|poll| poll.at());
        }
        PollSet { polls }
    }

    /// Drops all polls except those between two instants, both included.
    pub fn keep_between(&mut self, instants: &RangeInclusive<Timestamp>) {
        let kept = places_between(&self.polls, instants);
        self.polls.truncate(kept.end);
        self.polls.drain(..kept.start);
    }

    /// Returns the polls in order.
    pub fn as_slice(&self) -> &[Poll] {
        &self.polls
    }
}

/// Returns the polls between two instants, both included. `polls` are in order. There are none if the
/// first instant is after the last.
pub(crate) fn polls_between<'a>(
    polls: &'a [Poll],
    instants: &RangeInclusive<Timestamp>,
) -> &'a [Poll] {
    &polls[places_between(polls, instants)]
}

fn places_between(polls: &[Poll], instants: &RangeInclusive<Timestamp>) -> Range<usize> {
    let start = polls.partition_point(|poll| poll.at() < *instants.start());
    let count = polls[start..].partition_point(|poll| poll.at() <= *instants.end());
    start..start + count
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014). It must never change, because stored data depends on it.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
