//! Emulators for tests of the adapters. Each test has its own, with a new folder and empty tables
//! and buckets.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use local::dynamodb::TableLimits;
use local::emulators::{Addresses, Emulators, Setup};
use tempfile::TempDir;
use uptime_aws::{
    Deadline, LoadFiles, ReportFiles, ReportTable, SdkConfig, SourceFiles, StoreData,
};

/// The table of segments.
pub const DATA_TABLE: &str = "data";
/// The table of reports.
pub const REPORT_TABLE: &str = "reports";
/// The bucket of `incoming/` and `loads/`.
pub const DATA_BUCKET: &str = "data";
/// The bucket of `reports/`.
pub const REPORT_BUCKET: &str = "reports";

/// A deadline later than any emulator needs to respond.
pub fn in_a_minute() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

/// Running emulators. Dropping this value stops them and deletes their data.
#[derive(Debug)]
pub struct Cloud {
    emulators: Emulators,
    _folder: TempDir,
}

impl Cloud {
    /// Starts emulators with empty tables and buckets.
    pub async fn start() -> Cloud {
        Cloud::with_limits(None).await
    }

    /// Starts emulators whose tables accept only so much per second.
    pub async fn with_limits(table_limits: Option<TableLimits>) -> Cloud {
        let folder = tempfile::tempdir().unwrap();
        let emulators = Emulators::start(&Setup {
            folder: folder.path().to_owned(),
            dynamodb_port: 0,
            s3_port: 0,
            sqs_port: 0,
            further_address: None,
            data_bucket: DATA_BUCKET.to_owned(),
            watched_prefix: "watched-by-nobody/".to_owned(),
            load_queue: "loads".to_owned(),
            table_limits,
        });
        let cloud = Cloud { emulators: emulators.unwrap(), _folder: folder };
        cloud.create_table(DATA_TABLE, &["pk", "sk"]).await;
        cloud.create_table(REPORT_TABLE, &["report_id"]).await;
        for bucket in [DATA_BUCKET, REPORT_BUCKET] {
            cloud.s3().create_bucket().bucket(bucket).send().await.unwrap();
        }
        cloud
    }

    /// The adapter of the data table.
    pub fn store_data(&self) -> StoreData {
        StoreData::new(&self.sdk_config(), DATA_TABLE)
    }

    /// The adapter of the report table.
    pub fn report_table(&self) -> ReportTable {
        ReportTable::new(&self.sdk_config(), REPORT_TABLE)
    }

    /// The adapter of `incoming/`.
    pub fn source_files(&self) -> SourceFiles {
        SourceFiles::new(&self.sdk_config(), DATA_BUCKET)
    }

    /// The adapter of `loads/`.
    pub fn load_files(&self) -> LoadFiles {
        LoadFiles::new(&self.sdk_config(), DATA_BUCKET)
    }

    /// The adapter of `reports/`.
    pub fn report_files(&self) -> ReportFiles {
        ReportFiles::new(&self.sdk_config(), REPORT_BUCKET)
    }

    /// Where the emulators listen.
    pub fn addresses(&self) -> Addresses {
        self.emulators.addresses()
    }

    /// The secret that signs calls to the emulators.
    pub fn secret(&self) -> &str {
        self.emulators.secret().expose()
    }

    /// The configuration of clients that call the emulators.
    pub fn sdk_config(&self) -> SdkConfig {
        self.emulators.sdk_config()
    }

    /// A client to inspect the tables.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config())
    }

    /// A client to inspect the buckets.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk_config());
        aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
    }

    /// Puts an object into the data bucket and returns its `ETag`.
    pub async fn put(&self, key: &str, body: &[u8]) -> String {
        let put = self.s3().put_object().bucket(DATA_BUCKET).key(key).body(body.to_vec().into());
        put.send().await.unwrap().e_tag.unwrap()
    }

    /// Reads an object of the data bucket. `None` if it does not exist.
    pub async fn object(&self, key: &str) -> Option<Vec<u8>> {
        let object = self.s3().get_object().bucket(DATA_BUCKET).key(key).send().await.ok()?;
        Some(object.body.collect().await.unwrap().to_vec())
    }

    /// Creates a table with string keys: a partition key, and also a sort key if `key` names two.
    async fn create_table(&self, name: &str, key: &[&str]) {
        let mut table = self.dynamodb().create_table().table_name(name);
        for (attribute, kind) in key.iter().zip([KeyType::Hash, KeyType::Range]) {
            let definition = AttributeDefinition::builder()
                .attribute_name(*attribute)
                .attribute_type(ScalarAttributeType::S);
            let element = KeySchemaElement::builder().attribute_name(*attribute).key_type(kind);
            table = table
                .attribute_definitions(definition.build().unwrap())
                .key_schema(element.build().unwrap());
        }
        table.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    }
}
