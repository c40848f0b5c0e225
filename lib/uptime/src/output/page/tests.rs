//! Makes pages of small fleets and reads them.

mod fleet;
mod markup;
mod states;
