//! Accounts as bytes: the numbers of an account as varints, most of them distances from other instants.
//! They never leave the process, so the form may change with any version.

use super::by_id;
use crate::account::Account;
use crate::certainty::Certainty;
use crate::outage::{Outage, OutageState, Spans};
use crate::report::ReportRow;
use crate::segment::varint::{from_zigzag, read_varint, write_count, write_signed, write_varint};
use crate::store::IdForm;
use crate::timeline::Uptime;
use crate::{Interval, Poll, Status, StoreId, Timestamp, Zone};

/// Accounts without details, in the order of their ids.
#[derive(Debug, Clone)]
pub(super) struct PackedAccounts {
    /// Instants are packed as their distances from this one.
    as_of: Timestamp,
    bytes: Box<[u8]>,
}

/// The usual length of an account, to reserve memory.
const USUAL_ACCOUNT_BYTES: usize = 180;

const ZONE_GIVEN: u64 = 1;
const HOURS_GIVEN: u64 = 2;
const OPEN_AT_END: u64 = 4;
const POLLED: u64 = 8;

/// The down time of the outage is its whole span.
const DOWN_THROUGHOUT: u64 = 1;
const ACTIVE_BEFORE: u64 = 2;
const ACTIVE_AFTER: u64 = 4;
const STATE_SHIFT: u32 = 3;
const STATES: [OutageState; 3] =
    [OutageState::Ended, OutageState::Ongoing, OutageState::EndUnknown];

impl PackedAccounts {
    /// Packs accounts. Their details are dropped.
    pub(super) fn pack(as_of: Timestamp, mut accounts: Vec<Account>) -> PackedAccounts {
        accounts.sort_by_cached_key(by_id);
        let mut packer =
            Packer { as_of, bytes: Vec::with_capacity(accounts.len() * USUAL_ACCOUNT_BYTES) };
        let mut after_id = Packer { as_of, bytes: Vec::new() };
        for account in &accounts {
            after_id.bytes.clear();
            after_id.account(account);
            packer.id(&account.row.store);
            write_count(&mut packer.bytes, after_id.bytes.len());
            packer.bytes.extend_from_slice(&after_id.bytes);
        }
        PackedAccounts { as_of, bytes: packer.bytes.into_boxed_slice() }
    }

    /// Returns the accounts in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Account> {
        let mut unpacker = self.unpacker();
        std::iter::from_fn(move || {
            let store = unpacker.id()?;
            unpacker.number();
            Some(unpacker.account(store))
        })
    }

    /// Returns the ids of the accounts in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = StoreId> {
        let mut unpacker = self.unpacker();
        std::iter::from_fn(move || {
            let store = unpacker.id()?;
            let length = unpacker.count();
            unpacker.take(length);
            Some(store)
        })
    }

    /// Returns the bytes, to measure them.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn unpacker(&self) -> Unpacker<'_> {
        Unpacker { as_of: self.as_of, rest: &self.bytes }
    }
}

/// Writes accounts.
struct Packer {
    as_of: Timestamp,
    bytes: Vec<u8>,
}

impl Packer {
    fn id(&mut self, store: &StoreId) {
        match store.form() {
            IdForm::Integer(integer) => {
                self.bytes.push(0);
                self.bytes.extend_from_slice(&integer.to_be_bytes());
            }
            IdForm::Uuid(halves) => {
                self.bytes.push(1);
                self.bytes.extend_from_slice(halves.map(u64::to_be_bytes).as_flattened());
            }
            IdForm::Text(text) => {
                self.bytes.push(2);
                write_count(&mut self.bytes, text.len());
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Writes everything after the id.
    fn account(&mut self, account: &Account) {
        let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
        let flags = flag(account.zone_given, ZONE_GIVEN)
            | flag(account.hours_given, HOURS_GIVEN)
            | flag(account.open_at_end, OPEN_AT_END)
            | flag(account.last_poll.is_some(), POLLED);
        self.number(flags);
        self.number(account.zone.place().into());
        if let Some(poll) = account.last_poll {
            self.distance(poll.at(), self.as_of);
            self.number(poll.status() as u64);
        }
        for Uptime { up_micros, down_micros, unknown_micros } in account.row.uptimes {
            self.all([up_micros, down_micros, unknown_micros]);
        }
        for Certainty { settled_up_micros, settled_down_micros, covered_micros } in
            account.certainty
        {
            self.all([settled_up_micros, settled_down_micros, covered_micros]);
        }
        write_count(&mut self.bytes, account.outages.len());
        for outage in &account.outages {
            self.outage(outage);
        }
    }

    fn outage(&mut self, outage: &Outage) {
        let Outage { span, down, least_micros, most_micros, inactive_polls, .. } = outage;
        let Outage { last_active_before, first_active_after, state, .. } = outage;
        let is_throughout = down.as_slice() == [*span];
        let state = STATES.iter().position(|other| other == state).unwrap_or_default();
        let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
        let flags = flag(is_throughout, DOWN_THROUGHOUT)
            | flag(last_active_before.is_some(), ACTIVE_BEFORE)
            | flag(first_active_after.is_some(), ACTIVE_AFTER)
            | (state as u64) << STATE_SHIFT;
        self.number(flags);
        self.span(*span, self.as_of);
        if !is_throughout {
            write_count(&mut self.bytes, down.len());
            let mut before = span.start();
            for part in down {
                self.span(*part, before);
                before = part.end();
            }
        }
        self.all([*least_micros, *most_micros]);
        self.number((*inactive_polls).into());
        if let Some(at) = last_active_before {
            self.distance(*at, span.start());
        }
        if let Some(at) = first_active_after {
            self.distance(*at, span.end());
        }
    }

    fn span(&mut self, span: Interval, from: Timestamp) {
        self.distance(span.start(), from);
        self.signed(span.micros());
    }

    fn distance(&mut self, at: Timestamp, from: Timestamp) {
        self.signed(at.micros() - from.micros());
    }

    fn all<const COUNT: usize>(&mut self, numbers: [i64; COUNT]) {
        for number in numbers {
            self.signed(number);
        }
    }

    fn signed(&mut self, number: i64) {
        write_signed(&mut self.bytes, number);
    }

    fn number(&mut self, number: u64) {
        write_varint(&mut self.bytes, number);
    }
}

/// Reads what [`Packer`] wrote.
struct Unpacker<'a> {
    as_of: Timestamp,
    rest: &'a [u8],
}

impl<'a> Unpacker<'a> {
    /// Reads the id of the next account. `None`: there is none.
    fn id(&mut self) -> Option<StoreId> {
        if self.rest.is_empty() {
            return None;
        }
        let form = match self.number() {
            0 => IdForm::Integer(self.word()),
            1 => IdForm::Uuid([self.word(), self.word()]),
            _ => {
                let length = self.count();
                IdForm::Text(String::from_utf8_lossy(self.take(length)).into())
            }
        };
        Some(StoreId::from_form(form))
    }

    /// Reads everything after the id and the length.
    fn account(&mut self, store: StoreId) -> Account {
        let flags = self.number();
        let zone = Zone::at_place(self.small());
        let last_poll = (flags & POLLED != 0).then(|| {
            let at = self.instant(self.as_of);
            Poll::new(at, self.status())
        });
        let uptimes = std::array::from_fn(|_| {
            let [up_micros, down_micros, unknown_micros] = self.all();
            Uptime { up_micros, down_micros, unknown_micros }
        });
        let certainty = std::array::from_fn(|_| {
            let [settled_up_micros, settled_down_micros, covered_micros] = self.all();
            Certainty { settled_up_micros, settled_down_micros, covered_micros }
        });
        let count = self.count();
        Account {
            row: ReportRow { store, uptimes },
            certainty,
            zone,
            zone_given: flags & ZONE_GIVEN != 0,
            hours_given: flags & HOURS_GIVEN != 0,
            last_poll,
            open_at_end: flags & OPEN_AT_END != 0,
            outages: (0..count).map(|_| self.outage()).collect(),
            detail: None,
        }
    }

    fn outage(&mut self) -> Outage {
        let flags = self.number();
        let span = self.span(self.as_of);
        let mut down = Spans::from([span]);
        if flags & DOWN_THROUGHOUT == 0 {
            let mut before = span.start();
            down = (0..self.count())
                .map(|_| {
                    let part = self.span(before);
                    before = part.end();
                    part
                })
                .collect();
        }
        let [least_micros, most_micros] = self.all();
        Outage {
            span,
            down,
            least_micros,
            most_micros,
            inactive_polls: self.small(),
            last_active_before: (flags & ACTIVE_BEFORE != 0).then(|| self.instant(span.start())),
            first_active_after: (flags & ACTIVE_AFTER != 0).then(|| self.instant(span.end())),
            state: STATES[usize::try_from(flags >> STATE_SHIFT).unwrap_or_default()],
        }
    }

    fn status(&mut self) -> Status {
        if self.number() == Status::Active as u64 { Status::Active } else { Status::Inactive }
    }

    fn span(&mut self, from: Timestamp) -> Interval {
        let start = self.instant(from);
        let micros = self.signed();
        Interval::ending_at(start.plus(micros), micros)
    }

    fn instant(&mut self, from: Timestamp) -> Timestamp {
        from.plus(self.signed())
    }

    fn all<const COUNT: usize>(&mut self) -> [i64; COUNT] {
        std::array::from_fn(|_| self.signed())
    }

    fn signed(&mut self) -> i64 {
        from_zigzag(self.number())
    }

    fn count(&mut self) -> usize {
        self.small()
    }

    /// Reads a number that had this type when it was packed.
    #[inline]
    fn small<Number: TryFrom<u64> + Default>(&mut self) -> Number {
        Number::try_from(self.number()).unwrap_or_default()
    }

    /// A number can always be read, because the bytes are those that a [`Packer`] wrote.
    #[inline]
    fn number(&mut self) -> u64 {
        read_varint(&mut self.rest).unwrap_or_default()
    }

    fn word(&mut self) -> u64 {
        self.take(8).first_chunk().copied().map(u64::from_be_bytes).unwrap_or_default()
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }
}
