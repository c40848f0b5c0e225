//! The segments of a shard, united: polls as a set, hours and zones by the newest source.

use crate::Shard;
use crate::report::{Parameters, ShardReport};
use crate::segment::DecodeError;

/// Everything stored of one shard that a report may need.
#[derive(Debug)]
pub struct ShardData {}
impl ShardData {
    /// Only polls that `parameters` considers are kept.
    pub fn new(_shard: Shard, _parameters: Parameters) -> ShardData {
        todo!()
    }
    /// Adds a segment of any kind; in any order, any number of times.
    pub fn add(&mut self, _segment: &[u8]) -> Result<(), DecodeError> {
        todo!()
    }
    /// Computes the shard's rows.
    pub fn report(self) -> ShardReport {
        todo!()
    }
}
