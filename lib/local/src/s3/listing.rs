//! Listings of a bucket: pages, common prefixes and encoded names, as S3 returns them.
//!
//! The rule: **an entry is a key, or the common prefix of all keys that continue after the
//! delimiter. Entries are in the order of their bytes, each is listed once, and a page has at most
//! `max-keys` entries.** With `encoding-type=url`, every name in a response is encoded, except the
//! continuation token, which is opaque.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object,
};
use s3s::{S3Result, s3_error};

use super::url_encoding::url_encoded;

/// The largest page of S3, even if a client asks for more.
const MAX_KEYS: i32 = 1000;

/// Returns the first key that may be relevant for a page.
pub(super) fn start_v2(input: &ListObjectsV2Input) -> S3Result<String> {
    let after = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => last_entry(token)?,
        (None, after) => after.clone().unwrap_or_default(),
    };
    Ok(after.max(input.prefix.clone().unwrap_or_default()))
}

/// Like [`start_v2`], for the older call.
pub(super) fn start_v1(input: &ListObjectsInput) -> String {
    let after = input.marker.clone().unwrap_or_default();
    after.max(input.prefix.clone().unwrap_or_default())
}

/// Answers `ListObjectsV2`. `objects` must be in the order of their keys; no more are taken than
/// are needed.
pub(super) fn answer_v2(
    input: ListObjectsV2Input,
    objects: impl IntoIterator<Item = Object>,
) -> S3Result<ListObjectsV2Output> {
    let names = Names::of(input.encoding_type.as_ref())?;
    let max_keys = max_keys(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    // A token says more precisely where to continue.
    let start_after = input.start_after.filter(|_| input.continuation_token.is_none());
    let after = match (&input.continuation_token, &start_after) {
        (Some(token), _) => After::Entry(last_entry(token)?),
        (None, Some(key)) => After::Key(key.clone()),
        (None, None) => After::Nothing,
    };
    let page = page(objects, &prefix, delimiter.as_deref(), &after, max_keys);
    let count = page.objects.len() + page.common_prefixes.len();
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(names.written(&prefix)),
        delimiter: delimiter.map(|delimiter| names.written(&delimiter)),
        start_after: start_after.map(|key| names.written(&key)),
        max_keys: Some(max_keys),
        key_count: i32::try_from(count).ok(),
        is_truncated: Some(page.last_of_more.is_some()),
        contents: Some(names.written_objects(page.objects)),
        common_prefixes: Some(names.written_prefixes(&page.common_prefixes)),
        continuation_token: input.continuation_token,
        next_continuation_token: page.last_of_more.as_deref().map(token),
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    })
}

/// Answers `ListObjects`, the older call. `objects` are as for [`answer_v2`].
pub(super) fn answer_v1(
    input: ListObjectsInput,
    objects: impl IntoIterator<Item = Object>,
) -> S3Result<ListObjectsOutput> {
    let names = Names::of(input.encoding_type.as_ref())?;
    let max_keys = max_keys(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let marker = input.marker.unwrap_or_default();
    let after = After::Entry(marker.clone());
    let page = page(objects, &prefix, delimiter.as_deref(), &after, max_keys);
    // Without a delimiter, the client continues after the last key.
    let next_marker = page.last_of_more.as_deref().filter(|_| delimiter.is_some());
    Ok(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(names.written(&prefix)),
        next_marker: next_marker.map(|entry| names.written(entry)),
        delimiter: delimiter.map(|delimiter| names.written(&delimiter)),
        marker: Some(names.written(&marker)),
        max_keys: Some(max_keys),
        is_truncated: Some(page.last_of_more.is_some()),
        contents: Some(names.written_objects(page.objects)),
        common_prefixes: Some(names.written_prefixes(&page.common_prefixes)),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    })
}

/// Where a page starts.
enum After {
    Nothing,
    /// At the first later key. Its common prefix may be an earlier entry.
    Key(String),
    /// At the first later entry.
    Entry(String),
}

impl After {
    fn leaves_out(&self, key: &str, entry: &str) -> bool {
        match self {
            After::Nothing => false,
            After::Key(after) => key <= after.as_str(),
            After::Entry(after) => entry <= after.as_str(),
        }
    }
}

#[derive(Default)]
struct Page {
    objects: Vec<Object>,
    common_prefixes: Vec<String>,
    /// The page's last entry, if more entries follow.
    last_of_more: Option<String>,
}

fn page(
    objects: impl IntoIterator<Item = Object>,
    prefix: &str,
    delimiter: Option<&str>,
    after: &After,
    max_keys: i32,
) -> Page {
    let mut page = Page::default();
    let mut last_entry = None;
    let mut room = max_keys;
    for object in objects {
        let key = object.key.as_deref().unwrap_or_default();
        let Some(rest) = key.strip_prefix(prefix) else {
            if key < prefix {
                continue;
            }
            // Keys with the same prefix are next to each other.
            break;
        };
        let common_prefix = delimiter.and_then(|delimiter| {
            let end = rest.find(delimiter)? + delimiter.len();
            Some(&key[..prefix.len() + end])
        });
        let entry = common_prefix.unwrap_or(key).to_owned();
        if after.leaves_out(key, &entry) || last_entry.as_ref() == Some(&entry) {
            continue;
        }
        if room == 0 {
            page.last_of_more = last_entry;
            break;
        }
        room -= 1;
        match common_prefix {
            Some(common_prefix) => page.common_prefixes.push(common_prefix.to_owned()),
            None => page.objects.push(object),
        }
        last_entry = Some(entry);
    }
    page
}

fn max_keys(asked: Option<i32>) -> S3Result<i32> {
    let asked = asked.unwrap_or(MAX_KEYS);
    if asked < 0 {
        return Err(s3_error!(InvalidArgument, "max-keys is {asked}; it must be 0 or more"));
    }
    Ok(asked.min(MAX_KEYS))
}

/// The token is opaque, so that no client decodes it as a name, and it has only characters that XML
/// allows.
fn token(last_entry: &str) -> String {
    URL_SAFE_NO_PAD.encode(last_entry)
}

fn last_entry(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

/// How names are written in a response.
#[derive(Clone, Copy)]
enum Names {
    Plain,
    UrlEncoded,
}

impl Names {
    fn of(encoding_type: Option<&EncodingType>) -> S3Result<Names> {
        match encoding_type.map(EncodingType::as_str) {
            None => Ok(Names::Plain),
            Some(EncodingType::URL) => Ok(Names::UrlEncoded),
            Some(_) => {
                Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request"))
            }
        }
    }

    fn written(self, name: &str) -> String {
        match self {
            Names::Plain => name.to_owned(),
            Names::UrlEncoded => url_encoded(name),
        }
    }

    fn written_objects(self, objects: Vec<Object>) -> Vec<Object> {
        let written = |object: Object| {
            let key = object.key.as_deref().map(|key| self.written(key));
            Object { key, ..object }
        };
        objects.into_iter().map(written).collect()
    }

    fn written_prefixes(self, prefixes: &[String]) -> Vec<CommonPrefix> {
        prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(self.written(prefix)) }).collect()
    }
}

#[cfg(test)]
mod tests;
