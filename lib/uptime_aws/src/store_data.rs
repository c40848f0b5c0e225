//! The segments in `DynamoDB`, and the instant of the newest poll (`README.md`, "Segments").
//!
//! A segment's key is made from its content, so writing it again changes nothing except when it
//! expires. No write needs to read first.

use std::collections::HashSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use uptime::parameters::ReportParameters;
use uptime::segment::{DecodeError, Segment, SegmentKind, Source, decode};
use uptime::{Shard, StoreId, Timestamp};

use crate::batch_write::{Batches, Write};
use crate::consumed_units::{ConsumedUnits, UnitCounter};
use crate::item_key::{Item, ItemKey, SortKeys, partition};
use crate::store_data_error::{ItemFault, StoreDataError};
use crate::superseded::{is_superseded, named_stores};
use crate::throttling;
use crate::{CallError, Clients, Deadline, Metric, attributes};

/// The data table.
#[derive(Debug, Clone)]
pub struct StoreData {
    client: Client,
    table: String,
    consumed: UnitCounter,
}

/// A segment as stored. Its bytes are not decoded yet and may not be a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSegment {
    item: ItemKey,
    /// The bytes to decode.
    pub bytes: Vec<u8>,
}

impl StoredSegment {
    /// Adds to an error in the bytes which item they are from.
    pub fn unreadable(&self, error: DecodeError) -> StoreDataError {
        StoreDataError::Unreadable { item: self.item.clone(), source: error.into() }
    }
}

impl StoreData {
    /// Makes the client; nothing is called yet.
    pub fn new(clients: &impl Clients, table: &str) -> StoreData {
        let consumed = UnitCounter::default();
        StoreData { client: clients.dynamodb(), table: table.to_owned(), consumed }
    }

    /// Sends the metric of the units that segments have cost since it was last sent, unless that is
    /// none.
    pub fn send_consumed_units(&self) {
        let ConsumedUnits { read, write } = self.consumed.take();
        if read + write > 0.0 {
            Metric::UnitsConsumed { read, write }.send();
        }
    }

    /// Returns the instant of the newest stored poll; `None` if no poll is stored.
    pub async fn newest_poll(&self) -> Result<Option<Timestamp>, StoreDataError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(ItemKey::newest_poll().to_item()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|source| CallError::new("GetItem", source))?;
        let Some(item) = answer.item else {
            return Ok(None);
        };
        let poll_at = item.get(attributes::POLL_AT).and_then(|value| value.as_n().ok());
        let micros = poll_at.and_then(|micros| micros.parse().ok());
        let malformed = || malformed(ItemKey::newest_poll(), attributes::POLL_AT);
        let micros = micros.ok_or_else(malformed)?;
        Ok(Some(Timestamp::from_micros(micros)))
    }

    /// Raises the newest poll's instant to `at`, unless it is as late already. Retries until the
    /// deadline while throttled.
    pub async fn raise_newest_poll(
        &self,
        at: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        let raise = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(ItemKey::newest_poll().to_item()))
            .update_expression("SET #poll_at = :at")
            .condition_expression("attribute_not_exists(#poll_at) OR #poll_at < :at")
            .expression_attribute_names("#poll_at", attributes::POLL_AT)
            .expression_attribute_values(":at", AttributeValue::N(at.micros().to_string()));
        match throttling::wait_out(deadline, || raise.clone().send()).await {
            Err(error) => {
                let known = error.as_service_error();
                if known.is_some_and(UpdateItemError::is_conditional_check_failed_exception) {
                    return Ok(());
                }
                Err(CallError::new("UpdateItem", error).into())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Stores segments in any order. Storing a segment several times is the same as once, except that
    /// polls expire when the last write says. `None`: they never expire. Other segments never do.
    pub async fn write_segments(
        &self,
        segments: &[Segment],
        source: &Source,
        polls_expire_at: Option<Timestamp>,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        let writes = segments.iter().map(|segment| {
            let expires_at = match segment.kind {
                SegmentKind::Polls(_) => polls_expire_at,
                SegmentKind::Replacing(_) => None,
            };
            Write::Put(ItemKey::of_segment(segment, source), &segment.bytes, expires_at)
        });
        self.write_all(writes.collect(), deadline).await
    }

    /// Deletes older segments of the same kind if `segments` name all of their stores. `segments`
    /// must be **all** segments of a load, and must be stored before.
    pub async fn delete_superseded(
        &self,
        segments: &[Segment],
        source: &Source,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        let named = named_stores(segments, source)?;
        let search = |(&(shard, kind), stores)| {
            let older = SortKeys::up_to(kind, source);
            superseded_items(self.pages(shard, older, deadline), stores, source)
        };
        let searches: Vec<_> = named.iter().map(search).collect();
        let found = stream::iter(searches).buffer_unordered(SEARCHES_IN_FLIGHT).try_concat();
        let keys = tokio::time::timeout(deadline.left(), found)
            .await
            .map_err(|elapsed| CallError::new("Query", elapsed))??;
        let deletions = keys.into_iter().map(Write::Delete).collect();
        self.write_all(deletions, deadline).await
    }

    async fn write_all(
        &self,
        writes: Vec<Write<'_>>,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        let batches =
            Batches { client: &self.client, table: &self.table, consumed: &self.consumed };
        batches.write_all(writes, deadline).await
    }

    /// Returns the segments of a shard that a report needs, one page at a time, in any order. A
    /// segment that changed after it was written is an error, even if it can be decoded.
    ///
    /// Reads both ranges at once, so that one page is on its way while another is decoded. Retries
    /// until the deadline while throttled.
    pub fn segments_of(
        &self,
        shard: Shard,
        parameters: &ReportParameters,
        deadline: Deadline,
    ) -> impl Stream<Item = Result<Vec<StoredSegment>, StoreDataError>> + Send + use<> {
        let polls = self.pages(shard, SortKeys::of_polls(parameters), deadline);
        let replacing = self.pages(shard, SortKeys::of_replacing(), deadline);
        stream::select(polls, replacing)
            .map(|page| page?.into_iter().map(undamaged_segment).collect())
    }

    /// Reads a range of a shard to its end, one page at a time, including everything written
    /// before.
    fn pages(
        &self,
        shard: Shard,
        keys: SortKeys,
        deadline: Deadline,
    ) -> impl Stream<Item = Result<Vec<Item>, StoreDataError>> + Send + use<> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#pk", attributes::PK)
            .expression_attribute_names("#sk", attributes::SK)
            .expression_attribute_values(":pk", AttributeValue::S(partition(shard)))
            .expression_attribute_values(":first", AttributeValue::S(keys.first))
            .expression_attribute_values(":last", AttributeValue::S(keys.last))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .consistent_read(true);
        let consumed = self.consumed.clone();
        stream::try_unfold(NextPage::First, move |next| {
            // Boxed because callers hold many ranges, and a call's future has 8 KB.
            query_page(query.clone(), next, consumed.clone(), deadline).boxed()
        })
    }

    /// Records that `folder` holds the load of a file with this SHA-256. If another load of the
    /// same content was first, returns the folder of that load. Retries until the deadline while
    /// throttled.
    pub async fn first_load_of_content(
        &self,
        sha256: &str,
        folder: &str,
        deadline: Deadline,
    ) -> Result<Option<String>, StoreDataError> {
        let remember = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(ItemKey::first_load(sha256).to_item()))
            .item(attributes::LOAD_FOLDER, AttributeValue::S(folder.to_owned()))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", attributes::PK)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let remembered = throttling::wait_out(deadline, || remember.clone().send()).await;
        let Err(error) = remembered else {
            return Ok(None);
        };
        let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
        else {
            return Err(CallError::new("PutItem", error).into());
        };
        let first = taken.item().and_then(|item| item.get(attributes::LOAD_FOLDER)?.as_s().ok());
        let malformed = || malformed(ItemKey::first_load(sha256), attributes::LOAD_FOLDER);
        let first = first.ok_or_else(malformed)?;
        Ok((first != folder).then(|| first.clone()))
    }
}

/// How many shards are searched at once for segments that a load replaces. Each may hold a page of
/// 1 MB.
const SEARCHES_IN_FLIGHT: usize = 8;

/// Finds the items that `source` replaces. Skips items that cannot be decoded, and damaged items,
/// because they may name other stores than were written.
async fn superseded_items(
    pages: impl Stream<Item = Result<Vec<Item>, StoreDataError>>,
    named: &HashSet<StoreId>,
    source: &Source,
) -> Result<Vec<ItemKey>, StoreDataError> {
    let mut pages = std::pin::pin!(pages);
    let mut superseded = Vec::new();
    while let Some(page) = pages.try_next().await? {
        for item in page {
            let StoredSegment { item, bytes } = stored_segment(item)?;
            let is_replaced = |older| is_superseded(&older, source, named);
            if item.has_hash_of(&bytes) && decode(&bytes).is_ok_and(is_replaced) {
                superseded.push(item);
            }
        }
    }
    Ok(superseded)
}

/// Where reading a range continues.
#[derive(Debug)]
enum NextPage {
    First,
    After(Item),
    None,
}

/// Reads one page and returns it with the place where reading continues; `None` after the last
/// page.
async fn query_page(
    query: QueryFluentBuilder,
    page: NextPage,
    consumed: UnitCounter,
    deadline: Deadline,
) -> Result<Option<(Vec<Item>, NextPage)>, StoreDataError> {
    let start = match page {
        NextPage::First => None,
        NextPage::After(key) => Some(key),
        NextPage::None => return Ok(None),
    };
    let query = query.set_exclusive_start_key(start.clone());
    let answer = throttling::wait_out(deadline, || query.clone().send()).await;
    let answer = answer.map_err(|source| CallError::new("Query", source))?;
    consumed.add_read(answer.consumed_capacity());
    // A page may be empty without being the last. Only a missing key ends the range.
    let next = match answer.last_evaluated_key {
        None => NextPage::None,
        same if same == start => {
            return Err(CallError::new("Query", "a page ends where it began").into());
        }
        Some(key) => NextPage::After(key),
    };
    Ok(Some((answer.items.unwrap_or_default(), next)))
}

fn stored_segment(mut item: Item) -> Result<StoredSegment, StoreDataError> {
    let key = ItemKey::of_item(&item);
    let key = key.ok_or_else(|| CallError::new("Query", "an item came without its key"))?;
    match item.remove(attributes::SEGMENT) {
        Some(AttributeValue::B(blob)) => Ok(StoredSegment { item: key, bytes: blob.into_inner() }),
        _ => Err(malformed(key, attributes::SEGMENT)),
    }
}

/// Checks the CRC-32. Decoding is no check: a segment with a flipped bit can often be decoded, to
/// other polls, hours or stores.
fn undamaged_segment(mut item: Item) -> Result<StoredSegment, StoreDataError> {
    let stored_crc = item.remove(attributes::CRC);
    let segment = stored_segment(item)?;
    // Items written by earlier versions have no checksum.
    if stored_crc.is_none_or(|crc| crc == segment.item.checksum(&segment.bytes)) {
        return Ok(segment);
    }
    Err(StoreDataError::Unreadable { item: segment.item, source: ItemFault::Damaged })
}

fn malformed(item: ItemKey, attribute: &'static str) -> StoreDataError {
    StoreDataError::Unreadable { item, source: ItemFault::Attribute(attribute) }
}
