//! What the two HTTP functions share: how parameters are read, how answers and problems are made.
//!
//! Knows HTTP and JSON, and nothing of reports: which parameters there are and what they mean is
//! each function's own. **Every answer of the system is made here, so every one carries
//! `Cache-Control: no-store`, and no problem carries internal text** (`README.md`, "Errors").

mod answer;
mod body;
mod event;
mod header;
mod parameters;
mod problem;

pub use answer::{json_answer, redirect_answer};
pub use event::{invocation_ends_at, run, service_of_events};
pub use header::header;
pub use parameters::{Given, Parameter, Parameters};
pub use problem::{Fault, Problem, ProblemKind};
