//! What the stories share.

pub mod adapters;
