//! Uploads of the page: a file that the user gives, or the sample.

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use http_api::{Fault, Problem, ProblemKind};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use uptime_aws::{LoadFolder, describe};

use super::{Answer, INCOMING_PATH, Page, Refused};
use crate::generate;
use crate::uploads::{UploadError, file_name, own_key};

/// Only a script can send it, and only to its own origin, because there is no CORS.
const HEADER: &str = "x-local-page";

/// In bytes of UTF-8, as most file systems have it.
const NAME_BYTES_MAX: usize = 255;

/// `PUT /local/incoming/<file name>`: puts the body into the data bucket under a key of its own, as
/// `local load` does. The answer names the folder of the load.
pub(super) async fn incoming(
    State(page): State<Arc<Page>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    check_header(&headers)?;
    let name = name_of(uri.path())?;
    let file = received(&page.folder, body).await.map_err(|error| {
        Refused(Problem::unavailable(format!("cannot keep an upload: {error}")))
    })?;
    let key = own_key(uptime_aws::now(), 0, &name);
    let folder = page.uploads.put_file(Path::new(&name), file, &key).await?;
    super::json(StatusCode::CREATED, &loaded(&key, &folder))
}

/// `POST /local/sample`: uploads the sample of the folder `data/`, which is made here.
pub(super) async fn sample(State(page): State<Arc<Page>>, headers: HeaderMap) -> Answer {
    check_header(&headers)?;
    let unwritten = |cause: String| Refused(Problem::unavailable(cause));
    let folder = tempfile::tempdir_in(&page.folder);
    let folder = folder.map_err(|error| unwritten(error.to_string()))?;
    let to = folder.path().to_owned();
    let files = tokio::task::spawn_blocking(move || {
        generate::write_sample(&to).map_err(|error| describe(error.as_ref()))
    });
    let files = files.await.map_err(|error| unwritten(error.to_string()))?.map_err(unwritten)?;
    let now = uptime_aws::now();
    let mut begun = Vec::new();
    for (number, path) in files.iter().enumerate() {
        let key = own_key(now, number, &file_name(path)?);
        begun.push(loaded(&key, &page.uploads.put(path, &key).await?));
    }
    super::json(StatusCode::CREATED, &json!({ "uploads": begun }))
}

fn loaded(key: &str, folder: &LoadFolder) -> Value {
    json!({ "key": key, "folder": folder.to_string() })
}

impl From<UploadError> for Refused {
    fn from(error: UploadError) -> Refused {
        Refused(Problem::unavailable(describe(&error)))
    }
}

fn check_header(headers: &HeaderMap) -> Result<(), Refused> {
    if headers.contains_key(HEADER) {
        return Ok(());
    }
    let fault = Fault::new("X-Local-Page", None, "any value");
    let detail = "the header X-Local-Page is missing; the page of this system sends it";
    Err(Refused(Problem::with_fault(ProblemKind::MissingParameter, detail, fault)))
}

/// Returns the file name at the end of the path.
fn name_of(path: &str) -> Result<String, Refused> {
    let given = path.strip_prefix(INCOMING_PATH).unwrap_or_default();
    let name = percent_decode_str(given).decode_utf8().ok();
    let is_name = |name: &str| name.len() <= NAME_BYTES_MAX && !name.contains('/');
    if let Some(name) = name.filter(|name| is_name(name)) {
        return Ok(name.into_owned());
    }
    let accepted = "at most 255 bytes of UTF-8 without a slash";
    let fault = Fault::new("name", Some(given.into()), accepted);
    let detail = format!("the file name is not acceptable; it must be {accepted}");
    Err(Refused(Problem::with_fault(ProblemKind::InvalidParameter, detail, fault)))
}

/// Writes the body to a file that has no name, so that nothing is left if the process is killed.
async fn received(folder: &Path, mut body: Body) -> io::Result<File> {
    let mut file = File::from_std(tempfile::tempfile_in(folder)?);
    while let Some(frame) = body.frame().await {
        if let Some(bytes) = frame.map_err(io::Error::other)?.data_ref() {
            file.write_all(bytes).await?;
        }
    }
    file.flush().await?;
    file.rewind().await?;
    Ok(file)
}
