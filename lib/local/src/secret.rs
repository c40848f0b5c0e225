//! The secret that signs every call to a local system's DynamoDB, S3 and SQS.
//!
//! The first start makes it at random and keeps it in the data folder, in a file that only its
//! owner can read. So a program of the same user can sign calls, and a web page cannot. The secret
//! stays the same for the life of the folder, so links to reports and the settings of other tools
//! keep working.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use uuid::Uuid;

/// The access key of every caller of a local system. It is public; its secret is not.
pub const ACCESS_KEY: &str = "local";

const FILE_NAME: &str = "secret";
/// A shorter secret could be guessed.
const LENGTH_MIN: usize = 32;
/// Only the owner can read and write the file.
const MODE: u32 = 0o600;

/// The secret of one data folder. `Debug` does not show it.
#[derive(Clone)]
pub struct Secret {
    text: String,
    file: PathBuf,
}

/// Why the secret cannot be used.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file cannot be read or created, or its permissions cannot be changed.
    #[error("cannot use the secret in {}", .file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file does not contain a secret.
    #[error(
        "{} holds no secret; it must hold one line of at least {LENGTH_MIN} letters, digits and \
        signs. If you delete the file, the next start makes a new secret",
        .0.display()
    )]
    Malformed(PathBuf),
}

impl Secret {
    /// Returns the secret of an existing data folder. The first call makes it.
    ///
    /// If other users can read the file, removes their access and logs a warning. Only one process
    /// at a time may call this for a folder.
    pub fn of_folder(folder: &Path) -> Result<Secret, SecretError> {
        let file = folder.join(FILE_NAME);
        let exists = file.try_exists().map_err(|source| unusable(&file, source))?;
        let protected = if exists { protect(&file) } else { make(&file) };
        protected.map_err(|source| unusable(&file, source))?;
        Secret::read(folder)
    }

    /// Reads the secret of a data folder that a system has already used.
    pub fn read(folder: &Path) -> Result<Secret, SecretError> {
        let file = folder.join(FILE_NAME);
        // Reading a named pipe would block until something writes to it.
        let read = file_metadata(&file).and_then(|_| fs::read_to_string(&file));
        let text = read.map_err(|source| unusable(&file, source))?;
        let text = text.trim().to_owned();
        if text.len() < LENGTH_MIN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretError::Malformed(file));
        }
        Ok(Secret { text, file })
    }

    /// Returns the secret itself. It must not be logged or shown.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Returns the file that holds the secret.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("file", &self.file).finish_non_exhaustive()
    }
}

fn unusable(file: &Path, source: io::Error) -> SecretError {
    SecretError::Unusable { file: file.to_owned(), source }
}

/// Creates the file, whole or not at all, and never readable by other users.
fn make(file: &Path) -> io::Result<()> {
    let unfinished = file.with_extension("new");
    // A start that was killed may have left one.
    fs::remove_file(&unfinished).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    // 244 random bits from the operating system.
    let secret = [Uuid::new_v4(), Uuid::new_v4()].map(|uuid| uuid.simple().to_string()).concat();
    let mut written = File::options().create_new(true).write(true).mode(MODE).open(&unfinished)?;
    writeln!(written, "{secret}")?;
    fs::rename(&unfinished, file)
}

fn file_metadata(file: &Path) -> io::Result<fs::Metadata> {
    let metadata = fs::metadata(file)?;
    if metadata.is_file() { Ok(metadata) } else { Err(io::Error::other("it is not a file")) }
}

fn protect(file: &Path) -> io::Result<()> {
    let mode = file_metadata(file)?.permissions().mode() & 0o777;
    if mode & !MODE == 0 {
        return Ok(());
    }
    fs::set_permissions(file, Permissions::from_mode(MODE))?;
    tracing::warn!(
        "other users could read the secret in {} (mode {mode:03o}); only its owner can read it now \
        (mode {MODE:03o}). If you delete the file, the next start makes a new secret",
        file.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_at_random_once_and_only_its_owner_can_read_it() {
        let [one, another] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let secret = Secret::of_folder(one.path()).unwrap();

        assert_eq!(secret.expose().len(), 64);
        assert_eq!(mode(secret.file()), 0o600);
        assert_eq!(Secret::of_folder(one.path()).unwrap().expose(), secret.expose());
        assert_eq!(Secret::read(one.path()).unwrap().expose(), secret.expose());
        assert_ne!(Secret::of_folder(another.path()).unwrap().expose(), secret.expose());
        let names: Vec<_> = fs::read_dir(one.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn a_secret_that_others_can_read_is_protected_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let text = "anything".repeat(4);
        fs::write(&file, format!("{text}\n")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();

        assert_eq!(Secret::of_folder(folder.path()).unwrap().expose(), text);
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn a_file_that_a_killed_first_start_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret.new"), "torn").unwrap();

        let secret = Secret::of_folder(folder.path()).unwrap();

        assert_eq!((secret.expose().len(), mode(secret.file())), (64, 0o600));
    }

    #[test]
    fn a_file_without_a_secret_is_refused_and_named() {
        let lines = ["", "a", "two words", "one\nother", "caf\u{e9}"];
        for text in lines
            .into_iter()
            .map(|line| if line.len() < 2 { line.to_owned() } else { line.repeat(32) })
        {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("secret");
            fs::write(&file, text).unwrap();
            let error = Secret::of_folder(folder.path()).unwrap_err().to_string();
            assert!(error.contains(&format!("{} holds no secret", file.display())), "{error}");
        }
    }

    #[test]
    fn a_secret_that_is_not_a_file_is_refused_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::create_dir(&path).unwrap();
        let before = mode(&path);

        let error = uptime_aws::describe(&Secret::of_folder(folder.path()).unwrap_err());

        assert!(error.contains("it is not a file"), "{error}");
        assert_eq!(mode(&path), before);
    }

    #[test]
    fn a_missing_secret_is_read_as_an_error_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let error = Secret::read(folder.path()).unwrap_err();
        assert!(matches!(error, SecretError::Unusable { .. }), "{error:?}");
        assert!(!folder.path().join("secret").exists());
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let folder = tempfile::tempdir().unwrap();
        let secret = Secret::of_folder(folder.path()).unwrap();
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }
}
