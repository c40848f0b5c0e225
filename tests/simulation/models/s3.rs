//! Buckets with the versions of their objects.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::wire::{Reply, Request};

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) body: Vec<u8>,
    /// In seconds since 1970, the precision of S3.
    pub(crate) put_at: i64,
}

/// All buckets. The name of an object is `/bucket/key`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets {
    pub(crate) objects: BTreeMap<String, Vec<Version>>,
    versions: usize,
}

impl Buckets {
    /// Returns the newest version of an object.
    pub(crate) fn newest(&self, name: &str) -> Option<&Version> {
        self.objects.get(name)?.last()
    }

    /// Stores an object and returns its version.
    pub(crate) fn put(&mut self, name: &str, body: &[u8], now: i64) -> String {
        let id = version_of(self.versions);
        self.versions += 1;
        let put_at = now.div_euclid(1_000_000);
        let version = Version { id: id.clone(), body: body.to_vec(), put_at };
        self.objects.entry(name.to_owned()).or_default().push(version);
        id
    }

    pub(crate) fn put_object(&mut self, request: &Request, now: i64) -> Reply {
        let (name, version) = name_and_version(&request.path);
        let plain = version.is_none() && request.if_match.is_none() && request.range.is_none();
        assert!(plain, "the simulation does not support {request:?}");
        if let Some(condition) = &request.if_none_match {
            assert_eq!(condition, "*");
            if self.newest(name).is_some() {
                return Reply::xml_error(412, "PreconditionFailed");
            }
        }
        let id = self.put(name, &request.body, now);
        let headers = vec![("etag", format!("\"{id}\"")), ("x-amz-version-id", id)];
        Reply { headers, ..Reply::empty(200) }
    }

    pub(crate) fn get_object(&self, request: &Request) -> Reply {
        let (name, pinned) = name_and_version(&request.path);
        assert!(request.if_none_match.is_none(), "the simulation does not support {request:?}");
        let Some(versions) = self.objects.get(name) else {
            return Reply::xml_error(404, "NoSuchKey");
        };
        let version = match pinned {
            Some(id) => versions.iter().find(|version| version.id == id),
            None => versions.last(),
        };
        let Some(version) = version else {
            return Reply::xml_error(404, "NoSuchVersion");
        };
        let e_tag = format!("\"{}\"", version.id);
        if request.if_match.as_ref().is_some_and(|wanted| *wanted != e_tag) {
            return Reply::xml_error(412, "PreconditionFailed");
        }
        let size = version.body.len();
        let start = request.range.as_deref().map_or(0, start_of);
        if start > 0 && start >= size {
            return Reply::xml_error(416, "InvalidRange");
        }
        let mut headers = vec![
            ("etag", e_tag),
            ("x-amz-version-id", version.id.clone()),
            ("last-modified", http_date(version.put_at)),
            ("content-length", (size - start).to_string()),
        ];
        if request.range.is_some() {
            headers.push(("content-range", format!("bytes {start}-{}/{size}", size - 1)));
        }
        let status = if request.range.is_some() { 206 } else { 200 };
        Reply { headers, body: version.body[start..].to_vec(), ..Reply::empty(status) }
    }

    /// Lists the versions of a key that are older than the named one, newest first.
    pub(crate) fn list_versions(&self, request: &Request) -> Reply {
        let parameter = |name: &str| {
            let pairs = request.path.split(['?', '&']).filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.clone().find(|(given, _)| *given == name).expect("a parameter");
            value.replace("%2F", "/")
        };
        let (key, newer) = (parameter("prefix"), parameter("version-id-marker"));
        assert_eq!(parameter("key-marker"), key);
        let versions = &self.objects[&format!("/data/{key}")];
        let older = versions.iter().rev().skip_while(|version| version.id != newer).skip(1);
        let mut xml = "<ListVersionsResult><IsTruncated>false</IsTruncated>".to_owned();
        for Version { id, put_at, .. } in older {
            let at = uptime::Timestamp::from_micros(put_at * 1_000_000);
            let version = format!("<Key>{key}</Key><VersionId>{id}</VersionId>");
            write!(xml, "<Version>{version}<LastModified>{at}</LastModified></Version>").unwrap();
        }
        xml.push_str("</ListVersionsResult>");
        Reply { body: xml.into_bytes(), ..Reply::empty(200) }
    }
}

/// The id of the version that was put as number `place`, counted from 0. Later ids sort before
/// earlier ones.
pub(crate) fn version_of(place: usize) -> String {
    format!("v{:06}", VERSIONS_MAX - place)
}

/// The number of a version, counted from 0 in the order of puts.
pub(crate) fn place_of(version: &str) -> usize {
    VERSIONS_MAX - version[1..].parse::<usize>().expect("a version")
}

const VERSIONS_MAX: usize = 999_999;

/// The response to a throttled request.
pub(crate) fn slow_down() -> Reply {
    Reply::xml_error(503, "SlowDown")
}

/// Returns `/bucket/key` and the requested version.
pub(crate) fn name_and_version(path: &str) -> (&str, Option<&str>) {
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    assert!(!name.contains('%'), "the model does not decode the key in {path}");
    let mut version = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("versionId", id)) => version = Some(id),
            Some(("x-id", _)) => {}
            _ => panic!("the simulation does not support {path}"),
        }
    }
    (name, version)
}

/// The first byte of a range without an end.
fn start_of(range: &str) -> usize {
    let start = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
    start.and_then(|start| start.parse().ok()).expect("a range without an end")
}

fn http_date(seconds: i64) -> String {
    let at = aws_smithy_types::DateTime::from_secs(seconds);
    at.fmt(aws_smithy_types::date_time::Format::HttpDate).unwrap()
}
