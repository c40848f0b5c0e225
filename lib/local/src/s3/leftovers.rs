//! What `s3s-fs` leaves in its root folder and should not: checksums of an object's predecessor,
//! and parts of uploads that nobody will complete.
//!
//! A checksum that is not the object's own makes every SDK client refuse to read it.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long an incomplete upload is kept; the template's bucket rule says the same.
const UPLOAD_LIFE: Duration = Duration::from_hours(24);

/// Forgets `ETag` and checksums of the object that `key` names; its `ETag` is computed anew then.
pub(super) fn forget_checksums(root: &Path, bucket: &str, key: &str) {
    let (bucket, key) = (URL_SAFE_NO_PAD.encode(bucket), URL_SAFE_NO_PAD.encode(key));
    // There may be none to forget.
    std::fs::remove_file(root.join(format!(".bucket-{bucket}.object-{key}.internal.json"))).ok();
}

/// Clears away what a killed process left. Call it while nothing is written.
pub(super) fn sweep(root: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let is_over = if name.starts_with(".upload") {
            modified(&path).is_some_and(|at| at.elapsed().is_ok_and(|age| age > UPLOAD_LIFE))
        } else {
            // The checksums are written after the object. Older ones are its predecessor's.
            object_of(root, name)
                .and_then(|object| Some(modified(&path)? < modified(&object)?))
                .unwrap_or(false)
        };
        if is_over {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Returns the file of the object that a file of checksums is about.
fn object_of(root: &Path, name: &str) -> Option<PathBuf> {
    let names = name.strip_prefix(".bucket-")?.strip_suffix(".internal.json")?;
    let (bucket, key) = names.split_once(".object-")?;
    let decoded = |text| String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    Some(root.join(decoded(bucket)?).join(decoded(key)?))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
