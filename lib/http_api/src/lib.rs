//! What the two HTTP functions share: reading parameters, and making answers and problems.
//!
//! This crate knows HTTP and JSON, but nothing about reports. Each function defines its own
//! parameters. **Every answer is made here, so every answer has `Cache-Control: no-store`, and no
//! problem contains internal text** (`README.md`, "Errors").

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
