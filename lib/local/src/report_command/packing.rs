//! Polls are packed on one thread while others read on: reading a line and packing its poll take
//! about the same time. What takes memory is on the packing thread, the caller's, which uses it
//! again.

use std::collections::HashMap;
use std::mem;
use std::sync::mpsc::{self, Receiver, SyncSender};

use uptime::ingest::{Packed, PollPacker, PollSink};
use uptime::{Poll, StoreId};

/// How many polls are handed over at once.
const BLOCK_POLLS: usize = 1024;
/// How many blocks the readers may be ahead.
const BLOCKS_AHEAD: usize = 4;

type Block = Vec<(StoreId, Poll)>;

/// Polls that a reader hands over.
#[derive(Debug)]
struct Message {
    /// Its place on the line.
    file: usize,
    batch_bytes: usize,
    block: Block,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// The block goes back, to be filled again.
    Used(SyncSender<Block>),
    /// These were the last ones, and all that became of the file's polls goes back.
    Packed(SyncSender<Packed>),
}

/// Takes a file's polls and hands them over.
#[derive(Debug)]
pub(super) struct PollSender {
    file: usize,
    batch_bytes: usize,
    block: Block,
    messages: SyncSender<Message>,
    used: (SyncSender<Block>, Receiver<Block>),
    packed: Packed,
}

/// Makes senders.
#[derive(Debug, Clone)]
pub(super) struct PollSenders(SyncSender<Message>);

/// Packs what senders hand over.
#[derive(Debug)]
pub(super) struct Packing(Receiver<Message>);

pub(super) fn packing() -> (PollSenders, Packing) {
    let (messages, received) = mpsc::sync_channel(BLOCKS_AHEAD);
    (PollSenders(messages), Packing(received))
}

impl PollSenders {
    pub(super) fn of_file(&self, file: usize, batch_bytes: usize) -> PollSender {
        PollSender {
            file,
            batch_bytes,
            block: Vec::with_capacity(BLOCK_POLLS),
            messages: self.0.clone(),
            used: mpsc::sync_channel(BLOCKS_AHEAD),
            packed: Packed::default(),
        }
    }
}

impl PollSender {
    /// The other end is gone only after a panic, which ends the command.
    fn hand_over(&self, block: Block, answer: Answer) -> bool {
        let PollSender { file, batch_bytes, messages, .. } = self;
        messages.send(Message { file: *file, batch_bytes: *batch_bytes, block, answer }).is_ok()
    }
}

impl PollSink for PollSender {
    #[inline]
    fn add(&mut self, store: StoreId, poll: Poll) {
        self.block.push((store, poll));
        if self.block.len() == BLOCK_POLLS {
            let (used, returned) = &self.used;
            let next = returned.try_recv().unwrap_or_else(|_| Vec::with_capacity(BLOCK_POLLS));
            let block = mem::replace(&mut self.block, next);
            self.hand_over(block, Answer::Used(used.clone()));
        }
    }

    fn finish(&mut self) {
        let (packed, returned) = mpsc::sync_channel(1);
        let last = mem::take(&mut self.block);
        if self.hand_over(last, Answer::Packed(packed)) {
            self.packed = returned.recv().unwrap_or_default();
        }
    }

    fn take_packed(&mut self) -> Packed {
        mem::take(&mut self.packed)
    }
}

impl Packing {
    /// Goes on until there is no sender left.
    pub(super) fn run(self) {
        let mut packers = HashMap::new();
        for Message { file, batch_bytes, mut block, answer } in self.0 {
            let packer = packers.entry(file).or_insert_with(|| PollPacker::new(batch_bytes));
            for (store, poll) in block.drain(..) {
                packer.add(store, poll);
            }
            match answer {
                // A block that finds no room is let go.
                Answer::Used(used) => drop(used.try_send(block)),
                Answer::Packed(back) => {
                    packer.finish();
                    drop(back.send(packer.take_packed()));
                    packers.remove(&file);
                }
            }
        }
    }
}
