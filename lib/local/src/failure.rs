//! How a command fails.

/// Why a command failed, in words for the person at the keyboard. Its sources are printed behind it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
