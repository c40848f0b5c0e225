//! The buckets and objects, in memory: the descriptions of the files, in the order of their keys.

use std::collections::BTreeMap;
use std::ops::Bound;

use s3s::dto::{ETag, Object, Timestamp};
use s3s::{S3Result, s3_error};

use super::notification::instant;
use super::object_file::Description;

/// The buckets by their names.
#[derive(Debug, Default)]
pub(super) struct Index {
    buckets: BTreeMap<String, Bucket>,
}

/// A bucket and its objects by their keys.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) created_at: Timestamp,
    objects: BTreeMap<String, Entry>,
}

/// What listings and conditions need to know of an object.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) size: u64,
    pub(super) e_tag: String,
    pub(super) last_modified_ms: u64,
}

impl Index {
    pub(super) fn buckets(&self) -> impl Iterator<Item = (&String, &Bucket)> {
        self.buckets.iter()
    }

    /// Returns a bucket, or S3's error if it does not exist.
    pub(super) fn bucket(&self, name: &str) -> S3Result<&Bucket> {
        self.buckets.get(name).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    pub(super) fn bucket_mut(&mut self, name: &str) -> S3Result<&mut Bucket> {
        self.buckets.get_mut(name).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    pub(super) fn add_bucket(&mut self, name: &str, bucket: Bucket) {
        self.buckets.insert(name.to_owned(), bucket);
    }
}

impl Bucket {
    pub(super) fn new(created_at: Timestamp) -> Bucket {
        Bucket { created_at, objects: BTreeMap::new() }
    }

    pub(super) fn object(&self, key: &str) -> Option<&Entry> {
        self.objects.get(key)
    }

    pub(super) fn insert(&mut self, description: Description) {
        let Description { key, size, e_tag, last_modified_ms, .. } = description;
        self.objects.insert(key, Entry { size, e_tag, last_modified_ms });
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.objects.remove(key);
    }

    /// Returns the objects from this key on, in the order of keys, in the form of listings.
    pub(super) fn listed_from(&self, first: &str) -> impl Iterator<Item = Object> + use<'_> {
        let from_first = (Bound::Included(first), Bound::Unbounded);
        self.objects.range::<str, _>(from_first).map(|(key, entry)| Object {
            key: Some(key.clone()),
            size: i64::try_from(entry.size).ok(),
            e_tag: Some(ETag::Strong(entry.e_tag.clone())),
            last_modified: Some(instant(entry.last_modified_ms).into()),
            ..Object::default()
        })
    }
}
