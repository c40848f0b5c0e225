//! The meter against the emulator, whose capacity rules come from measurements of DynamoDB.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, DeleteRequest, Get, KeysAndAttributes, Put, PutRequest,
    ReturnConsumedCapacity, TransactGetItem, TransactWriteItem, WriteRequest,
};
use aws_sdk_s3::presigning::PresigningConfig;
use end_to_end::adapters::{Cloud, DATA_TABLE};
use end_to_end::request_meter::usage::Units;
use end_to_end::request_meter::{Metered, RequestMeter};
use local::emulators::client_config;
use uptime_aws::Clients;

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

#[tokio::test]
async fn the_meter_agrees_with_the_emulator_about_writes_of_one_item() {
    let table = Table::create().await;
    for (key, bytes) in [("a", 100), ("a", 5000), ("a", 100), ("b", 1024), ("b", 1025), ("b", 1023)]
    {
        let put = table.client.put_item().table_name(DATA_TABLE).set_item(Some(item(key, bytes)));
        let answer = put.return_consumed_capacity(TOTAL).send().await.unwrap();
        table.check(answer.consumed_capacity.as_slice());
    }
    for text in ["x".repeat(3000), "y".to_owned()] {
        let update = table.client.update_item().table_name(DATA_TABLE).set_key(Some(key("a")));
        let update = update
            .update_expression("SET #x = :x ADD #n :one")
            .expression_attribute_names("#x", "x")
            .expression_attribute_names("#n", "n")
            .expression_attribute_values(":x", AttributeValue::S(text))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        let answer = update.return_consumed_capacity(TOTAL).send().await.unwrap();
        table.check(answer.consumed_capacity.as_slice());
    }
    for name in ["b", "b"] {
        let delete = table.client.delete_item().table_name(DATA_TABLE).set_key(Some(key(name)));
        let answer = delete.return_consumed_capacity(TOTAL).send().await.unwrap();
        table.check(answer.consumed_capacity.as_slice());
    }
}

#[tokio::test]
async fn the_meter_agrees_with_the_emulator_about_writes_of_many_items() {
    let table = Table::create().await;
    let put = |key, bytes| {
        let put = PutRequest::builder().set_item(Some(item(key, bytes))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    let delete = DeleteRequest::builder().set_key(Some(key("c"))).build().unwrap();
    let delete = WriteRequest::builder().delete_request(delete).build();
    let writes = vec![put("a", 10), put("b", 1025), delete];
    let batch = table.client.batch_write_item().request_items(DATA_TABLE, writes);
    let answer = batch.return_consumed_capacity(TOTAL).send().await.unwrap();
    table.check(answer.consumed_capacity());

    let put = |key, bytes| {
        let put = Put::builder().table_name(DATA_TABLE).set_item(Some(item(key, bytes)));
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    let transaction = table.client.transact_write_items();
    let transaction = transaction.transact_items(put("d", 10)).transact_items(put("e", 2049));
    let answer = transaction.return_consumed_capacity(TOTAL).send().await.unwrap();
    table.check(answer.consumed_capacity());
}

#[tokio::test]
async fn the_meter_agrees_with_the_emulator_about_reads() {
    let table = Table::create().await;
    table.fill(&[("a", 100), ("b", 4096), ("c", 4097), ("d", 9000)]).await;
    for consistent in [true, false] {
        for name in ["a", "b", "c", "d", "missing"] {
            let get = table.client.get_item().table_name(DATA_TABLE).set_key(Some(key(name)));
            let get = get.consistent_read(consistent).return_consumed_capacity(TOTAL);
            table.check(get.send().await.unwrap().consumed_capacity.as_slice());
        }
        for last in ["a", "b", "d", "0"] {
            let query = table.client.query().table_name(DATA_TABLE);
            let query = query
                .key_condition_expression("pk = :pk AND sk <= :last")
                .expression_attribute_values(":pk", AttributeValue::S("07".to_owned()))
                .expression_attribute_values(":last", AttributeValue::S(last.to_owned()))
                .consistent_read(consistent)
                .return_consumed_capacity(TOTAL);
            table.check(query.send().await.unwrap().consumed_capacity.as_slice());
        }
        let keys = ["a", "c", "d", "missing"].map(key).to_vec();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent);
        let batch = table.client.batch_get_item().request_items(DATA_TABLE, keys.build().unwrap());
        let answer = batch.return_consumed_capacity(TOTAL).send().await.unwrap();
        table.check(answer.consumed_capacity());
    }
    let get = |name| {
        let get = Get::builder().table_name(DATA_TABLE).set_key(Some(key(name))).build().unwrap();
        TransactGetItem::builder().get(get).build()
    };
    let transaction = table.client.transact_get_items();
    let transaction = transaction.transact_items(get("c")).transact_items(get("missing"));
    let answer = transaction.return_consumed_capacity(TOTAL).send().await.unwrap();
    table.check(answer.consumed_capacity());
}

#[tokio::test]
async fn every_try_of_a_call_counts_and_signing_a_link_does_not() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let retries = RetryConfig::standard().with_max_attempts(3);
    let retries = retries.with_initial_backoff(Duration::from_millis(1));
    let sdk_config = client_config(nobody, "any").into_builder().retry_config(retries).build();
    let meter = RequestMeter::new(&[(DATA_TABLE, &["pk", "sk"])]);
    let clients = Metered::new(sdk_config, meter.clone());

    let get = clients.dynamodb().get_item().table_name(DATA_TABLE).set_key(Some(key("a")));
    get.send().await.unwrap_err();
    let presigning = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let object = clients.s3().get_object().bucket("b").key("k");
    object.presigned(presigning).await.unwrap();

    let usage = meter.take();
    assert_eq!(usage.calls, [("DynamoDB GetItem".to_owned(), 3)].into());
    assert_eq!(usage.units_of(DATA_TABLE), Units::default());
}

/// A table used through a meter.
struct Table {
    client: Client,
    meter: RequestMeter,
    _cloud: Cloud,
}

impl Table {
    async fn create() -> Table {
        let cloud = Cloud::start().await;
        let meter = RequestMeter::new(&[(DATA_TABLE, &["pk", "sk"])]);
        let client = Metered::new(cloud.sdk_config(), meter.clone()).dynamodb();
        Table { client, meter, _cloud: cloud }
    }

    async fn fill(&self, items: &[(&str, usize)]) {
        for &(key, bytes) in items {
            let put =
                self.client.put_item().table_name(DATA_TABLE).set_item(Some(item(key, bytes)));
            put.send().await.unwrap();
        }
        self.meter.take();
    }

    /// The units that the meter counted since the last check are those that the emulator returned.
    #[track_caller]
    fn check(&self, consumed: &[ConsumedCapacity]) {
        let usage = self.meter.take();
        let units = usage.units_of(DATA_TABLE);
        let metered = f64::from(u32::try_from(units.write).unwrap()) + units.read();
        let returned: f64 = consumed.iter().filter_map(ConsumedCapacity::capacity_units).sum();
        assert!((metered - returned).abs() < 0.01, "{metered} units, not {returned}: {usage:?}");
    }
}

fn key(name: &str) -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text("07")), ("sk".to_owned(), text(name))])
}

/// An item of this size.
fn item(name: &str, bytes: usize) -> HashMap<String, AttributeValue> {
    let mut item = key(name);
    let rest = bytes - (2 + 2) - (2 + name.len()) - 1;
    item.insert("x".to_owned(), AttributeValue::S("x".repeat(rest)));
    item
}
