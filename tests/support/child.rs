//! The system in a process of its own, so that it can be killed like with `kill -9`.
//!
//! The process is this same test binary, started for one test that does nothing unless `FOLDER` is
//! set. So no other binary has to be built first, and the child is always up to date.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use local::system::{System, SystemSettings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::phase::Phase;
use crate::proxies::{Fate, Proxies};

/// The variable with the child's data folder.
const FOLDER: &str = "STORY_CHILD_FOLDER";
/// The variable with the phase in which a worker of the child is held. If unset, none is held.
const PHASE: &str = "STORY_CHILD_PHASE";
/// Starts the line that says where the child's system listens.
const READY: &str = "child-is-ready";
/// Starts the line that says that a worker is held.
const HELD: &str = "child-is-held";

/// A system in another process. It ends when this value is dropped, or when this process ends.
#[derive(Debug)]
pub struct ChildSystem {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// The address of its API.
    pub api: SocketAddr,
    /// The address of its S3.
    pub s3: SocketAddr,
}

impl ChildSystem {
    /// Starts a system on a data folder. `test` is the full name of the test that calls [`serve`].
    pub async fn start(folder: &Path, test: &str) -> ChildSystem {
        ChildSystem::start_held(folder, test, None).await
    }

    /// Like [`ChildSystem::start`], but the first worker to reach `phase` is held there.
    pub async fn start_held(folder: &Path, test: &str, phase: Option<Phase>) -> ChildSystem {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(FOLDER, folder)
            .env(PHASE, phase.map_or("", Phase::name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addresses = line_that_starts(READY, &mut lines).await;
        let addresses: Vec<SocketAddr> =
            addresses.split_whitespace().map(|address| address.parse().unwrap()).collect();
        ChildSystem { process, lines, api: addresses[0], s3: addresses[1] }
    }

    /// Waits until a worker has reached the phase.
    pub async fn held(&mut self) {
        line_that_starts(HELD, &mut self.lines).await;
    }

    /// The most memory that the process ever used, in MiB, as the kernel measures it.
    pub fn peak_memory_mib(&self) -> u64 {
        let id = self.process.id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        kib / 1024
    }

    /// Kills the process at once. It cannot clean up.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// Returns the rest of the next line that starts with `start`. Panics after a minute.
async fn line_that_starts(start: &str, lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = async {
        loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("the child ended before it printed {start}"));
            if let Some(rest) = line.strip_prefix(start) {
                return rest.to_owned();
            }
        }
    };
    let line = tokio::time::timeout(Duration::from_mins(1), line).await;
    line.unwrap_or_else(|_| panic!("timed out waiting for the child to print {start}"))
}

/// The body of the test that runs in the child. In any other process it returns at once.
pub async fn serve() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let mut settings = SystemSettings::in_folder(&folder);
    let phase = std::env::var(PHASE).ok().and_then(|name| Phase::named(&name));
    let proxies = match phase {
        Some(phase) => Some(holding(phase).await),
        None => None,
    };
    settings.proxies = proxies.as_ref().map(Proxies::addresses);
    let system = System::start(&settings).await.unwrap();
    if let Some(proxies) = &proxies {
        proxies.connect(system.addresses());
    }
    let (api, s3) = (system.api_address(), system.addresses().s3);
    say(&format!("{READY} {api} {s3}"));
    // Standard input ends when the parent ends, for whatever reason.
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.ok();
}

/// Proxies that hold the first call of a phase and pass all others.
async fn holding(phase: Phase) -> Proxies {
    let proxies = Proxies::start().await;
    let mut is_held = false;
    proxies.rule(move |call| {
        if is_held {
            return Fate::Pass;
        }
        let fate = phase.fate_of(call);
        if fate != Fate::Pass {
            is_held = true;
        }
        fate
    });
    let mut seen = proxies.held();
    tokio::spawn(async move {
        seen.wait_for(|is_held| *is_held).await.unwrap();
        say(HELD);
    });
    proxies
}

/// Writes a line directly. The test harness has already started a line, and it captures prints.
fn say(line: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "\n{line}").unwrap();
    stdout.flush().unwrap();
}
