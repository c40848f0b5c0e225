//! S3 on a folder: `s3s-fs` behind the real wire protocol, with the repairs it needs.
//!
//! The repairs: writes of one key wait for each other, since `s3s-fs` checks a condition and then
//! writes without a lock; a body that does not match its checksum is not kept; stored checksums,
//! which it replaces later than their object, are not sent; listings are made by `listing`, since its
//! own encode no name and take some delimiters apart; and `TCP_NODELAY` is set. Two
//! additions: a read with `If-Match` is checked, and an object created under the watched prefix is
//! announced in a queue, as S3's event notification does. Absent: versions, lifecycle rules, CORS;
//! `ETag`s in listings. A key is a path: encoded, its name has to fit a file name, so keys of more than
//! about 150 bytes are refused; `a//b` and `x/../a/b` name the object `a/b`; `/a` is refused; `a/` is
//! not listed.

mod listing;
mod notification;
mod object_store;
#[cfg(test)]
mod tests;
mod url_encoding;

pub use notification::{CreatedObject, Notification};
pub use object_store::ObjectStore;
pub(crate) use url_encoding::url_of;

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;

use crate::emulators::REGION;

/// The access key every local client uses. It guards nothing: the port is on loopback.
pub const ACCESS_KEY: &str = "local";
/// The secret to [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "local-secret";

/// How long answers under way may take once the server is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Returns the beginning of a command that sends a signed request: an URL has to follow.
pub(crate) fn signed_curl() -> String {
    // Older versions of curl sign for S3, but leave out this header, which S3 asks for.
    let unsigned = "x-amz-content-sha256: UNSIGNED-PAYLOAD";
    format!("curl --aws-sigv4 aws:amz:{REGION}:s3 --user {ACCESS_KEY}:{SECRET_KEY} -H '{unsigned}'")
}

/// Serves `store` on `listener` until `shutdown` resolves.
pub async fn serve(listener: TcpListener, store: ObjectStore, shutdown: impl Future<Output = ()>) {
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = service.build();
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
