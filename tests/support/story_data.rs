//! The data of a test: putting files, following loads, looking at what is stored.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::DateTime;
use local::deployed_functions::load_data;
use local::system::{
    DATA_BUCKET, DATA_TABLE, LOAD_QUEUE, REPORT_BUCKET, REPORT_QUEUE, REPORT_TABLE,
};
use serde_json::{Value, json};
use uptime::segment::decode;
use uptime_aws::attributes::{PK, SEGMENT, SK};
use uptime_aws::{LoadStatus, Manifest, Settings, report_message};

use crate::invocation::TIMEOUT;
use crate::story::Story;
use crate::until::until;

/// Identifies one version of an object under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// Its `ETag`.
    pub e_tag: Option<String>,
    /// When it was last written.
    pub last_modified: Option<DateTime>,
}

/// Copies of the bytes: in each, another bit is flipped.
pub fn with_each_bit_flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

impl Story {
    /// A client of S3.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.system.sdk_config());
        aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.system.sdk_config())
    }

    /// Flips one bit of a stored segment of polls, so that it still decodes, but to other polls.
    /// Returns the name of its item, as in logs.
    pub async fn spoil_a_segment(&self) -> String {
        let client = self.dynamodb();
        let items = client.scan().table_name(DATA_TABLE).send().await.unwrap().items.unwrap();
        let is_polls = |key: &AttributeValue| key.as_s().unwrap().starts_with("polls#");
        let mut item = items.into_iter().find(|item| is_polls(&item[SK])).unwrap();
        let bytes = item[SEGMENT].as_b().unwrap().as_ref();
        let spoilt = with_each_bit_flipped(bytes).find(|bytes| decode(bytes).is_ok()).unwrap();
        item.insert(SEGMENT.to_owned(), AttributeValue::B(Blob::new(spoilt)));
        let [pk, sk] = [PK, SK].map(|name| item[name].as_s().unwrap());
        let key = format!("pk {pk}, sk {sk}");
        client.put_item().table_name(DATA_TABLE).set_item(Some(item)).send().await.unwrap();
        key
    }

    /// Puts an object under `incoming/`.
    pub async fn put(&self, name: &str, content: impl Into<Vec<u8>>) {
        let put = self.s3().put_object().bucket(DATA_BUCKET).key(format!("incoming/{name}"));
        put.body(content.into().into()).send().await.unwrap();
    }

    /// Puts an object under `incoming/` with a new key, and waits until it is loaded.
    pub async fn load(&self, name: &str, content: impl Into<Vec<u8>>) -> Manifest {
        self.put(name, content).await;
        let manifest = self.load_ended(name).await;
        assert_eq!(manifest.rows, manifest.loaded + manifest.duplicate + manifest.rejected);
        manifest
    }

    /// Loads texts one after the other. Each must load completely and without rejects.
    pub async fn load_all(&self, contents: &[&str]) {
        for (place, content) in contents.iter().enumerate() {
            let manifest = self.load(&format!("{place}.csv"), *content).await;
            assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
            assert_eq!(manifest.rejected, 0, "{manifest:?}");
        }
    }

    /// Waits until the only load of this name is Complete or Failed.
    pub async fn load_ended(&self, name: &str) -> Manifest {
        until(&format!("{name} is loaded"), async || {
            self.manifest(name).await.filter(|manifest| manifest.status != LoadStatus::Running)
        })
        .await
    }

    /// The manifest of the only load of this name, if it has begun.
    pub async fn manifest(&self, name: &str) -> Option<Manifest> {
        let mut manifests = self.manifests(name).await;
        assert!(manifests.len() <= 1, "{name} was loaded more than once: {manifests:?}");
        manifests.pop()
    }

    /// The manifests of all loads of this name.
    pub async fn manifests(&self, name: &str) -> Vec<Manifest> {
        let mut manifests = Vec::new();
        for key in self.keys(DATA_BUCKET, &format!("loads/{name}/")).await {
            if key.ends_with("/manifest.json") {
                let manifest = self.object(DATA_BUCKET, &key).await.unwrap();
                manifests.push(serde_json::from_str(&manifest).unwrap());
            }
        }
        manifests
    }

    /// The text of an object, if it exists.
    pub async fn object(&self, bucket: &str, key: &str) -> Option<String> {
        let object = self.s3().get_object().bucket(bucket).key(key).send().await.ok()?;
        let bytes = object.body.collect().await.unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The text of a file that a load wrote.
    pub async fn load_file(&self, manifest: &Manifest, name: &str) -> Option<String> {
        self.object(DATA_BUCKET, &format!("{}{name}", manifest.folder)).await
    }

    /// The keys that start with a prefix, in order.
    pub async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        self.stored(bucket, prefix).await.into_iter().map(|stored| stored.key).collect()
    }

    /// The objects whose keys start with a prefix, in the order of their keys.
    pub async fn stored(&self, bucket: &str, prefix: &str) -> Vec<Stored> {
        let list = self.s3().list_objects_v2().bucket(bucket).prefix(prefix);
        let page = list.send().await.unwrap();
        let stored = page.contents().iter().map(|object| Stored {
            key: object.key().unwrap().to_owned(),
            e_tag: object.e_tag().map(str::to_owned),
            last_modified: object.last_modified,
        });
        stored.collect()
    }

    /// Waits until S3 would give a new object a later date than `older`. Its dates have whole
    /// seconds.
    pub async fn next_second(&self, older: &str) {
        let older = self.put_at(&format!("incoming/{older}")).await;
        until("S3 counts the next second", async || {
            let clock = self.s3().put_object().bucket(DATA_BUCKET).key("clock");
            clock.send().await.unwrap();
            (self.put_at("clock").await.secs() > older.secs()).then_some(())
        })
        .await;
    }

    async fn put_at(&self, key: &str) -> DateTime {
        let head = self.s3().head_object().bucket(DATA_BUCKET).key(key);
        head.send().await.unwrap().last_modified.unwrap()
    }

    /// The settings of functions that are deployed a second time beside the system.
    pub fn function_settings(&self) -> Settings {
        self.function_settings_with(&[])
    }

    /// The same, with further settings.
    pub fn function_settings_with(&self, further: &[(&str, &str)]) -> Settings {
        let queue_url = self.system.queue_url(REPORT_QUEUE);
        let names = [
            ("DATA_TABLE", DATA_TABLE),
            ("DATA_BUCKET", DATA_BUCKET),
            ("REPORT_TABLE", REPORT_TABLE),
            ("REPORT_BUCKET", REPORT_BUCKET),
            ("REPORT_QUEUE_URL", &queue_url),
        ];
        settings(&[&names, further].concat())
    }

    /// Invokes `load_data` directly with an event. Returns its response.
    pub async fn invoke_load_data(&self, event: Value) -> Result<Value, String> {
        let clients = self.system.sdk_config();
        let load_data = load_data(&clients, &self.function_settings(), TIMEOUT).unwrap();
        load_data.invoke(event).await.map_err(|error| uptime_aws::describe(&error))
    }

    /// Loads an object under `incoming/` by direct invocation of `load_data`. Returns the manifest.
    pub async fn load_directly(&self, name: &str) -> Result<Value, String> {
        let key = format!("incoming/{name}");
        self.invoke_load_data(json!({ "bucket": DATA_BUCKET, "key": key })).await
    }

    /// Sends a message to the load queue, as S3 does.
    pub fn send_to_load_data(&self, body: &str) {
        self.system.queues().send(LOAD_QUEUE, body, Duration::ZERO).unwrap();
    }

    /// Delivers the work order of a report again.
    pub fn deliver_again(&self, id: &str) {
        let body = report_message::body_of(id.parse().unwrap());
        self.system.queues().send(REPORT_QUEUE, &body, Duration::ZERO).unwrap();
    }

    /// Waits until every message of a queue is handled.
    pub async fn drained(&self, queue: &str) {
        until(&format!("the queue {queue} is empty"), async || {
            self.messages(queue).is_empty().then_some(())
        })
        .await;
    }

    /// The bodies of a queue's messages, including those in flight.
    pub fn messages(&self, queue: &str) -> Vec<String> {
        self.system.queues().bodies(queue)
    }
}

/// Settings with these names and values.
pub fn settings(pairs: &[(&str, &str)]) -> Settings {
    let pairs = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Settings::from_pairs(pairs)
}
