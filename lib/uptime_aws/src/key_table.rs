//! Which report an idempotency key stands for: one item per key, in the report table.
//!
//! **A key is taken by one conditional write, before its report is recorded.** If several requests
//! use a key at once, one of them takes it and the others learn which report it stands for. A
//! request that finds the key taken records and queues that report again, in case the first request
//! broke off.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use uptime::{Timestamp, interval};

use crate::attributes::{ASKED, EXPIRES_AT, KEY, KEY_OF, REPORT_ID};
use crate::item_key::Item;
use crate::report_item::{number, read_text, seconds, text};
use crate::{CallError, Clients, IdempotencyKey, ReportId, ReportTableError};

/// The idempotency keys in the report table.
#[derive(Debug, Clone)]
pub struct KeyTable {
    client: Client,
    table: String,
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The report.
    pub report_id: ReportId,
    /// The parameters as the caller gave them. A repeat has the same text.
    pub asked: String,
}

/// How long a key is kept (`README.md`, "Idempotency keys"). `DynamoDB` deletes it some time after
/// that; until then it counts as free.
const LIFE_MICROS: i64 = 24 * interval::HOUR;

impl KeyTable {
    /// Makes the client; nothing is called yet.
    pub fn new(clients: &impl Clients, table: &str) -> KeyTable {
        KeyTable { client: clients.dynamodb(), table: table.to_owned() }
    }

    /// Takes a key if it is free or has expired. Returns what it stands for from now on: `wanted`,
    /// or what it was taken for before.
    pub async fn take(
        &self,
        key: &IdempotencyKey,
        wanted: KeyUse,
        now: Timestamp,
    ) -> Result<KeyUse, ReportTableError> {
        let is_free = "attribute_not_exists(#report_id) OR #expires_at <= :now";
        let put = self
            .put(key, &wanted, now)
            .condition_expression(is_free)
            .expression_attribute_names("#report_id", REPORT_ID)
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_values(":now", number(seconds(now)));
        self.outcome(put, key, wanted).await
    }

    /// Takes a key from a report that could not be queued. Returns what it stands for from now on:
    /// `wanted`, or what another request took it for in the meantime.
    pub async fn take_from(
        &self,
        failed: ReportId,
        key: &IdempotencyKey,
        wanted: KeyUse,
        now: Timestamp,
    ) -> Result<KeyUse, ReportTableError> {
        let put = self
            .put(key, &wanted, now)
            .condition_expression("attribute_not_exists(#key_of) OR #key_of = :failed")
            .expression_attribute_names("#key_of", KEY_OF)
            .expression_attribute_values(":failed", text(&failed.to_string()));
        self.outcome(put, key, wanted).await
    }

    fn put(&self, key: &IdempotencyKey, wanted: &KeyUse, now: Timestamp) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.table)
            .item(REPORT_ID, text(&item_of(key)))
            .item(KEY_OF, text(&wanted.report_id.to_string()))
            .item(ASKED, text(&wanted.asked))
            // Rounded up, so that the key is kept for at least its full time.
            .item(EXPIRES_AT, number(seconds(now.plus(LIFE_MICROS)) + 1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    async fn outcome(
        &self,
        put: PutItemFluentBuilder,
        key: &IdempotencyKey,
        wanted: KeyUse,
    ) -> Result<KeyUse, ReportTableError> {
        let Err(error) = put.send().await else {
            return Ok(wanted);
        };
        let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
        else {
            let source = CallError::new("PutItem", error);
            return Err(ReportTableError::Unavailable { item: item_of(key), source });
        };
        let unreadable = |attribute| ReportTableError::Unreadable { item: item_of(key), attribute };
        let item = taken.item().ok_or_else(|| unreadable(REPORT_ID))?;
        read(item).map_err(unreadable)
    }
}

/// The key of the item that holds an idempotency key.
fn item_of(key: &IdempotencyKey) -> String {
    format!("{KEY}{}", key.sha256())
}

fn read(item: &Item) -> Result<KeyUse, &'static str> {
    let report_id = read_text(item, KEY_OF)?.parse().map_err(|_| KEY_OF)?;
    Ok(KeyUse { report_id, asked: read_text(item, ASKED)?.to_owned() })
}
