//! The binary with an output that is full, closed or not read: it works as with any other output.

#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeReader, Read, Write, pipe};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const LOCAL: &str = env!("CARGO_BIN_EXE_local");
const POLLS: &str = "store_id,status,timestamp_utc\n8,active,2023-01-24 10:06:42.605777 UTC\n";
const LONG_ENOUGH: Duration = Duration::from_mins(1);
/// The number of status calls, each of which logs several lines: more than a pipe and the queue of
/// lines can hold.
const CALLS: u32 = 300;

#[test]
fn with_a_full_stderr_it_works() {
    check("", |serve| {
        serve.stderr(full());
    });
}

#[test]
fn with_a_full_stdout_and_stderr_it_works() {
    check("", |serve| {
        serve.stdout(full()).stderr(full());
    });
}

#[test]
fn with_a_closed_stdout_and_stderr_it_works() {
    check(">&- 2>&-", |_| ());
}

#[test]
fn with_a_reader_of_only_its_first_line_it_works() {
    check("", |serve| {
        let reader = piped(serve);
        // As `head -1` does.
        std::thread::spawn(|| BufReader::new(reader).read_line(&mut String::new()));
    });
}

#[test]
fn with_a_reader_that_does_not_read_it_works_and_ends_when_it_is_stopped() {
    let mut reader = None;
    let mut system = check("", |serve| reader = Some(piped(serve)));

    let process = system.process.id().to_string();
    Command::new("kill").args(["-s", "TERM", &process]).status().unwrap();

    let ended = until(|| system.process.try_wait().unwrap());
    assert!(ended.success(), "{ended}");
    assert!(reader.is_some());
}

#[test]
fn a_report_that_cannot_be_written_to_stdout_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("polls.csv");
    fs::write(&file, POLLS).unwrap();

    let output = Command::new(LOCAL).arg("report").arg(&file).stdout(full()).output().unwrap();

    let failure = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{failure}");
    assert!(failure.contains("cannot write the report to stdout"), "{failure}");
}

/// Starts a system that logs a lot, waits until it has loaded a file, and requests a report.
fn check(redirection: &str, output: impl FnOnce(&mut Command)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("source")).unwrap();
    fs::write(folder.path().join("source/polls.csv"), POLLS).unwrap();
    let api = free_port();
    let report = folder.path().join("data/report.csv");
    let system = serve(folder, api, redirection, output);

    // The first report is made when the file is loaded.
    until(|| report.exists().then_some(()));
    for number in 0..CALLS {
        assert!(get(api, &format!("/get_report/{number}")).starts_with("HTTP/1.1 400 "));
    }
    let triggered = get(api, "/trigger_report");
    let (_, id) = triggered.split_once("\"report_id\":\"").unwrap();
    let status = format!("/get_report/{}", &id[..36]);
    until(|| get(api, &status).contains("\"Complete\"").then_some(()));
    system
}

fn serve(
    folder: TempDir,
    api: u16,
    redirection: &str,
    output: impl FnOnce(&mut Command),
) -> Running {
    let mut serve = Command::new("sh");
    serve
        .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}"), LOCAL])
        .args("--s3-port 0 --data-dir data --load source --port".split(' '))
        .arg(api.to_string())
        .current_dir(folder.path())
        .env("RUST_LOG", "trace")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    output(&mut serve);
    Running { process: serve.spawn().unwrap(), _folder: folder }
}

/// Ended with the test.
struct Running {
    process: Child,
    _folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Sends stdout and stderr into one pipe.
fn piped(serve: &mut Command) -> PipeReader {
    let (reader, writer) = pipe().unwrap();
    serve.stdout(writer.try_clone().unwrap()).stderr(writer);
    reader
}

/// With such an output the system cannot show its port, so the test chooses one.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn get(port: u16, path: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[track_caller]
fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < LONG_ENOUGH, "waited in vain");
        std::thread::sleep(Duration::from_millis(50));
    }
}
