//! Numbers of things in the lines that users read.

/// Returns the number with its noun: `1 store`, `2 stores`. The plural of `noun` ends in `s`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
