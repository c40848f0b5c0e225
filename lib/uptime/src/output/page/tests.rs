//! Makes pages of small fleets and reads them.

mod data;
mod fleet;
mod markup;
mod periods;
mod states;
