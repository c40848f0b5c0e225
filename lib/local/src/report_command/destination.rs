//! Writes the report to a file, to stdout or to a folder. Each file is written whole or not at all.
//! Never replaces a source.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;
use uptime::output::{FileName, ReportFile, ReportWriter, Table};

/// The report would replace one of the files that it is made from.
#[derive(Debug, Error)]
#[error(
    "the report would be written to {out:?}, which is the source {source_path:?}; it must not \
     replace a source file"
)]
pub(super) struct OutIsSource {
    out: PathBuf,
    source_path: PathBuf,
}

/// Refuses an `out`, and an `out_dir` with a file of a report, that is one of the sources.
pub(super) fn check(
    out: Option<&Path>,
    out_dir: Option<&Path>,
    sources: &[PathBuf],
) -> Result<(), OutIsSource> {
    check_file(out, sources)?;
    for name in out_dir.into_iter().flat_map(|_| FileName::ALL) {
        check_file(out_dir.map(|folder| folder.join(name.as_str())).as_deref(), sources)?;
    }
    Ok(())
}

/// Refuses an `out` that is one of the sources, even under another path: through a link, `./` or
/// another spelling.
fn check_file(out: Option<&Path>, sources: &[PathBuf]) -> Result<(), OutIsSource> {
    // A file that does not exist yet replaces nothing.
    let Some((out, replaced)) = out.and_then(|out| Some((out, identity(out)?))) else {
        return Ok(());
    };
    match sources.iter().find(|source| identity(source) == Some(replaced)) {
        None => Ok(()),
        Some(source) => Err(OutIsSource { out: out.to_owned(), source_path: source.to_owned() }),
    }
}

/// Returns the device and inode of a file, which all paths to it share. Returns `None` if there is
/// no file, or if it is a device or a pipe, which the report does not replace.
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
    let written = if is_special(path) {
        fs::write(path, csv)
    } else {
        replace(path, |file| file.write_all(csv))
    };
    written.map_err(|source| WriteError { to: path.display().to_string(), source })
}

/// Writes all files of a report to a folder, which is made if it does not exist. Files that an
/// earlier report left and this one does not have are removed first, so that the folder never holds
/// files of two reports once this returns.
pub(super) fn write_folder(folder: &Path, mut report: ReportWriter) -> Result<(), WriteError> {
    let failed = |path: &Path| {
        let to = path.display().to_string();
        move |source| WriteError { to, source }
    };
    crate::folder::create(folder).map_err(failed(folder))?;
    for name in FileName::ALL.into_iter().filter(|name| !report.has(*name)) {
        let path = folder.join(name.as_str());
        if path.exists() {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    let mut sums = Vec::new();
    for mut table in report.tables() {
        let path = folder.join(table.name().as_str());
        replace(&path, |file| write_table(file, &mut table)).map_err(failed(&path))?;
        sums.push(table.sum());
    }
    let page = report.take_page();
    sums.extend(page.iter().map(ReportFile::sum));
    for file in page.into_iter().chain([report.json(sums)]) {
        let path = folder.join(file.name.as_str());
        replace(&path, |out| out.write_all(&file.bytes)).map_err(failed(&path))?;
    }
    Ok(())
}

fn write_table(file: &mut File, table: &mut Table<'_>) -> io::Result<()> {
    while let Some(piece) = table.next_piece() {
        file.write_all(piece)?;
    }
    Ok(())
}

/// Whether the path is a device or a pipe, such as `/dev/null`. The report is written to it,
/// because renaming a file over it would replace it.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// Writes a file beside `path` and renames it, so that a failure keeps the old file.
fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // Replace the file that a link points to, and keep the link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let unfinished = unfinished_name(&path)?;
    let renamed = File::create(&unfinished)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| fs::rename(&unfinished, &path));
    if renamed.is_err() {
        // If the removal fails as well, the first error is the one to return.
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
