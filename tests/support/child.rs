//! The system in a process of its own, so that it can be killed as `kill -9` does.
//!
//! The process is this very test binary, run again for one test that does nothing unless
//! `FOLDER` is set: so it needs no other binary to have been built, and is always up to date.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use local::system::{System, SystemSettings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// Names the child's data folder.
const FOLDER: &str = "STORY_CHILD_FOLDER";
/// Begins the line that says where the child's system answers.
const READY: &str = "child-is-ready";

/// A system in another process. It ends with this value, or with this process.
#[derive(Debug)]
pub struct ChildSystem {
    process: Child,
    /// Where its API answers.
    pub api: SocketAddr,
    /// Where its S3 answers.
    pub s3: SocketAddr,
}

impl ChildSystem {
    /// Starts a system in a folder; `test` is the full name of the test that calls [`serve`].
    pub async fn start(folder: &Path, test: &str) -> ChildSystem {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("the child says that it is ready");
            let Some(addresses) = line.strip_prefix(READY) else { continue };
            let addresses: Vec<SocketAddr> =
                addresses.split_whitespace().map(|address| address.parse().unwrap()).collect();
            return ChildSystem { process, api: addresses[0], s3: addresses[1] };
        }
    }

    /// Ends it at once, without a chance to clean up.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// The body of the test that is the child: returns at once in any other process.
pub async fn serve() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let system = System::start(&SystemSettings::in_folder(&folder)).await.unwrap();
    let (api, s3) = (system.api_address(), system.s3_address());
    // The test harness has begun a line; what it captures is not what is written here.
    let mut stdout = std::io::stdout();
    writeln!(stdout, "\n{READY} {api} {s3}").unwrap();
    stdout.flush().unwrap();
    // Ends when the parent does, however that ends.
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.ok();
}
