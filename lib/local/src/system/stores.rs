//! Creates tables, buckets and queues at the first start, as the template describes them.

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_types::SdkConfig;
use uptime_aws::{CallError, Clients as _, attributes};

use super::settings::{
    DATA_BUCKET, DATA_TABLE, LOAD_DEAD_LETTER_QUEUE, LOAD_QUEUE, REPORT_BUCKET,
    REPORT_DEAD_LETTER_QUEUE, REPORT_QUEUE, REPORT_TABLE, SystemSettings, Worker,
};
use crate::sqs::{QueueSettings, Queues, Redrive};

const CREATE_TABLE: &str = "CreateTable";

/// Creates the tables that do not exist.
pub(super) async fn make_tables(sdk_config: &SdkConfig) -> Result<(), CallError> {
    let client = sdk_config.dynamodb();
    make_table(&client, DATA_TABLE, &[attributes::PK, attributes::SK]).await?;
    make_table(&client, REPORT_TABLE, &[attributes::REPORT_ID]).await
}

/// `keys` are the partition key and, if there is one, the sort key. Both are texts.
async fn make_table(
    client: &aws_sdk_dynamodb::Client,
    name: &str,
    keys: &[&str],
) -> Result<(), CallError> {
    let mut call = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let attribute = AttributeDefinition::builder()
            .attribute_name(*key)
            .attribute_type(ScalarAttributeType::S);
        let element = KeySchemaElement::builder().attribute_name(*key).key_type(kind);
        let attribute = attribute.build().map_err(|error| CallError::new(CREATE_TABLE, error))?;
        let element = element.build().map_err(|error| CallError::new(CREATE_TABLE, error))?;
        call = call.attribute_definitions(attribute).key_schema(element);
    }
    let Err(error) = call.send().await else { return Ok(()) };
    let exists =
        error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception);
    if exists { Ok(()) } else { Err(CallError::new(CREATE_TABLE, error)) }
}

/// Creates the buckets that do not exist.
pub(super) async fn make_buckets(sdk_config: &SdkConfig) -> Result<(), CallError> {
    let client = sdk_config.s3();
    for bucket in [DATA_BUCKET, REPORT_BUCKET] {
        if client.head_bucket().bucket(bucket).send().await.is_err() {
            let created = client.create_bucket().bucket(bucket).send().await;
            created.map_err(|source| CallError::new("CreateBucket", source))?;
        }
    }
    Ok(())
}

/// Defines the queues.
pub(super) fn define_queues(queues: &Queues, system: &SystemSettings) {
    let pairs = [
        (REPORT_QUEUE, REPORT_DEAD_LETTER_QUEUE, system.reports),
        (LOAD_QUEUE, LOAD_DEAD_LETTER_QUEUE, system.loads),
    ];
    for (queue, dead_letter_queue, Worker { visibility, .. }) in pairs {
        queues.define(dead_letter_queue, &QueueSettings { visibility, redrive: None });
        let redrive = system.receives_allowed.map(|receives_allowed| Redrive {
            dead_letter_queue: dead_letter_queue.to_owned(),
            receives_allowed,
        });
        queues.define(queue, &QueueSettings { visibility, redrive });
    }
}
