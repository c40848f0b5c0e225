//! The list of loads: what every manifest says, and what all of them together say is loaded.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http_api::{Problem, ProblemKind};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use uptime::Timestamp;
use uptime::input::{FileKind, ReplacingKind};
use uptime_aws::load_files::{INCOMING, LOADS};
use uptime_aws::{CallError, LINK_LIFE, LoadFolder, LoadStatus, Manifest};

use super::{Answer, Page, Refused};
use crate::first_rejects;
use crate::stored_objects;
use crate::system::DATA_BUCKET;

/// How many loads are listed, the newest first.
const LISTED: usize = 100;
/// How many manifests are read at once.
const AT_ONCE: usize = 8;

/// The file of a load with its rejected rows as they were, to be corrected and loaded.
const REJECTED_ROWS: &str = "rejected_rows.csv";

/// A load as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Load {
    #[serde(flatten)]
    manifest: Manifest,
    /// A line for each of the first rejected rows.
    first_rejects: Vec<String>,
    /// A line for each warning.
    notes: Vec<String>,
}

/// The answer of `GET /local/loads`.
#[derive(Debug, Serialize)]
struct Listing {
    loaded: Loaded,
    /// Uploads whose load has not begun.
    waiting: Vec<Waiting>,
    /// The newest loads.
    loads: Vec<Load>,
}

#[derive(Debug, Serialize)]
struct Waiting {
    key: String,
    uploaded_at: String,
}

/// What is loaded, as far as the manifests say.
#[derive(Debug, Serialize)]
struct Loaded {
    /// Rows of polls. A file that was loaded twice counts once. Polls that are in two different
    /// files count twice.
    polls: u64,
    first_poll: Option<String>,
    last_poll: Option<String>,
    /// The newest file of business hours that has loaded rows.
    business_hours: Option<NewestFile>,
    /// The newest file of time zones that has loaded rows.
    time_zones: Option<NewestFile>,
    /// The newest file of special days that has loaded rows.
    special_days: Option<NewestFile>,
}

#[derive(Debug, Serialize)]
struct NewestFile {
    key: String,
    uploaded_at: String,
    rows: u64,
}

/// `GET /local/loads`: what is loaded, and the newest loads.
pub(super) async fn list(State(page): State<Arc<Page>>) -> Answer {
    // Before the manifests: a load that begins in between is in both lists, not in none.
    let incoming = stored_objects::under(&page.s3, INCOMING).await?;
    let mut loads = page.all_loads().await?;
    loads.sort_by(|one, other| {
        let instant = |load: &Load| Timestamp::from_rfc3339(&load.manifest.file.uploaded_at).ok();
        let of = |load| (instant(load), &load.manifest.file.key);
        of(other).cmp(&of(one))
    });
    let loaded = Loaded::of(&loads);
    let begun: HashSet<&str> = loads.iter().map(|load| load.manifest.file.key.as_str()).collect();
    let waiting = incoming.into_iter().filter(|(key, _)| !begun.contains(key.as_str()));
    let waiting =
        waiting.map(|(key, uploaded_at)| Waiting { key, uploaded_at: uploaded_at.to_string() });
    let waiting = waiting.collect();
    loads.truncate(LISTED);
    super::json(StatusCode::OK, &Listing { loaded, waiting, loads })
}

impl Page {
    async fn all_loads(&self) -> Result<Vec<Load>, CallError> {
        let objects = stored_objects::under(&self.s3, LOADS).await?;
        let loads = stream::iter(objects).map(|(key, written_at)| self.load(key, written_at));
        let loads: Vec<Option<Load>> = loads.buffered(AT_ONCE).try_collect().await?;
        Ok(loads.into_iter().flatten().collect())
    }

    /// Returns the load whose manifest is this object. `None`: the object is not a manifest, or it
    /// cannot be read.
    async fn load(&self, key: String, written_at: Timestamp) -> Result<Option<Load>, CallError> {
        let Some(folder) = LoadFolder::of_manifest(&key) else { return Ok(None) };
        let known = self.ended.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, load)) = known.filter(|(at, _)| *at == written_at) {
            return Ok(Some(load));
        }
        let Some(manifest) = self.loads.manifest(&folder).await? else { return Ok(None) };
        let is_running = manifest.status == LoadStatus::Running;
        let rejects = match manifest.rejected {
            0 => Vec::new(),
            _ => self.loads.start_of_rejects(&folder, first_rejects::ENOUGH_BYTES).await?,
        };
        let load = Load {
            first_rejects: first_rejects::lines(&rejects, manifest.rejected),
            notes: manifest.warnings.to_string().lines().map(str::to_owned).collect(),
            manifest,
        };
        if !is_running {
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.insert(key, (written_at, load.clone()));
        }
        Ok(Some(load))
    }
}

impl Loaded {
    /// Sums up all loads, given with the newest first.
    fn of(loads: &[Load]) -> Loaded {
        let of_kind = |kind: FileKind| {
            let manifests = loads.iter().map(|load| &load.manifest);
            manifests.filter(move |manifest| {
                manifest.loaded > 0 && manifest.kind.as_deref() == Some(kind.name())
            })
        };
        let instant = |text: &Option<String>| Timestamp::from_rfc3339(text.as_deref()?).ok();
        let polls = || of_kind(FileKind::Polls);
        let first = polls().filter_map(|manifest| instant(&manifest.first_poll)).min();
        let last = polls().filter_map(|manifest| instant(&manifest.last_poll)).max();
        let newest = |kind| of_kind(FileKind::Replacing(kind)).next().map(NewestFile::of);
        let first_of_content = polls().filter(|manifest| manifest.same_content_as.is_none());
        Loaded {
            polls: first_of_content.map(|manifest| manifest.loaded).sum(),
            first_poll: first.map(|at| at.to_string()),
            last_poll: last.map(|at| at.to_string()),
            business_hours: newest(ReplacingKind::Hours),
            time_zones: newest(ReplacingKind::Zones),
            special_days: newest(ReplacingKind::SpecialDays),
        }
    }
}

impl NewestFile {
    fn of(manifest: &Manifest) -> NewestFile {
        NewestFile {
            key: manifest.file.key.clone(),
            uploaded_at: manifest.file.uploaded_at.clone(),
            rows: manifest.loaded,
        }
    }
}

/// `GET /local/rejected_rows/<folder of a load>`: leads to a link that downloads the file.
pub(super) async fn rejected_rows(State(page): State<Arc<Page>>, uri: Uri) -> Answer {
    let folder = uri.path().strip_prefix("/local/rejected_rows/").unwrap_or_default();
    let folder = percent_decode_str(folder).decode_utf8_lossy();
    let folder = folder.trim_end_matches('/');
    if !folder.starts_with(LOADS) {
        let detail =
            "the path must end in the folder of a load, such as loads/NAME.csv/<16 digits>";
        return Err(Refused(Problem::new(ProblemKind::UnknownCall, detail)));
    }
    let life = Duration::from_micros(LINK_LIFE.unsigned_abs());
    let life = PresigningConfig::expires_in(life)
        .map_err(|source| CallError::new("presigning GetObject", source))?;
    let get = page.s3.get_object().bucket(DATA_BUCKET).key(format!("{folder}/{REJECTED_ROWS}"));
    let get = get.response_content_disposition(format!("attachment; filename=\"{REJECTED_ROWS}\""));
    let link = get
        .presigned(life)
        .await
        .map_err(|source| CallError::new("presigning GetObject", source))?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let link = HeaderValue::from_str(link.uri());
    let link = link.map_err(|error| Refused(Problem::internal(error.to_string())))?;
    response.headers_mut().insert(LOCATION, link);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn polls_are_counted_once_per_content_and_their_span_covers_all_files() {
        let first = json!({ "kind": "polls", "loaded": 5, "first_poll": "2023-01-24T09:00:00.5Z",
            "last_poll": "2023-01-25T09:00:00Z" });
        let later = json!({ "kind": "polls", "loaded": 7, "first_poll": "2023-01-24T09:00:00Z",
            "last_poll": "2023-01-24T10:00:00Z" });
        let again = json!({ "kind": "polls", "loaded": 5, "same_content_as": "loads/a/0/" });

        let loaded = Loaded::of(&[load(&again), load(&later), load(&first)]);

        assert_eq!(loaded.polls, 12);
        assert_eq!(loaded.first_poll.as_deref(), Some("2023-01-24T09:00:00Z"));
        assert_eq!(loaded.last_poll.as_deref(), Some("2023-01-25T09:00:00Z"));
    }

    #[test]
    fn the_newest_file_of_a_kind_is_the_newest_that_has_loaded_rows() {
        let hours = |loaded: u64| load(&json!({ "kind": "business_hours", "loaded": loaded }));

        let loaded = Loaded::of(&[hours(0), hours(3), hours(4)]);

        assert_eq!(loaded.business_hours.unwrap().rows, 3);
        assert!(loaded.time_zones.is_none());
    }

    fn load(members: &Value) -> Load {
        let mut manifest = json!({
            "status": "Complete",
            "file": { "bucket": "data", "key": "incoming/a", "version": "v",
                "uploaded_at": "2023-01-26T00:00:00Z", "size_bytes": 1 },
            "folder": "loads/a/0/", "rows": 0, "duplicate": 0, "conflicts": 0, "rejected": 0,
            "started_at": "2023-01-26T00:00:00Z",
        });
        manifest.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let manifest = serde_json::from_value(manifest).unwrap();
        Load { manifest, first_rejects: Vec::new(), notes: Vec::new() }
    }
}
