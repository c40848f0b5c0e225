//! Makes a report over HTTP and saves its files, as any client would.

use std::borrow::Cow;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use flate2::read::GzDecoder;
use serde_json::Value;
use uptime::gzip;

use super::http_client::HttpClient;
use crate::counted::counted;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::terminal::say;

/// The pause between two requests for a report's status.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes a report of all loaded data, saves its files in `folder` and shows its progress.
///
/// Returns the report's id, or `None` if no poll is loaded yet.
pub(super) async fn run(api: SocketAddr, folder: &Path) -> Result<Option<String>, Failure> {
    let client = HttpClient::new();
    let url = format!("http://{api}/trigger_report");
    let (status, body) = client.get(&url).await?;
    if status == StatusCode::CONFLICT {
        say("no poll is loaded yet, so there is nothing to report on");
        return Ok(None);
    }
    let triggered = document(status, StatusCode::ACCEPTED, &body)?;
    let id = text(&triggered, "report_id")?;
    let progress = Progress::begin(&format!("computing report {id}"));
    let completed = completed(&client, api, &id, &progress).await;
    progress.end();
    let completed = completed?;
    for file in completed["files"].as_array().into_iter().flatten() {
        save(&client, file, folder).await?;
    }
    show(&completed, folder);
    Ok(Some(id))
}

/// Downloads a file of the report and saves it unpacked.
async fn save(client: &HttpClient, file: &Value, folder: &Path) -> Result<(), Failure> {
    let name = text(file, "name")?;
    let (status, body) = client.get(&text(file, "url")?).await?;
    if status != StatusCode::OK {
        return Err(format!("downloading {name} failed with status {status}").into());
    }
    let path = folder.join(&name);
    unpacked(&body)
        .and_then(|bytes| std::fs::write(&path, bytes))
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// S3 sends a page as gzip, whatever the client accepts.
fn unpacked(body: &[u8]) -> std::io::Result<Cow<'_, [u8]>> {
    if !body.starts_with(&gzip::MAGIC) {
        return Ok(body.into());
    }
    let mut bytes = Vec::new();
    GzDecoder::new(body).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Waits until the report is Complete, and returns its status document.
async fn completed(
    client: &HttpClient,
    api: SocketAddr,
    id: &str,
    progress: &Progress,
) -> Result<Value, Failure> {
    let url = format!("http://{api}/get_report/{id}");
    loop {
        let (status, body) = client.get(&url).await?;
        let report = document(status, StatusCode::OK, &body)?;
        match text(&report, "status")?.as_str() {
            "Complete" => return Ok(report),
            "Failed" => {
                let detail = report["error"]["detail"].as_str().unwrap_or_default();
                return Err(format!("report {id} failed: {detail}").into());
            }
            _ => {}
        }
        let steps = &report["progress"];
        if let (Some(done), Some(all)) = (steps["shards_done"].as_u64(), steps["shards"].as_u64()) {
            progress.show(done, all);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn document(status: StatusCode, expected: StatusCode, body: &[u8]) -> Result<Value, Failure> {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    if status == expected {
        return Ok(document);
    }
    let detail = document["detail"].as_str().unwrap_or_default();
    Err(format!("the API returned {status}: {detail}").into())
}

fn text(document: &Value, name: &str) -> Result<String, Failure> {
    let text = document[name].as_str().map(ToOwned::to_owned);
    text.ok_or_else(|| format!("the API's response has no text field {name}").into())
}

fn show(report: &Value, folder: &Path) {
    let stores = counted(report["stores"].as_u64().unwrap_or_default(), "store");
    let as_of = report["as_of"].as_str().unwrap_or_default();
    say(format_args!("report of {stores} as of {as_of}: its files are in {}", folder.display()));
}
