//! The whole running system: emulators, the four functions, and what connects them.
//!
//! [`System::prepare`] starts everything except the API. [`System::open_api`] opens the API.
//! [`System::start`] does both. A lock file ensures that only one process uses a data folder.

mod functions;
mod lost_tables;
mod recovery;
mod settings;
mod stores;
#[cfg(test)]
mod tests;

pub use recovery::ContinuedWork;
pub use settings::{
    DATA_BUCKET, DATA_TABLE, LOAD_DEAD_LETTER_QUEUE, LOAD_QUEUE, REPORT_BUCKET,
    REPORT_DEAD_LETTER_QUEUE, REPORT_QUEUE, REPORT_TABLE, SystemSettings, Worker,
};

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use thiserror::Error;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use uptime_aws::load_files::INCOMING;
use uptime_aws::{CallError, Clients as _, SettingsError};

use crate::emulators::{
    Addresses, BACKLOG, EmulatorError, Emulators, Setup, TABLES, function_config,
};
use crate::event_source::EventSource;
use crate::gateway;
use crate::handles::Shares;
use crate::lambda::Function;
use crate::page;
use crate::secret::Secret;
use crate::sqs::{Queues, SqsError};
use functions::Functions;

/// How long [`System::stop`] waits for responses and invocations under way. The next start
/// continues what this cuts off, as after a kill.
const LAST_INVOCATIONS: Duration = Duration::from_secs(3);

/// Why a system did not start.
#[derive(Debug, Error)]
pub enum SystemError {
    /// The data folder cannot be created or written to.
    #[error("cannot use {path} as a data folder")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another process uses the data folder.
    #[error("the data folder {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// An emulator or a port failed.
    #[error(transparent)]
    Emulators(#[from] EmulatorError),
    /// A function refused its settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An emulator returned an error.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The queues returned an error.
    #[error("the queues cannot be used")]
    Queues(#[from] SqsError),
    /// The tables cannot be used, or cannot be read completely.
    #[error(
        "the tables in {} cannot be used; if the file is damaged, delete it and the files beside \
         it whose names start with its name: the next start loads all files again, and earlier \
         reports are lost",
        path.display()
    )]
    Tables {
        /// The file.
        path: PathBuf,
        /// What the emulator of `DynamoDB` reported.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A running system.
#[derive(Debug)]
pub struct System {
    folder: PathBuf,
    emulators: Emulators,
    functions: Functions,
    api_address: SocketAddr,
    // Bound, so that no other process takes the port, but not listening yet.
    api_socket: Option<TcpSocket>,
    gateway: Option<JoinHandle<()>>,
    event_sources: Vec<JoinSet<()>>,
    stop: watch::Sender<bool>,
    continued_work: ContinuedWork,
    // The operating system frees it when the process ends, however it ends.
    _lock: File,
}

impl System {
    /// Starts everything. When it returns, the API answers.
    pub async fn start(settings: &SystemSettings) -> Result<System, SystemError> {
        let mut system = System::prepare(settings).await?;
        system.open_api()?;
        Ok(system)
    }

    /// Starts everything except the API. The API's port is reserved, and connections to it are
    /// refused.
    pub async fn prepare(settings: &SystemSettings) -> Result<System, SystemError> {
        let lock = locked(&settings.folder)?;
        let (api_socket, api_address) = bound(settings.api_port)?;
        let setup = Setup {
            folder: settings.folder.clone(),
            dynamodb_port: settings.dynamodb_port,
            s3_port: settings.s3_port,
            sqs_port: settings.sqs_port,
            further_address: settings.further_address,
            data_bucket: DATA_BUCKET.to_owned(),
            watched_prefix: INCOMING.to_owned(),
            load_queue: LOAD_QUEUE.to_owned(),
            table_limits: settings.table_limits,
        };
        let emulators = Emulators::start(&setup).map_err(unstarted)?;
        let sdk_config = emulators.sdk_config();
        stores::define_queues(emulators.queues(), settings);
        stores::make_buckets(&sdk_config).await?;
        let tables = |source: CallError| unusable_tables(&settings.folder, source);
        if lost_tables::are_missing(&sdk_config).await.map_err(tables)? {
            lost_tables::forget_loads(&sdk_config, &settings.folder).await?;
        }
        stores::make_tables(&sdk_config).await.map_err(tables)?;
        let running = recovery::running_reports(&sdk_config.dynamodb()).await.map_err(tables)?;
        let notification = setup.notification(emulators.queues());
        let continued_work = recovery::continue_work(&sdk_config, &running, &notification).await?;
        let queue_url = emulators.queue_url(REPORT_QUEUE);
        let reached = settings.proxies.unwrap_or(emulators.addresses());
        let functions = Functions::new(
            &function_config(reached, emulators.secret().expose()),
            &queue_url,
            settings,
        )?;
        let (stop, stopped) = watch::channel(false);
        let event_sources = event_sources(settings, &emulators, &functions, &stopped);
        Ok(System {
            folder: settings.folder.clone(),
            emulators,
            functions,
            api_address,
            api_socket: Some(api_socket),
            gateway: None,
            event_sources,
            stop,
            continued_work,
            _lock: lock,
        })
    }

    /// Opens the API's port; later calls do nothing.
    pub fn open_api(&mut self) -> Result<(), SystemError> {
        let Some(socket) = self.api_socket.take() else { return Ok(()) };
        let port = self.api_address.port();
        let listener =
            socket.listen(BACKLOG.into()).map_err(|source| EmulatorError::Port { port, source })?;
        let mut stopped = self.stop.subscribe();
        let shutdown = async move {
            // An error means that the sender is gone, which also means stop.
            stopped.wait_for(|is_stopped| *is_stopped).await.ok();
        };
        let page = page::routes(self);
        let routes = self.functions.routes();
        let serving = gateway::serve(listener, routes, page, Shares::now(), shutdown);
        self.gateway = Some(tokio::spawn(serving));
        Ok(())
    }

    /// The address of the API once it is open.
    pub fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// The addresses of its DynamoDB, S3 and SQS.
    pub fn addresses(&self) -> Addresses {
        self.emulators.addresses()
    }

    /// The configuration with which SDK clients call this system's DynamoDB, S3 and SQS.
    pub fn sdk_config(&self) -> SdkConfig {
        self.emulators.sdk_config()
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The secret that signs calls to this system's services.
    pub fn secret(&self) -> &Secret {
        self.emulators.secret()
    }

    /// The URL of a queue.
    pub fn queue_url(&self, name: &str) -> String {
        self.emulators.queue_url(name)
    }

    /// The queues, for operations that a client cannot do over the wire.
    pub fn queues(&self) -> &Arc<Queues> {
        self.emulators.queues()
    }

    /// The unfinished work of an earlier process that this start continued.
    pub fn continued_work(&self) -> ContinuedWork {
        self.continued_work
    }

    /// Takes no more work, gives the current work a few seconds, and closes the stores.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let last = async {
            for event_source in &mut self.event_sources {
                while event_source.join_next().await.is_some() {}
            }
            if let Some(gateway) = &mut self.gateway {
                gateway.await.ok();
            }
        };
        tokio::time::timeout(LAST_INVOCATIONS, last).await.ok();
        self.event_sources.clear();
        self.emulators.stop().await;
    }
}

/// If the tables cannot be opened, makes the error that says what to do.
fn unstarted(error: EmulatorError) -> SystemError {
    match error {
        EmulatorError::Store { path, source } if path.ends_with(TABLES) => {
            SystemError::Tables { path, source }
        }
        error => error.into(),
    }
}

fn unusable_tables(folder: &Path, source: CallError) -> SystemError {
    SystemError::Tables { path: folder.join(TABLES), source: source.into() }
}

/// Creates the folder if necessary, and locks it against other processes.
fn locked(folder: &Path) -> Result<File, SystemError> {
    let unusable = |source| SystemError::Folder { path: folder.to_owned(), source };
    if folder.to_str().is_none() {
        return Err(unusable(io::Error::other("SQLite requires a name in UTF-8")));
    }
    crate::folder::create(folder).map_err(unusable)?;
    let path = folder.join("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(SystemError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

fn bound(port: u16) -> Result<(TcpSocket, SocketAddr), EmulatorError> {
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        // Otherwise the port of a system that has just stopped would count as in use.
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
        let address = socket.local_addr()?;
        Ok((socket, address))
    };
    bind().map_err(|source| EmulatorError::Port { port, source })
}

/// Maps both queues to their functions, with one message per invocation.
fn event_sources(
    settings: &SystemSettings,
    emulators: &Emulators,
    functions: &Functions,
    stopped: &watch::Receiver<bool>,
) -> Vec<JoinSet<()>> {
    let client = emulators.sdk_config().sqs();
    let map = |queue: &'static str, function: &Function, worker: Worker| {
        let source = EventSource {
            client: client.clone(),
            queue,
            queue_url: emulators.queue_url(queue),
            function: function.clone(),
            batch_size: 1,
            retry_after: worker.retry_after,
            longest_retry: worker.longest_retry,
        };
        source.start(worker.concurrency, stopped)
    };
    vec![
        map(REPORT_QUEUE, &functions.compute_report, settings.reports),
        map(LOAD_QUEUE, &functions.load_data, settings.loads),
    ]
}
