//! Polls are packed on a thread of their own, while another one reads on: reading a line and
//! packing its poll take about the same time.

use std::mem;
use std::panic;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use uptime::ingest::{Packed, PollPacker, PollSink};
use uptime::{Poll, StoreId};

/// How many polls are handed over at once.
const BLOCK_POLLS: usize = 1024;
/// How many blocks the reader may be ahead.
const BLOCKS_AHEAD: usize = 3;

type Block = Vec<(StoreId, Poll)>;

/// Begins its thread with the first whole block: a small file needs none.
#[derive(Debug)]
pub(super) struct PackThread {
    block: Block,
    packer: Packer,
    packed: Packed,
}

#[derive(Debug)]
enum Packer {
    Here(PollPacker),
    There { blocks: SyncSender<Block>, used: Receiver<Block>, thread: JoinHandle<Packed> },
}

impl PackThread {
    pub(super) fn new(batch_bytes: usize) -> PackThread {
        PackThread {
            block: Vec::with_capacity(BLOCK_POLLS),
            packer: Packer::Here(PollPacker::new(batch_bytes)),
            packed: Packed::default(),
        }
    }

    fn hand_over(&mut self) {
        if let Packer::Here(packer) = &mut self.packer {
            let packer = mem::replace(packer, PollPacker::new(0));
            self.packer = started(packer);
        }
        if let Packer::There { blocks, used, .. } = &self.packer {
            let next = used.try_recv().unwrap_or_else(|_| Vec::with_capacity(BLOCK_POLLS));
            // The other end is gone only after a panic, which `finish` passes on.
            let _ = blocks.send(mem::replace(&mut self.block, next));
        }
    }
}

impl PollSink for PackThread {
    #[inline]
    fn add(&mut self, store: StoreId, poll: Poll) {
        self.block.push((store, poll));
        if self.block.len() == BLOCK_POLLS {
            self.hand_over();
        }
    }

    fn finish(&mut self) {
        let last = mem::take(&mut self.block);
        self.packed = match mem::replace(&mut self.packer, Packer::Here(PollPacker::new(0))) {
            Packer::Here(mut packer) => {
                add_all(&mut packer, &mut { last });
                packer.finish();
                packer.take_packed()
            }
            Packer::There { blocks, thread, .. } => {
                let _ = blocks.send(last);
                drop(blocks);
                thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause))
            }
        };
    }

    fn take_packed(&mut self) -> Packed {
        mem::take(&mut self.packed)
    }
}

fn started(mut packer: PollPacker) -> Packer {
    let (blocks, received) = mpsc::sync_channel::<Block>(BLOCKS_AHEAD);
    let (returned, used) = mpsc::sync_channel(BLOCKS_AHEAD);
    let thread = thread::spawn(move || {
        for mut block in received {
            add_all(&mut packer, &mut block);
            // A block that finds no room is let go.
            let _ = returned.try_send(block);
        }
        packer.finish();
        packer.take_packed()
    });
    Packer::There { blocks, used, thread }
}

fn add_all(packer: &mut PollPacker, block: &mut Block) {
    for (store, poll) in block.drain(..) {
        packer.add(store, poll);
    }
}
