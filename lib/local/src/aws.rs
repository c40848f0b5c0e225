//! What every local resource has in common, as it stands in URLs, ARNs and events. It decides nothing.

/// The region that all clients name.
pub const REGION: &str = "us-east-1";
/// The account that all resources belong to.
pub const ACCOUNT: &str = "000000000000";
