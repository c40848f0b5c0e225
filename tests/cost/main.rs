//! What loads and reports cost, counted (architecture section 4): the budgets of requests, units and
//! stored bytes.
#![expect(clippy::unwrap_used, reason = "a failed setup should stop the test")]

mod bulk;
mod fleet;
