//! Keys that some layer could misread, in every call, as the real SDK client makes it.
//!
//! The SDK for Rust returns names as the response has them. So the tests read listings in two ways:
//! plain, and with `encoding-type=url`. boto3 and the AWS CLI send that with every listing, and the
//! tests decode as they do.

use aws_sdk_s3::types::{Delete, EncodingType, ObjectIdentifier};

use uptime_aws::decoded_key;

use super::super::url_encoding::url_encoded;
use super::*;

const FOLDER: &str = "odd/";

const NAMES: [&str; 18] = [
    "a b.csv",
    "a+b.csv",
    "a%2Bb.csv",
    "a%20b.csv",
    "100%.csv",
    "ü.csv",
    "😀.csv",
    "a&b=c;d.csv",
    "\"q\" 'q'.csv",
    "<x>&amp;.csv",
    "~*()!'.csv",
    " leading.csv",
    "trailing ",
    "#?.csv",
    "back\\slash.csv",
    "e:@,$.csv",
    "tab\tbed.csv",
    "sub folder/d+e.csv",
];

#[tokio::test]
async fn an_object_of_any_key_can_be_put_read_in_part_or_whole_and_deleted() {
    let fixture = Fixture::new().await;
    for key in keys() {
        fixture.put(&key, &key).await;
        assert_eq!(fixture.text(&key, None).await, key);
        assert_eq!(fixture.text(&key, Some("bytes=1-2")).await, "dd");
        let head = fixture.client.head_object().bucket("data").key(&key).send().await.unwrap();
        assert_eq!(head.content_length(), i64::try_from(key.len()).ok(), "{key:?}");
    }
    for key in keys() {
        fixture.client.delete_object().bucket("data").key(&key).send().await.unwrap();
    }
    assert_eq!(fixture.listed(&Query::default()).await, [] as [String; 0]);
}

#[tokio::test]
async fn an_object_of_any_key_can_be_copied_and_many_are_deleted_at_once() {
    let fixture = Fixture::new().await;
    for key in keys() {
        fixture.put(&key, &key).await;
        // The source of a copy is a path, where a blank is not written as a plus sign.
        let source = url_encoded(&format!("data/{key}")).replace('+', "%20");
        let copy = fixture.client.copy_object().bucket("data").key(format!("copies/{key}"));
        copy.copy_source(source).send().await.unwrap();
        assert_eq!(fixture.text(&format!("copies/{key}"), None).await, key);
    }

    let objects = keys().map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(objects.collect())).build().unwrap();
    let call = fixture.client.delete_objects().bucket("data").delete(delete);
    let answer = call.send().await.unwrap();

    let deleted = answer.deleted().iter().map(|deleted| deleted.key().unwrap().to_owned());
    assert!(deleted.eq(keys()), "{:?}", answer.deleted());
    let left = fixture.listed(&Query::default()).await;
    assert_eq!(left.len(), NAMES.len());
    assert!(left.iter().all(|key| key.starts_with("copies/")), "{left:?}");
}

#[tokio::test]
async fn an_object_of_any_key_can_be_uploaded_in_parts() {
    let fixture = Fixture::new().await;
    for key in keys() {
        fixture.put_in_parts(&key).await;
        assert_eq!(fixture.length(&key).await, 5 * 1024 * 1024 + 3, "{key:?}");
    }
    assert_eq!(fixture.listed(&Query::default()).await, sorted(keys()));
}

#[tokio::test]
async fn a_listing_gives_every_key_as_it_was_put_by_pages_of_any_size() {
    let fixture = Fixture::with_odd_keys().await;
    for form in FORMS {
        for page_size in [1, 2, 7, 1_000] {
            let query = Query { form, page_size, prefix: FOLDER.to_owned(), ..Query::default() };
            assert_eq!(fixture.listed(&query).await, sorted(keys()), "{query:?}");
        }
    }
}

#[tokio::test]
async fn every_key_is_a_prefix_and_a_place_to_start_after() {
    let fixture = Fixture::with_odd_keys().await;
    let all = sorted(keys());
    for form in FORMS {
        for (place, key) in all.iter().enumerate() {
            let query = Query { form, prefix: key.clone(), ..Query::default() };
            assert_eq!(fixture.listed(&query).await, [key.as_str()], "{query:?}");
            let query = Query { form, after: Some(key.clone()), ..Query::default() };
            assert_eq!(fixture.listed(&query).await, all[place + 1..], "{query:?}");
        }
    }
}

#[tokio::test]
async fn keys_are_grouped_by_any_delimiter_in_pages_of_any_size() {
    let fixture = Fixture::with_odd_keys().await;
    for delimiter in ["/", "+", " ", "%", "%2B", "&amp;", "ü", "😀", "b.c", "."] {
        let expected = entries(delimiter);
        for form in FORMS {
            for page_size in [1, 2, 1_000] {
                let query = Query {
                    form,
                    page_size,
                    prefix: FOLDER.to_owned(),
                    delimiter: Some(delimiter.to_owned()),
                    ..Query::default()
                };
                assert_eq!(fixture.listed(&query).await, expected, "{query:?}");
            }
        }
    }
}

#[tokio::test]
async fn with_url_encoding_even_a_key_that_xml_cannot_hold_is_listed() {
    let fixture = Fixture::new().await;
    fixture.put("odd/\u{1}.csv", "x").await;
    for form in FORMS.into_iter().filter(|form| form.is_encoded) {
        let query = Query { form, ..Query::default() };
        assert_eq!(fixture.listed(&query).await, ["odd/\u{1}.csv"]);
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Form {
    is_v1: bool,
    is_encoded: bool,
}

const FORMS: [Form; 4] = [
    Form { is_v1: false, is_encoded: false },
    Form { is_v1: false, is_encoded: true },
    Form { is_v1: true, is_encoded: false },
    Form { is_v1: true, is_encoded: true },
];

#[derive(Debug)]
pub(super) struct Query {
    form: Form,
    prefix: String,
    delimiter: Option<String>,
    after: Option<String>,
    page_size: i32,
}

impl Default for Query {
    fn default() -> Query {
        let form = Form { is_v1: false, is_encoded: true };
        Query { form, prefix: String::new(), delimiter: None, after: None, page_size: 1_000 }
    }
}

/// The contents of one page, not decoded.
struct Page {
    entries: Vec<String>,
    prefix: Option<String>,
    after: Option<String>,
    next: Option<String>,
}

impl Fixture {
    async fn with_odd_keys() -> Fixture {
        let fixture = Fixture::new().await;
        for key in keys() {
            fixture.put(&key, "x").await;
        }
        fixture
    }

    pub(super) async fn text(&self, key: &str, range: Option<&str>) -> String {
        let get = self.client.get_object().bucket("data").key(key);
        let object = get.set_range(range.map(str::to_owned)).send().await.unwrap();
        String::from_utf8(object.body.collect().await.unwrap().to_vec()).unwrap()
    }

    /// Lists page by page, as a paginator does, and decodes as boto3 does.
    pub(super) async fn listed(&self, query: &Query) -> Vec<String> {
        let decoded = |name: String| {
            if query.form.is_encoded { decoded_key(&name).unwrap() } else { name }
        };
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let page = if query.form.is_v1 {
                // Without a next marker, the next page starts after the last key.
                let last: Option<String> = all.last().cloned();
                self.page_v1(query, next.or(last)).await
            } else {
                self.page_v2(query, next).await
            };
            assert_eq!(page.prefix.map(decoded).as_deref(), Some(query.prefix.as_str()));
            if let (true, Some(after)) = (all.is_empty(), page.after) {
                assert_eq!(Some(decoded(after)), query.after);
            }
            let mut entries: Vec<String> = page.entries.into_iter().map(decoded).collect();
            assert!(i32::try_from(entries.len()).unwrap() <= query.page_size);
            entries.sort_unstable();
            all.extend(entries);
            match page.next {
                None => return all,
                Some(more) if query.form.is_v1 => {
                    next = Some(decoded(more)).filter(|marker| !marker.is_empty());
                }
                Some(token) => next = Some(token),
            }
        }
    }

    async fn page_v2(&self, query: &Query, next: Option<String>) -> Page {
        let call = self.client.list_objects_v2().bucket("data").prefix(&query.prefix);
        let call = call.max_keys(query.page_size).set_delimiter(query.delimiter.clone());
        let call = call.set_encoding_type(query.encoding());
        let call = call.set_start_after(query.after.clone()).set_continuation_token(next);
        let answer = call.send().await.unwrap();
        let keys = answer.contents().iter().filter_map(|object| object.key());
        let prefixes = answer.common_prefixes().iter().filter_map(|prefix| prefix.prefix());
        Page {
            entries: keys.chain(prefixes).map(str::to_owned).collect(),
            prefix: answer.prefix,
            after: answer.start_after,
            next: answer.next_continuation_token,
        }
    }

    /// Returns a page. Its `next` is empty if there are more entries but no marker.
    async fn page_v1(&self, query: &Query, next: Option<String>) -> Page {
        let call = self.client.list_objects().bucket("data").prefix(&query.prefix);
        let call = call.max_keys(query.page_size).set_delimiter(query.delimiter.clone());
        let call = call.set_encoding_type(query.encoding());
        let answer = call.set_marker(next.or(query.after.clone())).send().await.unwrap();
        let keys = answer.contents().iter().filter_map(|object| object.key());
        let prefixes = answer.common_prefixes().iter().filter_map(|prefix| prefix.prefix());
        let is_truncated = answer.is_truncated() == Some(true);
        Page {
            entries: keys.chain(prefixes).map(str::to_owned).collect(),
            prefix: answer.prefix,
            after: answer.marker.filter(|marker| !marker.is_empty()),
            next: is_truncated.then(|| answer.next_marker.unwrap_or_default()),
        }
    }
}

impl Query {
    fn encoding(&self) -> Option<EncodingType> {
        self.form.is_encoded.then_some(EncodingType::Url)
    }
}

fn keys() -> impl Iterator<Item = String> {
    NAMES.iter().map(|name| format!("{FOLDER}{name}"))
}

fn sorted(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut keys: Vec<String> = keys.collect();
    keys.sort_unstable();
    keys
}

/// The keys of the folder, cut off after the delimiter, each once.
fn entries(delimiter: &str) -> Vec<String> {
    let entry = |name: &&str| match name.find(delimiter) {
        Some(place) => format!("{FOLDER}{}", &name[..place + delimiter.len()]),
        None => format!("{FOLDER}{name}"),
    };
    let mut entries = sorted(NAMES.iter().map(entry));
    entries.dedup();
    entries
}
