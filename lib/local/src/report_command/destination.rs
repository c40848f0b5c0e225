//! Where the report goes: a file, whole or not at all, or stdout; never one of its sources.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The report would take the place of one of the files that it is made from.
#[derive(Debug, Error)]
#[error(
    "--out is {out:?}, which is the source {source_path:?}; accepted is any file that is no source"
)]
pub(super) struct OutIsSource {
    out: PathBuf,
    source_path: PathBuf,
}

/// Refuses an `out` that is one of the sources, whatever the paths look like: links, `./` and
/// other spellings lead to one file.
pub(super) fn check(out: Option<&Path>, sources: &[PathBuf]) -> Result<(), OutIsSource> {
    // A file that does not exist yet replaces nothing.
    let Some((out, replaced)) = out.and_then(|out| Some((out, identity(out)?))) else {
        return Ok(());
    };
    match sources.iter().find(|source| identity(source) == Some(replaced)) {
        None => Ok(()),
        Some(source) => Err(OutIsSource { out: out.to_owned(), source_path: source.to_owned() }),
    }
}

/// Device and inode of the file that a path leads to: only another path to it has the same.
/// `None`: there is no file, or it is a device or a pipe, which nothing replaces.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((metadata.dev(), metadata.ino()))
}

/// The report could not be written.
#[derive(Debug, Error)]
#[error("cannot write {to}")]
pub(super) struct WriteError {
    to: String,
    source: io::Error,
}

/// Writes the report to `out`, or to stdout.
pub(super) fn write(out: Option<&Path>, csv: &[u8]) -> Result<(), WriteError> {
    let Some(path) = out else {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(csv).and_then(|()| stdout.flush());
        return written
            .map_err(|source| WriteError { to: "the report to stdout".to_owned(), source });
    };
    let written = if is_special(path) { fs::write(path, csv) } else { replace(path, csv) };
    written.map_err(|source| WriteError { to: path.display().to_string(), source })
}

/// A device or a pipe, such as `/dev/null`, is written to; renaming a file over it would end it.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// Writes a file beside `path` and renames it, so that a failure leaves what was there.
fn replace(path: &Path, csv: &[u8]) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let unfinished = unfinished_name(&path)?;
    let renamed = File::create(&unfinished)
        .and_then(|mut file| file.write_all(csv))
        .and_then(|()| fs::rename(&unfinished, &path));
    if renamed.is_err() {
        // The error that matters is the one returned.
        let _ = fs::remove_file(&unfinished);
    }
    renamed
}

/// `report.csv` is written as `.report.csv.<process>.unfinished`.
fn unfinished_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".{}.unfinished", std::process::id()));
    Ok(path.with_file_name(unfinished))
}
