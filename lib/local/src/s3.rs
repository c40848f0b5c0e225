//! S3 on a folder: our objects behind the wire protocol, the signatures and the XML of `s3s`.
//!
//! `object_store` has the calls, `object_folder` the rules by which objects are written and read, and
//! `object_file` what a file of an object looks like. Any key that S3 takes is taken: 1 to 1,024 bytes
//! of UTF-8. An object created under the watched prefix is announced in a queue, as S3's event
//! notification does. Every call has to be signed with the secret of the data folder.
//! Absent: versions, lifecycle rules, CORS; `UploadPartCopy`; checksums, other
//! than the `ETag`, in the answer to a read. Two things differ from S3: a copy has the `ETag` of
//! its source, and uploads in parts that are under way are lost when the process ends.

mod attributes;
mod conditions;
mod failure;
mod index;
mod listing;
mod multipart;
mod notification;
mod object_file;
mod object_folder;
mod object_store;
mod reading;
mod receive;
#[cfg(test)]
mod tests;
mod url_encoding;

pub use notification::{CreatedObject, Notification};
pub use object_folder::OpenError;
pub use object_store::ObjectStore;
pub(crate) use url_encoding::url_of;

use std::path::Path;
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpResponse};
use tokio::net::TcpListener;

use crate::emulators::REGION;
use crate::guard::{self, Policy};
use crate::secret::{ACCESS_KEY, Secret};

/// How long answers under way may take once the server is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Returns the beginning of a command that sends a signed request: an URL has to follow.
///
/// The shell reads the secret when the command is run, so it is neither shown nor logged.
pub(crate) fn signed_curl(secret_file: &Path) -> String {
    let file = shell_quoted(secret_file);
    // Older versions of curl sign for S3, but leave out this header, which S3 asks for.
    let unsigned = "x-amz-content-sha256: UNSIGNED-PAYLOAD";
    format!(
        "curl --aws-sigv4 aws:amz:{REGION}:s3 --user \"{ACCESS_KEY}:$(cat {file})\" -H '{unsigned}'"
    )
}

/// Returns the absolute path as one word of a shell's command line, whatever it holds.
pub(crate) fn shell_quoted(path: &Path) -> String {
    // It begins with a slash, so that no command takes it for an option.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// Serves `store` on `listener` until `shutdown` resolves.
pub async fn serve(
    listener: TcpListener,
    store: ObjectStore,
    secret: &Secret,
    shutdown: impl Future<Output = ()>,
) {
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, secret.expose()));
    let service = guarded(service.build());
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    // hyper keeps the `Date` of an answer until the wall clock passes it. Once the clock was set back by
    // two hours, SDKs would correct their own by what it says, and sign two hours ahead of ours.
    server.http1().auto_date_header(false);
    let connections = GracefulShutdown::new();

    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let Ok((socket, _)) = accepted else {
            // Out of file handles, most likely; some will be closed soon.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Without it a GET of 1 MB took 33 ms instead of 6.
        socket.set_nodelay(true).ok();
        let connection = server.serve_connection(TokioIo::new(socket), service.clone());
        tokio::spawn(connections.watch(connection.into_owned()));
    }
    tokio::time::timeout(LAST_ANSWERS, connections.shutdown()).await.ok();
}

/// Links to reports are signed, so a person may follow them from anywhere.
fn guarded(
    store: S3Service,
) -> impl Service<Request<Incoming>, Response = HttpResponse, Error = HttpError, Future: Send> + Clone
{
    service_fn(move |request: Request<Incoming>| {
        let store = store.clone();
        async move {
            let (head, body) = request.into_parts();
            match guard::check(&head, Policy::OwnPagesAndLinks) {
                Ok(()) => store.call(Request::from_parts(head, Body::from(body))).await,
                Err(refusal) => Ok(refusal.response()),
            }
        }
    })
}
