//! The result of an undisturbed run on the same files, which disturbed runs are compared with.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use local::system::{DATA_BUCKET, DATA_TABLE};
use uptime_aws::LoadStatus;

use crate::data_folder::with_objects;
use crate::story::Story;

/// All items of a table by key.
pub type Items = BTreeMap<String, HashMap<String, AttributeValue>>;

impl Story {
    /// All items of the data table.
    pub async fn data_items(&self) -> Items {
        let scan = self.dynamodb().scan().table_name(DATA_TABLE).consistent_read(true);
        let mut pages = scan.into_paginator().items().send();
        let mut items = Items::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            let key = format!("{} {}", item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
            items.insert(key, item);
        }
        items
    }

    /// Waits until each of these files has been loaded completely, without rejects.
    pub async fn all_loaded(&self, names: &[String]) {
        for name in names {
            let manifest = self.load_ended(name).await;
            assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
            assert_eq!(manifest.rejected, 0, "{manifest:?}");
            assert_eq!(manifest.loaded + manifest.duplicate, manifest.rows, "{manifest:?}");
        }
    }
}

/// Loads the objects of a data folder into a new, undisturbed system. Returns the stored items. The
/// objects keep their upload instants, so equal items are equal byte for byte.
pub async fn undisturbed_items(data_folder: &Path, names: &[String]) -> Items {
    let folder = tempfile::tempdir().unwrap();
    copy(&data_folder.join("objects"), &folder.path().join("objects"));
    with_objects(folder.path(), async |s3| {
        let listed =
            s3.list_objects_v2().bucket(DATA_BUCKET).prefix("loads/").send().await.unwrap();
        assert!(!listed.contents().is_empty(), "the loads leave manifests");
        assert_eq!(listed.is_truncated(), Some(false));
        for object in listed.contents() {
            let key = object.key().unwrap();
            s3.delete_object().bucket(DATA_BUCKET).key(key).send().await.unwrap();
        }
    })
    .await;
    let story = Story::in_folder(folder, |_| {}).await;
    assert_eq!(story.system.continued_work().files, names.len());
    story.all_loaded(names).await;
    let items = story.data_items().await;
    story.end().await;
    items
}

/// Fails with the first difference, because whole tables would be too long to print.
#[track_caller]
pub fn check_items(actual: &Items, expected: &Items, what: &str) {
    let keys = |items: &Items| items.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(actual), keys(expected), "{what}");
    for (key, item) in expected {
        assert_eq!(&actual[key], item, "{what}: {key}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
