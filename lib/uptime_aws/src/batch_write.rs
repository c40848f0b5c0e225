//! Many writes at once: repeats `BatchWriteItem` until everything is accepted or the deadline
//! passes.
//!
//! `DynamoDB` may accept a part of a batch and return the rest (`UnprocessedItems`), or throttle
//! and refuse the whole batch. Both are sent again after a wait. Sending a write twice changes
//! nothing.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, PutRequest, ReturnConsumedCapacity, WriteRequest,
};
use futures::{StreamExt, stream};
use uptime::Timestamp;
use uptime::segment::MAX_SEGMENT_BYTES;

use crate::backoff::Backoff;
use crate::consumed_units::UnitCounter;
use crate::item_key::ItemKey;
use crate::report_item::{number, seconds};
use crate::store_data_error::StoreDataError;
use crate::throttling::is_throttled;
use crate::{CallError, Deadline, attributes};

/// One item to be written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write<'a> {
    /// Writes a segment, which never expires unless an instant is given. An item with this key is
    /// replaced, its instant too.
    Put(ItemKey, &'a [u8], Option<Timestamp>),
    /// Deletes the item with this key.
    Delete(ItemKey),
}

/// `DynamoDB`'s limit per batch write.
const BATCH_ITEMS: usize = 25;
/// `DynamoDB`'s limit for the bytes of a batch write.
const BATCH_BYTES: usize = 16_000_000;
/// An upper bound for a key, the attribute names and JSON's punctuation.
const ITEM_OVERHEAD_BYTES: usize = 500;
// Base64 turns three bytes into four. 25 segments of any size fit, so only the number counts.
const _: () =
    assert!(BATCH_ITEMS * (MAX_SEGMENT_BYTES * 4 / 3 + ITEM_OVERHEAD_BYTES) <= BATCH_BYTES);
/// Several batches at once save round trips. Not more, because each batch in flight may hold its
/// segments twice, as bytes and as JSON.
const BATCHES_IN_FLIGHT: usize = 4;

const OPERATION: &str = "BatchWriteItem";

/// Where writes go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batches<'c> {
    pub(crate) client: &'c Client,
    pub(crate) table: &'c str,
    pub(crate) consumed: &'c UnitCounter,
}

impl Batches<'_> {
    /// Writes everything, in any order. Of several writes with the same key only the first is sent:
    /// `DynamoDB` refuses a batch that has a key twice, and equal keys mean equal segments.
    ///
    /// Spreads the writes over the partitions: segments come shard by shard, and one partition key
    /// accepts only 1,000 of the 4,000 write units per second that a new table accepts.
    pub(crate) async fn write_all(
        self,
        writes: Vec<Write<'_>>,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        let writes = spread(first_by(writes, |write| write.key().clone()));
        let mut unprocessed = writes.len();
        let batches: Vec<_> =
            writes.chunks(BATCH_ITEMS).map(|batch| self.write_batch(batch, deadline)).collect();
        let mut outcomes = stream::iter(batches).buffer_unordered(BATCHES_IN_FLIGHT);
        while let Some(written) = outcomes.next().await {
            unprocessed -= written?;
        }
        if unprocessed == 0 { Ok(()) } else { Err(StoreDataError::Throttled { unprocessed }) }
    }

    /// Returns how many writes were accepted by the deadline.
    async fn write_batch(
        self,
        batch: &[Write<'_>],
        deadline: Deadline,
    ) -> Result<usize, CallError> {
        let mut backoff = Backoff::default();
        let mut pending: Vec<&Write> = batch.iter().collect();
        loop {
            let before = pending.len();
            pending = self.send(pending, deadline).await?;
            if pending.len() < before {
                // The table accepts writes again, so a long wait would leave capacity unused.
                backoff = Backoff::default();
            }
            if pending.is_empty() || !backoff.wait(deadline).await {
                return Ok(batch.len() - pending.len());
            }
        }
    }

    /// Sends a batch once and returns what was not accepted.
    async fn send<'w, 'a>(
        self,
        pending: Vec<&'w Write<'a>>,
        deadline: Deadline,
    ) -> Result<Vec<&'w Write<'a>>, CallError> {
        let requests: Result<Vec<_>, _> = pending.iter().map(|write| write.to_request()).collect();
        let requests = requests.map_err(|source| CallError::new(OPERATION, source))?;
        let call = self
            .client
            .batch_write_item()
            .request_items(self.table, requests)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        let answer = match tokio::time::timeout(deadline.left(), call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if is_throttled(&error) => return Ok(pending),
            Ok(Err(error)) => return Err(CallError::new(OPERATION, error)),
            Err(_elapsed) => return Ok(pending),
        };
        self.consumed.add_written(answer.consumed_capacity());
        Ok(still_pending(pending, &answer.unprocessed_items.unwrap_or_default()))
    }
}

/// Keeps the writes that were returned as unprocessed. If one of those has no readable key, keeps
/// all.
fn still_pending<'w, 'a>(
    pending: Vec<&'w Write<'a>>,
    unprocessed: &HashMap<String, Vec<WriteRequest>>,
) -> Vec<&'w Write<'a>> {
    let keys: Option<HashSet<ItemKey>> = unprocessed.values().flatten().map(key_of).collect();
    let Some(keys) = keys else {
        return pending;
    };
    pending.into_iter().filter(|write| keys.contains(write.key())).collect()
}

fn key_of(request: &WriteRequest) -> Option<ItemKey> {
    let put = request.put_request().map(PutRequest::item);
    ItemKey::of_item(put.or_else(|| request.delete_request().map(DeleteRequest::key))?)
}

impl Write<'_> {
    fn key(&self) -> &ItemKey {
        match self {
            Write::Put(key, ..) | Write::Delete(key) => key,
        }
    }

    fn to_request(&self) -> Result<WriteRequest, BuildError> {
        let request = WriteRequest::builder();
        let mut item = self.key().to_item();
        Ok(match self {
            Write::Put(key, segment, expires_at) => {
                if let Some(at) = expires_at {
                    item.insert(attributes::EXPIRES_AT.to_owned(), number(seconds(*at)));
                }
                item.insert(attributes::CRC.to_owned(), key.checksum(segment));
                let segment = AttributeValue::B(Blob::new(*segment));
                item.insert(attributes::SEGMENT.to_owned(), segment);
                request.put_request(PutRequest::builder().set_item(Some(item)).build()?)
            }
            Write::Delete(_) => {
                request.delete_request(DeleteRequest::builder().set_key(Some(item)).build()?)
            }
        }
        .build())
    }
}

/// Keeps the first item for each key, in order.
fn first_by<T, K: Eq + Hash>(all: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::with_capacity(all.len());
    all.into_iter().filter(|one| seen.insert(key(one))).collect()
}

/// Orders writes so that those of one partition are as far apart as possible.
fn spread(writes: Vec<Write<'_>>) -> Vec<Write<'_>> {
    let mut of_partition = HashMap::new();
    let mut numbered: Vec<_> = writes
        .into_iter()
        .map(|write| {
            let number = of_partition.entry(write.key().partition().to_owned()).or_insert(0);
            *number += 1;
            (*number, write)
        })
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, write)| write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_write_of_each_key_is_kept() {
        let kept = first_by(vec!["b1", "a1", "b2", "c1", "a2"], |text| text.as_bytes()[0]);
        assert_eq!(kept, ["b1", "a1", "c1"]);
    }

    #[test]
    fn writes_of_one_partition_are_spread() {
        let writes =
            "aaabbc".chars().map(|letter| Write::Delete(ItemKey::first_load(&letter.to_string())));
        let spread = spread(writes.collect());
        let letters =
            spread.iter().map(|write| write.key().partition().chars().next_back().unwrap());
        assert_eq!(letters.collect::<String>(), "abcaba");
    }

    #[test]
    fn only_unprocessed_writes_are_still_pending() {
        check("abc", "", "");
        check("abc", "b", "b");
        check("abc", "ca", "ac");
        check("abc", "abc", "abc");
    }

    #[test]
    fn an_unprocessed_write_without_a_key_leaves_all_pending() {
        let writes = writes("abc");
        let unknown = HashMap::from([("data".to_owned(), vec![WriteRequest::builder().build()])]);

        let pending = still_pending(writes.iter().collect(), &unknown);

        assert_eq!(pending.len(), 3);
    }

    #[test]
    fn the_key_of_a_write_reads_back_from_its_request() {
        for write in writes("ab") {
            assert_eq!(key_of(&write.to_request().unwrap()).as_ref(), Some(write.key()));
        }
    }

    #[track_caller]
    fn check(sent: &str, handed_back: &str, expected: &str) {
        let sent = writes(sent);
        let requests = writes(handed_back).into_iter().map(|write| write.to_request().unwrap());
        let unprocessed = HashMap::from([("data".to_owned(), requests.collect())]);

        let pending = still_pending(sent.iter().collect(), &unprocessed);

        let expected = writes(expected);
        assert_eq!(pending, expected.iter().collect::<Vec<_>>());
    }

    /// One write per letter; `b` is a deletion.
    fn writes(letters: &str) -> Vec<Write<'static>> {
        let write = |letter: char| {
            let key = ItemKey::first_load(&letter.to_string());
            if letter == 'b' { Write::Delete(key) } else { Write::Put(key, b"segment", None) }
        };
        letters.chars().map(write).collect()
    }
}
