//! Folders that commands write to.

use std::path::Path;
use std::{fs, io};

/// Creates a folder with its parents, unless it exists. The error says if a file has its name.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path).map_err(|error| {
        if path.is_file() {
            return io::Error::new(error.kind(), "it is a file; a folder is needed");
        }
        error
    })
}
