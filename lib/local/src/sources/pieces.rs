//! Reads a plain file of polls on all cores.
//!
//! The file is cut into pieces after line ends. Each core takes the next piece and reads its rows.
//! The rows are added in the file's order, so what is read does not depend on the number of cores.
//! If a piece turns out not to end between rows, the rest of the file is read in order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use uptime::ingest::{Ingest, Piece, PieceReader};

use super::cores;

/// Large enough that cores seldom wait for each other, small enough for the nearest caches.
const PIECE_BYTES: usize = 256 << 10;

/// The rest of a file from a row on.
pub(super) struct Rest {
    file: File,
    /// Bytes that were read already and come next.
    unread: Vec<u8>,
    next_number: usize,
}

/// The bytes of a piece and what was read of them.
#[derive(Default)]
struct ReadPiece {
    bytes: Vec<u8>,
    piece: Piece,
}

/// Adds pieces in order.
struct Adder<'i, F> {
    ingest: &'i mut Ingest,
    /// Called after pieces were added, because output may be ready.
    take: F,
    /// Pieces that wait for an earlier one, by number.
    waiting: BTreeMap<usize, ReadPiece>,
    next_number: usize,
    /// The next piece did not begin with a row.
    is_in_order_only: bool,
    outcome: io::Result<()>,
    /// A core has failed, so a piece will never be added.
    is_stopped: bool,
    spare: Vec<ReadPiece>,
}

impl Rest {
    /// `unread` has to begin with a row.
    pub(super) fn new(file: File, unread: Vec<u8>) -> Rest {
        Rest { file, unread, next_number: 0 }
    }

    /// Reads the next piece into `bytes` and returns its number. `None`: no more than a part of a line
    /// is left, which is in `self.unread`.
    fn take_piece(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
        bytes.clear();
        bytes.append(&mut self.unread);
        let before = bytes.len();
        (&self.file).take(PIECE_BYTES as u64).read_to_end(bytes)?;
        if bytes.len() == before {
            self.unread = mem::take(bytes);
            return Ok(None);
        }
        if let Some(last_line_end) = bytes.iter().rposition(|byte| *byte == b'\n') {
            self.unread.extend(bytes.drain(last_line_end + 1..));
        }
        let number = self.next_number;
        self.next_number += 1;
        Ok(Some(number))
    }

    /// Feeds the rest of the file. Calls `take` whenever output may be ready.
    pub(super) fn read(
        self,
        reader: PieceReader,
        ingest: &mut Ingest,
        take: impl FnMut(&mut Ingest) + Send,
    ) -> io::Result<()> {
        let most_waiting = 2 * cores::count();
        let rest = Mutex::new(self);
        let adder = Mutex::new(Adder {
            ingest,
            take,
            waiting: BTreeMap::new(),
            next_number: 0,
            is_in_order_only: false,
            outcome: Ok(()),
            is_stopped: false,
            spare: Vec::new(),
        });
        let has_advanced = Condvar::new();
        cores::on_each(|| {
            let _stop = StopOnPanic(|| {
                lock(&adder).is_stopped = true;
                has_advanced.notify_all();
            });
            let mut read = ReadPiece::default();
            loop {
                let number = match lock(&rest).take_piece(&mut read.bytes) {
                    Ok(Some(number)) => number,
                    Ok(None) => break,
                    Err(error) => {
                        let mut adder = lock(&adder);
                        adder.outcome = Err(error);
                        adder.is_stopped = true;
                        has_advanced.notify_all();
                        break;
                    }
                };
                if !lock(&adder).is_in_order_only {
                    reader.read(&read.bytes, &mut read.piece);
                }
                let mut adder = lock(&adder);
                adder.add(number, read);
                has_advanced.notify_all();
                let is_ahead = |adder: &mut Adder<_>| adder.is_ahead(most_waiting);
                adder = has_advanced
                    .wait_while(adder, is_ahead)
                    .unwrap_or_else(PoisonError::into_inner);
                if adder.is_stopped {
                    break;
                }
                read = adder.spare.pop().unwrap_or_default();
            }
        });
        let Rest { unread, .. } = rest.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Adder { ingest, outcome, .. } =
            adder.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome?;
        // An error is final, so finishing the file returns it again.
        let _ = ingest.feed(&unread);
        Ok(())
    }
}

impl<F: FnMut(&mut Ingest)> Adder<'_, F> {
    /// Adds a piece and all pieces that waited for it, or lets it wait.
    fn add(&mut self, number: usize, read: ReadPiece) {
        self.waiting.insert(number, read);
        while let Some(mut read) = self.waiting.remove(&self.next_number) {
            self.next_number += 1;
            if self.is_in_order_only {
                read.piece = Piece::default();
                // An error is final, so finishing the file returns it again.
                let _ = self.ingest.feed(&read.bytes);
            } else {
                self.is_in_order_only = !self.ingest.add_piece(&mut read.piece);
            }
            self.spare.push(read);
            (self.take)(self.ingest);
        }
    }

    /// Returns whether so many pieces wait that no core should read another one.
    fn is_ahead(&self, most_waiting: usize) -> bool {
        !self.is_stopped && self.waiting.len() > most_waiting
    }
}

/// Calls a function if its thread panics.
struct StopOnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for StopOnPanic<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
