//! The calls that limited tables refuse when their capacity is used up: `BatchWriteItem` and
//! `Query`, which transfer the segments. All other calls cost a few units and are never refused.

use std::collections::HashMap;

use dynoxide::actions::batch_write_item::{
    BatchWriteItemRequest, BatchWriteItemResponse, WriteRequest,
};
use dynoxide::actions::query::{QueryRequest, QueryResponse};
use dynoxide::types::{KeySchemaElement, KeyType, item_size, write_capacity_units};
use dynoxide::{Database, DynoxideError, Item, Result};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::table_limits::{Capacity, Use};

/// Writes what the capacity allows, and returns the rest as unprocessed. If it allows nothing, the
/// whole call is refused.
///
/// A put counts with the size of the new item, a deletion with one unit. AWS also counts the size of
/// the item that was there before.
pub(super) fn batch_write_item(
    database: &Database,
    capacity: &Capacity,
    call: BatchWriteItemRequest,
) -> Result<BatchWriteItemResponse> {
    let mut unprocessed = HashMap::new();
    let mut accepted = HashMap::new();
    for (table, writes) in call.request_items {
        let key = partition_attribute(database, &table)?;
        let (now, mut refused) = (Instant::now(), Vec::new());
        let fits = |write: &WriteRequest| {
            let partition = item(write).and_then(|item| partition(item, &key));
            let cost = (Use::Write, write_units(write));
            capacity.take(now, &table, partition.as_deref(), cost)
        };
        let (kept, others): (Vec<_>, Vec<_>) = writes.into_iter().partition(fits);
        refused.extend(others.iter().map(as_sent));
        if !refused.is_empty() {
            unprocessed.insert(table.clone(), Value::Array(refused));
        }
        if !kept.is_empty() {
            accepted.insert(table, kept);
        }
    }
    if accepted.is_empty() && !unprocessed.is_empty() {
        return Err(throttled());
    }
    let mut answer =
        database.batch_write_item(BatchWriteItemRequest { request_items: accepted, ..call })?;
    answer.unprocessed_items.extend(unprocessed);
    Ok(answer)
}

/// Refuses the call if the table has no capacity. Otherwise reads, because only the answer shows the
/// units and the partition; then refuses the answer if the partition has no capacity for it.
pub(super) fn query(
    database: &Database,
    capacity: &Capacity,
    mut call: QueryRequest,
) -> Result<QueryResponse> {
    let key = partition_attribute(database, &call.table_name)?;
    let table = call.table_name.clone();
    if !capacity.take(Instant::now(), &table, None, (Use::Read, 0.0)) {
        return Err(throttled());
    }
    let asked = call.return_consumed_capacity.replace("TOTAL".to_owned());
    let mut answer = database.query(call)?;
    let units = answer.consumed_capacity.as_ref().map_or(0.0, |consumed| consumed.capacity_units);
    let first = answer.items.as_ref().and_then(|items| items.first());
    let partition = first.and_then(|item| partition(item, &key));
    if !capacity.take(Instant::now(), &table, partition.as_deref(), (Use::Read, units)) {
        return Err(throttled());
    }
    if asked.is_none_or(|asked| asked == "NONE") {
        answer.consumed_capacity = None;
    }
    Ok(answer)
}

fn throttled() -> DynoxideError {
    DynoxideError::ProvisionedThroughputExceededException(
        "the table's capacity is used up; try again later".to_owned(),
    )
}

/// The name of the table's partition key. `DescribeTable` would count all items.
fn partition_attribute(database: &Database, table: &str) -> Result<String> {
    let metadata = database.get_table_metadata(table)?;
    let schema = metadata.map(|metadata| metadata.key_schema).unwrap_or_default();
    let schema: Vec<KeySchemaElement> = serde_json::from_str(&schema).unwrap_or_default();
    let hash = schema.into_iter().find(|element| element.key_type == KeyType::HASH);
    Ok(hash.map(|element| element.attribute_name).unwrap_or_default())
}

fn item(write: &WriteRequest) -> Option<&Item> {
    let put = write.put_request.as_ref().map(|put| &put.item);
    put.or_else(|| write.delete_request.as_ref().map(|delete| &delete.key))
}

fn partition(item: &Item, key: &str) -> Option<String> {
    item.get(key).map(|value| json!(value).to_string())
}

fn write_units(write: &WriteRequest) -> f64 {
    write_capacity_units(write.put_request.as_ref().map_or(0, |put| item_size(&put.item)))
}

/// A write in the form in which it came.
fn as_sent(write: &WriteRequest) -> Value {
    match (&write.put_request, &write.delete_request) {
        (Some(put), _) => json!({ "PutRequest": { "Item": put.item } }),
        (None, Some(delete)) => json!({ "DeleteRequest": { "Key": delete.key } }),
        (None, None) => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use dynoxide::actions::create_table::CreateTableRequest;

    use super::super::table_limits::{Rate, TableLimits};
    use super::*;

    /// Ten write units for one partition key, 25 for the table; read units alike.
    const SMALL: TableLimits = TableLimits {
        table: Rate { write: 25.0, read: 25.0 },
        partition: Rate { write: 10.0, read: 10.0 },
    };

    #[tokio::test(start_paused = true)]
    async fn what_a_partition_does_not_accept_is_returned_as_it_came() {
        let tables = Limited::new();
        // Each item costs four units. The third is accepted because two units are left.
        assert_eq!(tables.write("a1 a2 a3 a4 a5").unwrap(), "a4 a5");
        assert_eq!(tables.write("a4 a5 b1").unwrap(), "a4 a5");
        assert_eq!(tables.stored("b"), Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_of_which_nothing_is_accepted_is_refused() {
        let tables = Limited::new();
        tables.write("a1 a2 a3").unwrap();
        assert_eq!(tables.write("a4 a5").unwrap_err(), THROTTLED);
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_accepts_its_rate_over_all_partitions() {
        let tables = Limited::new();
        assert_eq!(tables.write("a1 b1 c1 d1 e1 f1 g1 h1 i1").unwrap(), "h1 i1");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_returned_is_accepted_when_capacity_has_flowed_in() {
        let tables = Limited::new();
        tables.write("a1 a2 a3 a4").unwrap();
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        assert_eq!(tables.write("a4").unwrap(), "");
        assert_eq!(tables.stored("a"), Ok(4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_is_refused_when_its_partition_is_used_up() {
        let tables = Limited::new();
        tables.write("a1 b1").unwrap();
        // An item of 3.1 KB is one read unit.
        for _ in 0..10 {
            assert_eq!(tables.stored("a"), Ok(1));
        }
        assert_eq!(tables.stored("a").unwrap_err(), THROTTLED);
        assert_eq!(tables.stored("b"), Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn units_are_shown_only_if_asked_for() {
        let tables = Limited::new();
        tables.write("a1").unwrap();
        assert_eq!(tables.query("a", "NONE").unwrap().consumed_capacity.map(|_| ()), None);
        assert_eq!(tables.query("a", "TOTAL").unwrap().consumed_capacity.map(|_| ()), Some(()));
    }

    const THROTTLED: &str =
        "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";

    struct Limited {
        database: Database,
        capacity: Capacity,
    }

    impl Limited {
        fn new() -> Limited {
            let database = Database::memory().unwrap();
            let table: CreateTableRequest = serde_json::from_value(json!({
                "TableName": "data",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [
                    { "AttributeName": "pk", "KeyType": "HASH" },
                    { "AttributeName": "sk", "KeyType": "RANGE" },
                ],
                "AttributeDefinitions": [
                    { "AttributeName": "pk", "AttributeType": "S" },
                    { "AttributeName": "sk", "AttributeType": "S" },
                ],
            }))
            .unwrap();
            database.create_table(table).unwrap();
            Limited { database, capacity: Capacity::new(SMALL) }
        }

        /// Puts items of 3.1 KB, named by partition key and sort key. Returns the names of the
        /// unprocessed ones.
        fn write(&self, names: &str) -> std::result::Result<String, &'static str> {
            let put = |name: &str| {
                let (pk, sk) = name.split_at(1);
                let item = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "x": { "S": "x".repeat(3_100) } });
                json!({ "PutRequest": { "Item": item } })
            };
            let puts: Vec<Value> = names.split(' ').map(put).collect();
            let call = json!({ "RequestItems": { "data": puts } });
            let call = serde_json::from_value(call).unwrap();
            let answer = batch_write_item(&self.database, &self.capacity, call);
            let unprocessed = answer.map_err(|error| error.error_type())?.unprocessed_items;
            let writes = unprocessed.get("data").and_then(Value::as_array).into_iter().flatten();
            let names = writes.map(|write| {
                let item = &write["PutRequest"]["Item"];
                assert_eq!(item["x"]["S"].as_str().unwrap().len(), 3_100);
                ["pk", "sk"].map(|name| item[name]["S"].as_str().unwrap()).concat()
            });
            Ok(names.collect::<Vec<_>>().join(" "))
        }

        fn query(&self, partition: &str, units: &str) -> Result<QueryResponse> {
            let call = json!({
                "TableName": "data",
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": { ":pk": { "S": partition } },
                "ConsistentRead": true,
                "ReturnConsumedCapacity": units,
            });
            query(&self.database, &self.capacity, serde_json::from_value(call).unwrap())
        }

        /// How many items a query of this partition returns.
        fn stored(&self, partition: &str) -> std::result::Result<usize, &'static str> {
            let answer = self.query(partition, "NONE");
            answer.map(|answer| answer.count).map_err(|error| error.error_type())
        }
    }
}
