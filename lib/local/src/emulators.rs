//! Emulators of DynamoDB, S3 and SQS on loopback ports, with their data in a folder. They can listen
//! on one further address, which containers reach.
//!
//! Every port requires signed calls and refuses requests of web pages (`guard`, `signature`,
//! `secret`).
//!
//! The emulators run on a thread and a tokio runtime of their own: when SQLite ran on the workers
//! of a shared runtime, timers fired up to 113 ms late. No write is forced to the disk, so data
//! survives the end of the process but not a power failure.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use aws_types::SdkConfig;
use dynoxide::Database;
use socket2::SockRef;
use thiserror::Error;
use tokio::sync::watch;
use uptime_aws::Settings;

use crate::aws::REGION;
use crate::dynamodb::{self, TableLimits, Tables};
use crate::handles::Shares;
use crate::http_server::Listeners;
use crate::s3::{self, Notification, ObjectStore};
use crate::secret::{ACCESS_KEY, Secret, SecretError};
use crate::sqs::{self, Queues};

/// The file in the data folder that holds the tables. SQLite keeps files beside it whose names
/// start with its name.
pub const TABLES: &str = "tables.sqlite";

/// How many connections may wait on a port until they are accepted.
pub(crate) const BACKLOG: u16 = 1024;

/// Where the emulators keep their data, and on which ports they listen; port 0 means any free port.
#[derive(Debug, Clone)]
pub struct Setup {
    /// An existing folder.
    pub folder: PathBuf,
    /// The port of `DynamoDB`.
    pub dynamodb_port: u16,
    /// The port of S3, which presigned links name.
    pub s3_port: u16,
    /// The port of SQS.
    pub sqs_port: u16,
    /// An address of this machine on which all three ports also listen.
    pub further_address: Option<Ipv4Addr>,
    /// The bucket whose new objects are announced.
    pub data_bucket: String,
    /// Only keys with this prefix are announced.
    pub watched_prefix: String,
    /// The queue that gets the announcements.
    pub load_queue: String,
    /// How much the tables of `DynamoDB` accept per second; `None` means any amount.
    pub table_limits: Option<TableLimits>,
}

impl Setup {
    /// Returns which objects are announced, and in which of `queues`.
    pub(crate) fn notification(&self, queues: &Arc<Queues>) -> Notification {
        Notification {
            bucket: self.data_bucket.clone(),
            prefix: self.watched_prefix.clone(),
            queue: self.load_queue.clone(),
            queues: Arc::clone(queues),
        }
    }
}

#[cfg(test)]
impl Setup {
    /// Any free port; announces everything under `incoming/` of the bucket `data` in `loads`.
    pub(crate) fn for_test(folder: &Path) -> Setup {
        Setup {
            folder: folder.to_owned(),
            dynamodb_port: 0,
            s3_port: 0,
            sqs_port: 0,
            further_address: None,
            data_bucket: "data".to_owned(),
            watched_prefix: "incoming/".to_owned(),
            load_queue: "loads".to_owned(),
            table_limits: None,
        }
    }
}

/// Why the emulators did not start.
#[derive(Debug, Error)]
pub enum EmulatorError {
    /// The port cannot be listened on.
    #[error("cannot listen on port {port}; another program may be using it")]
    Port {
        /// The requested port.
        port: u16,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The further address cannot be listened on.
    #[error(
        "cannot listen on {address}; the address must be one of this machine, and no other program may \
         listen there"
    )]
    Further {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A store in the data folder cannot be opened.
    #[error("cannot open {path}")]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The secret of the data folder cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The thread or its runtime could not be started.
    #[error("cannot start the emulators' thread")]
    Thread(#[source] std::io::Error),
}

/// The running emulators.
#[derive(Debug)]
pub struct Emulators {
    addresses: Addresses,
    queues: Arc<Queues>,
    secret: Secret,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// The addresses of the three services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// `DynamoDB`.
    pub dynamodb: SocketAddr,
    /// S3, which presigned links name.
    pub s3: SocketAddr,
    /// SQS.
    pub sqs: SocketAddr,
}

struct Servers {
    dynamodb: (Bound, Tables),
    s3: (Bound, ObjectStore),
    sqs: (Bound, Arc<Queues>),
    secret: Secret,
}

impl Emulators {
    /// Starts all three. When it returns, they accept connections.
    pub fn start(setup: &Setup) -> Result<Emulators, EmulatorError> {
        let bound = |port| Bound::new(port, setup.further_address);
        let (dynamodb, s3) = (bound(setup.dynamodb_port)?, bound(setup.s3_port)?);
        let sqs = bound(setup.sqs_port)?;
        let addresses = Addresses { dynamodb: dynamodb.address, s3: s3.address, sqs: sqs.address };
        let secret = Secret::of_folder(&setup.folder)?;
        let queues = Arc::new(Queues::default());
        let servers = Servers {
            dynamodb: (dynamodb, open_tables(setup)?),
            s3: (s3, open_objects(setup, &queues)?),
            sqs: (sqs, Arc::clone(&queues)),
            secret: secret.clone(),
        };
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("emulators")
            .enable_all()
            .build()
            .map_err(EmulatorError::Thread)?;
        let thread = std::thread::Builder::new()
            .name("emulators".to_owned())
            .spawn(move || runtime.block_on(serve(servers, stopped)))
            .map_err(EmulatorError::Thread)?;
        Ok(Emulators { addresses, queues, secret, stop, thread: Some(thread) })
    }

    /// The addresses that the emulators listen on.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The queues, for operations that a client cannot do over the wire.
    pub fn queues(&self) -> &Arc<Queues> {
        &self.queues
    }

    /// The secret that signs calls to the emulators.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The URL of a queue.
    pub fn queue_url(&self, name: &str) -> String {
        sqs::queue_url(self.addresses.sqs, name)
    }

    /// The configuration with which SDK clients call the emulators and nothing else.
    pub fn sdk_config(&self) -> SdkConfig {
        without_time_limits(self.addresses, self.secret.expose())
    }

    /// Accepts no more connections, lets current answers end, and closes the stores.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, the panic is already printed, and nothing is left to stop.
            tokio::task::spawn_blocking(move || thread.join()).await.ok();
        }
    }
}

/// The configuration of an SDK client that calls only S3, at `s3_address` of a local system with
/// `secret`.
pub fn client_config(s3_address: SocketAddr, secret: &str) -> SdkConfig {
    let addresses = Addresses { dynamodb: s3_address, s3: s3_address, sqs: s3_address };
    without_time_limits(addresses, secret)
}

/// Removes the time limits: a file is uploaded in one call, however long it takes.
fn without_time_limits(addresses: Addresses, secret: &str) -> SdkConfig {
    let mut config = function_config(addresses, secret).into_builder();
    config.set_timeout_config(None);
    config.build()
}

/// The configuration of a deployed function's clients, time limits included, for the services at
/// `addresses` of a system with `secret`.
#[expect(clippy::expect_used, reason = "every required setting is in the list")]
pub fn function_config(addresses: Addresses, secret: &str) -> SdkConfig {
    let Addresses { dynamodb, s3, sqs } = addresses;
    let pairs = [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{s3}")),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{dynamodb}")),
        ("AWS_ENDPOINT_URL_SQS", format!("http://{sqs}")),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    uptime_aws::sdk_config(&Settings::from_pairs(pairs)).expect("the settings are complete")
}

/// A port that is listened on, but not served yet.
struct Bound {
    loopback: StdListener,
    address: SocketAddr,
    further: Option<StdListener>,
}

impl Bound {
    /// Listens on 127.0.0.1, and with the same port on the further address.
    fn new(port: u16, further_address: Option<Ipv4Addr>) -> Result<Bound, EmulatorError> {
        let listened = listen((Ipv4Addr::LOCALHOST, port).into());
        let (loopback, address) =
            listened.map_err(|source| EmulatorError::Port { port, source })?;
        let further = further_address.map(|further| {
            let address = SocketAddr::from((further, address.port()));
            let listened = listen(address);
            listened.map_err(|source| EmulatorError::Further { address, source })
        });
        let further = further.transpose()?.map(|(listener, _)| listener);
        Ok(Bound { loopback, address, further })
    }

    fn into_listeners(self) -> std::io::Result<Listeners> {
        Listeners::from_std(self.loopback, self.further)
    }
}

fn listen(address: SocketAddr) -> std::io::Result<(StdListener, SocketAddr)> {
    let listener = StdListener::bind(address)?;
    // The standard library lets only 128 connections wait.
    SockRef::from(&listener).listen(BACKLOG.into())?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn open_tables(setup: &Setup) -> Result<Tables, EmulatorError> {
    let path = &setup.folder.join(TABLES);
    let database =
        Database::new(&path.to_string_lossy()).map_err(|source| unopened(path, source))?;
    // Otherwise every item of a batch is synced separately: 409 instead of 19,500 items a second.
    database.enable_bulk_loading().map_err(|source| unopened(path, source))?;
    Ok(Tables::new(database, setup.table_limits))
}

fn open_objects(setup: &Setup, queues: &Arc<Queues>) -> Result<ObjectStore, EmulatorError> {
    let root = setup.folder.join("objects");
    let notification = setup.notification(queues);
    std::fs::create_dir_all(&root).map_err(|source| unopened(&root, source))?;
    ObjectStore::open(&root, notification).map_err(|error| unopened(&root, error))
}

fn unopened(
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> EmulatorError {
    EmulatorError::Store { path: path.to_owned(), source: source.into() }
}

async fn serve(servers: Servers, stopped: watch::Receiver<bool>) {
    let stopped = || {
        let mut stopped = stopped.clone();
        async move {
            // An error means that the sender is gone, which also means stop.
            stopped.wait_for(|is_stopped| *is_stopped).await.ok();
        }
    };
    let secret = &servers.secret;
    let shares = Shares::now();
    let dynamodb = async {
        let listeners = servers.dynamodb.0.into_listeners()?;
        dynamodb::serve(listeners, servers.dynamodb.1, secret, shares.dynamodb, stopped()).await;
        Ok(())
    };
    let s3 = async {
        let listeners = servers.s3.0.into_listeners()?;
        s3::serve(listeners, servers.s3.1, secret, shares.s3, stopped()).await;
        Ok(())
    };
    let sqs = async {
        let listeners = servers.sqs.0.into_listeners()?;
        sqs::serve(listeners, servers.sqs.1, secret, shares.sqs, stopped()).await
    };
    tokio::join!(to_the_end("DynamoDB", dynamodb), to_the_end("S3", s3), to_the_end("SQS", sqs));
}

/// Logs an emulator's error at once, while the other emulators continue.
async fn to_the_end(emulator: &str, serving: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = serving.await {
        tracing::error!(emulator, %error, "an emulator failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_of_functions_have_a_time_limit() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let addresses = Addresses { dynamodb: address, s3: address, sqs: address };

        assert!(function_config(addresses, "any").timeout_config().is_some());
        assert!(client_config(address, "any").timeout_config().is_none());
    }
}
