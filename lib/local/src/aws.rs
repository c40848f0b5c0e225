//! The names that all local resources share in URLs, ARNs and events. Nothing depends on them.

/// The region that all clients use.
pub const REGION: &str = "us-east-1";
/// The account that owns all resources.
pub const ACCOUNT: &str = "000000000000";
