//! The failure of a command.

/// Why a command failed, in words for the user. The sources of the error are printed after it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
