//! The binary as a user runs it: first start, kill -9, restart, load, one-line failures.

#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use local::system::{DATA_BUCKET, System, SystemSettings};
use uptime_aws::Clients as _;

const POLLS: &str = "store_id,status,timestamp_utc\n\
    8,active,2023-01-24 10:06:42.605777 UTC\n\
    9,inactive,2023-01-24 11:06:42.605777 UTC\n";
const POLL_OF_8: &str = "8,active,2023-01-24 10:06:42.605777 UTC\n";
const BAD_POLL: &str = "8,active,yesterday\n";
const HOURS: &str = "store_id,day,start_time_local,end_time_local\n8,1,00:00,23:59\n";
const LONG_ENOUGH: Duration = Duration::from_mins(1);

#[test]
fn loads_and_requested_reports_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("b.csv"), POLLS).unwrap();
    std::fs::write(source.join("z.csv"), HOURS).unwrap();

    let mut first = Serving::start(folder.path());
    // Hours are loaded before polls, whatever the files' names are.
    let loads = first.lines_until("API on ");
    let loaded = loads.iter().filter(|line| line.starts_with("loaded "));
    assert!(loaded.map(|line| line.contains("business hours")).eq([true, false]), "{loads:?}");
    first.lines_until("report of 2 stores as of 2023-01-24T11:06:42.605777Z");
    assert!(folder.path().join("data/stores.csv").exists());
    first.lines_until("Open the report in a browser:");
    let id = field(&first.get("/trigger_report"), "report_id");
    first.child.kill().unwrap();
    first.child.wait().unwrap();

    let mut second = Serving::start(folder.path());
    assert!(second.lines_until("API on ").iter().any(|line| line.starts_with("data is present")));
    let started = Instant::now();
    while field(&second.get(&format!("/get_report/{id}")), "status") == "Running" {
        assert!(started.elapsed() < LONG_ENOUGH, "still Running");
        std::thread::sleep(Duration::from_millis(50));
    }

    let printed = check_load(&second, &source.join("b.csv"), "Complete", Some(0));
    assert!(
        printed.contains("b.csv: of 2 rows of polls, 2 loaded, 0 duplicate, 0 rejected ("),
        "{printed}"
    );
    std::fs::write(source.join("c.csv"), "neither,this\n1,2\n").unwrap();
    let printed = check_load(&second, &source.join("c.csv"), "Failed", Some(1));
    assert!(printed.contains("c.csv: "), "{printed}");
    assert!(printed.ends_with("local: 1 of 1 loads failed; the reasons are above\n"), "{printed}");
    assert!(second.ended("TERM").success());
}

#[test]
fn a_first_load_with_bad_files_shows_their_first_rejected_rows_and_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("b.csv"), POLLS).unwrap();
    std::fs::write(source.join("bad_rows.csv"), format!("{POLLS}{}", BAD_POLL.repeat(8))).unwrap();
    std::fs::write(source.join("header.csv"), "neither,this\n1,2\n").unwrap();
    std::os::unix::fs::symlink("nowhere", source.join("unreadable.csv")).unwrap();

    let mut first = Serving::start(folder.path());
    let printed = first.lines_until("API on ").concat();

    for line in [
        "failed to load source/unreadable.csv: cannot read source/unreadable.csv: ",
        "failed to load source/header.csv: ",
        "loaded source/b.csv: of 2 rows of polls, 2 loaded, 0 duplicate, 0 rejected (",
        "failed to load source/bad_rows.csv: 8 of 10 rows were rejected; the limit is 10 %\n",
        "  line 4, column timestamp_utc: ",
        "  line 8, column timestamp_utc: ",
        "  and 3 more\n  all rejected rows are in loads/bad_rows.csv/",
        "3 of 4 files failed",
    ] {
        assert!(printed.contains(&format!("\n{line}")), "{line}: {printed}");
    }
    assert!(!printed.contains("line 9"), "{printed}");
    first.lines_until("report of 2 stores");
    assert!(first.ended("TERM").success());

    let mut second = Serving::start(folder.path());
    let printed = second.lines_until("API on ");
    assert_eq!(printed.len(), 3, "{printed:?}");
    assert_eq!(printed[1], "data is present in data\n");
}

#[test]
fn a_load_with_rejected_rows_shows_the_first_of_them_and_a_command_that_downloads_all() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("source")).unwrap();
    let file = folder.path().join("a b+c.csv");
    std::fs::write(&file, format!("{POLLS}{}", BAD_POLL.repeat(8))).unwrap();
    let mut serving = Serving::start(folder.path());
    serving.lines_until("API on ");

    let printed = check_load(&serving, &file, "Failed", Some(1));

    assert!(printed.contains(": 8 of 10 rows were rejected; the limit is 10 %\n"), "{printed}");
    assert!(printed.contains("\n  line 4, column timestamp_utc: "), "{printed}");
    assert!(printed.contains("\n  and 3 more\n  all rejected rows are in loads/"), "{printed}");
    let (_, command) = printed.split_once("rejects.csv:\n    curl ").unwrap();
    let start = format!("'http://{}/data/loads/", serving.s3);
    let (_, url) = command.lines().next().unwrap().split_once(&start).unwrap();
    assert!(url.contains("a%20b%2Bc.csv/") && url.ends_with("/rejects.csv'"), "{url}");
}

#[test]
fn a_complete_load_shows_its_rejected_rows_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("source")).unwrap();
    let file = folder.path().join("polls.csv");
    std::fs::write(&file, format!("{POLLS}{}{BAD_POLL}", POLL_OF_8.repeat(20))).unwrap();
    let mut serving = Serving::start(folder.path());
    serving.lines_until("API on ");

    let printed = check_load(&serving, &file, "Complete", Some(0));

    assert!(printed.contains(", 1 rejected ("), "{printed}");
    assert!(printed.contains("\n  line 24, column timestamp_utc: "), "{printed}");
    assert!(printed.contains("\n  all rejected rows are in loads/"), "{printed}");
}

#[test]
fn a_load_of_a_file_with_a_long_name_and_a_rejected_row_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start_with("--port 0 --s3-port 0 --data-dir data", folder.path());
    serving.lines_until("API on ");
    // The longest is the longest name that a file system accepts.
    for length in [100, 110, 120, 130, 160, 255] {
        let file = folder.path().join("n".repeat(length));
        let rows = format!("{POLLS}{}{BAD_POLL}", POLL_OF_8.repeat(20 + length));
        std::fs::write(&file, rows).unwrap();

        let printed = check_load(&serving, &file, "Complete", Some(0));

        assert!(printed.contains(", 1 rejected ("), "{printed}");
    }
}

#[test]
fn without_the_default_folder_it_starts_without_data() {
    let folder = tempfile::tempdir().unwrap();

    let mut serving = Serving::start_with("--port 0 --s3-port 0", folder.path());

    let printed = serving.lines_until("API on ");
    assert!(
        printed.contains(&"the folder data does not exist; starting without data\n".to_owned()),
        "{printed:?}"
    );
    assert!(serving.ended("TERM").success());
}

#[test]
fn a_signal_is_heard_while_a_start_looks_through_many_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("source")).unwrap();
    with_unfinished_files(&folder.path().join("data"), 2_000);

    let line = "--port 0 --s3-port 0 --data-dir data --load source";
    let mut serving = Serving::start_with_stderr(line, folder.path(), Stdio::piped());
    let mut stderr = BufReader::new(serving.child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "checking 2000 files for unfinished loads ...\n");

    assert!(serving.ended("TERM").success());
    let mut printed = String::new();
    serving.output.read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "stopping\n");
}

/// A system that was stopped before it loaded any of `count` files.
fn with_unfinished_files(data_folder: &Path, count: usize) {
    let mut settings = SystemSettings::in_folder(data_folder);
    settings.loads.concurrency = 0;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let system = System::start(&settings).await.unwrap();
        let client = system.sdk_config().s3();
        let put = |number| {
            let key = format!("incoming/{number}.csv");
            let call = client.put_object().bucket(DATA_BUCKET).key(key);
            call.body(POLLS.as_bytes().to_vec().into()).send()
        };
        let puts = stream::iter(0..count).map(put).buffer_unordered(16);
        puts.try_for_each(async |_| Ok(())).await.unwrap();
        system.stop().await;
    });
}

#[test]
fn a_start_that_fails_prints_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("source")).unwrap();
    let mut serving = Serving::start(folder.path());
    serving.lines_until("API on ");
    let port = serving.api.rsplit(':').next().unwrap();
    let other = "--data-dir other --load source --s3-port 0 --port";

    check_failure(folder.path(), "--data-dir data --load source --port 0 --s3-port 0", "in use");
    check_failure(folder.path(), &format!("{other} {port}"), port);
    check_failure(folder.path(), "--data-dir other --load nowhere", "nowhere");
    check_failure(folder.path(), "load nothing.csv --s3-port 9", "no local system");
    let s3_port = serving.s3.rsplit(':').next().unwrap();
    let load = format!("load nothing.csv --s3-port {s3_port} --data-dir");
    check_failure(folder.path(), &format!("{load} data"), "nothing.csv");
    check_failure(
        folder.path(),
        &format!("{load} nowhere"),
        "cannot use the secret in nowhere/secret",
    );
    std::fs::write(folder.path().join("secret"), "another".repeat(5)).unwrap();
    let other = "does not accept the secret in ./secret; use the --data-dir it was started with";
    check_failure(folder.path(), &format!("{load} ."), other);
    std::fs::write(folder.path().join("file"), POLLS).unwrap();
    check_failure(folder.path(), "--data-dir other --load file", "it is not a folder");
    assert!(serving.ended("INT").success());
}

#[test]
fn the_commands_that_a_start_prints_work_in_any_folder_and_do_not_show_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("it's \"odd\" $(x)");
    std::fs::create_dir_all(odd.join("source")).unwrap();
    std::fs::write(odd.join("FILE"), POLLS).unwrap();
    let mut serving = Serving::start(&odd);

    let printed = serving.lines_until("Ctrl-C stops the system").concat();

    let secret = std::fs::read_to_string(odd.join("data/secret")).unwrap();
    assert!(!printed.contains(secret.trim()), "{printed}");
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("FILE"), POLLS).unwrap();
    let (_, commands) = printed.split_once("see the result:\n").unwrap();
    let (load, curls) = commands.split_once("\nor\n").unwrap();
    let loaded = shell(load, elsewhere.path());
    assert!(loaded.contains("\"status\": \"Complete\""), "{loaded}");
    let (put, rest) = curls.split_once("NAME.csv\n").unwrap();
    assert_eq!(shell(&format!("{put}NAME.csv"), elsewhere.path()), "");
    let (list, _) = rest.split_once("loads%2F'\n").unwrap();
    let listed = shell(&format!("{list}loads%2F'"), elsewhere.path());
    assert!(listed.contains("<Key>loads"), "{listed}");
}

#[test]
fn the_secret_is_in_no_log_and_in_no_output_even_if_everything_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("source")).unwrap();
    std::fs::write(folder.path().join("source/b.csv"), POLLS).unwrap();
    let log = folder.path().join("log");
    let mut command = Serving::command("--port 0 --s3-port 0 --data-dir data --load source");
    command.env("RUST_LOG", "trace").stderr(std::fs::File::create(&log).unwrap());
    let mut serving = Serving::started(command, folder.path());

    let printed = serving.lines_until("Ctrl-C stops the system").concat();
    assert!(serving.ended("TERM").success());

    let secret = std::fs::read_to_string(folder.path().join("data/secret")).unwrap();
    let logged = std::fs::read_to_string(&log).unwrap();
    // Output and log both include the signed calls.
    assert!(printed.contains("loaded source/b.csv") && logged.contains("AWS4-HMAC-SHA256"));
    assert!(!printed.contains(secret.trim()), "{printed}");
    let with_secret = logged.lines().find(|line| line.contains(secret.trim()));
    assert_eq!(with_secret, None);
}

/// Runs a command as if pasted into a shell; returns its stdout.
#[track_caller]
fn shell(command: &str, folder: &Path) -> String {
    let output = Command::new("sh").args(["-c", command]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `local load` and returns its stderr.
#[track_caller]
fn check_load(system: &Serving, file: &Path, status: &str, code: Option<i32>) -> String {
    let port = system.s3.rsplit(':').next().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    let output = command
        .arg("load")
        .arg(file)
        .args(["--s3-port", port, "--data-dir"])
        .arg(system.folder.join("data"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let failure = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains(&format!("\"status\": \"{status}\"")), "{printed}{failure}");
    assert_eq!(output.status.code(), code);
    failure
}

#[track_caller]
fn check_failure(folder: &Path, line: &str, reason: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    let output = command.args(line.split(' ')).current_dir(folder).output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.lines().count() == 1 && printed.contains(reason), "{printed}");
}

/// A running `local serve`; ended with the test.
struct Serving {
    child: Child,
    folder: PathBuf,
    output: BufReader<std::process::ChildStdout>,
    api: String,
    s3: String,
}

impl Serving {
    fn start(folder: &Path) -> Serving {
        Serving::start_with("--port 0 --s3-port 0 --data-dir data --load source", folder)
    }

    fn start_with(line: &str, folder: &Path) -> Serving {
        Serving::started(Serving::command(line), folder)
    }

    fn start_with_stderr(line: &str, folder: &Path, stderr: Stdio) -> Serving {
        let mut command = Serving::command(line);
        command.stderr(stderr);
        Serving::started(command, folder)
    }

    fn command(line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(line.split(' '));
        command
    }

    fn started(mut command: Command, folder: &Path) -> Serving {
        let mut child = command.current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (api, s3) = (String::new(), String::new());
        Serving { child, folder: folder.to_owned(), output, api, s3 }
    }

    /// Reads lines until one starts with `start`, and remembers the addresses on the way.
    fn lines_until(&mut self, start: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "ended after {lines:?}");
            let known = [("API on http://", &mut self.api), ("S3 on http://", &mut self.s3)];
            for (prefix, address) in known {
                if let Some(found) = line.trim().strip_prefix(prefix) {
                    found.clone_into(address);
                }
            }
            lines.push(line);
            if lines.last().unwrap().starts_with(start) {
                return lines;
            }
        }
    }

    fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(&self.api).unwrap();
        let headers = format!("Host: {}\r\nConnection: close", self.api);
        write!(socket, "GET {path} HTTP/1.1\r\n{headers}\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    fn ended(&mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Returns a text field of a response's JSON.
#[track_caller]
fn field(answer: &str, name: &str) -> String {
    let start = format!("\"{name}\":\"");
    let (_, rest) = answer.split_once(&start).unwrap_or_else(|| panic!("no {name}: {answer}"));
    rest.split('"').next().unwrap().to_owned()
}
