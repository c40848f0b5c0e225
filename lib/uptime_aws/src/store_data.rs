//! The segments in `DynamoDB`, and the instant of the newest poll (architecture section 3).
//!
//! A segment's key is its content, so writing it again changes nothing; nothing is ever read to
//! be written.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use futures::Stream;
use uptime::report::Parameters;
use uptime::segment::{Segment, Source};
use uptime::{Shard, Timestamp};

use crate::{CallError, Deadline};

/// The data table.
#[derive(Debug, Clone)]
pub struct StoreData {
    client: Client,
    table: String,
}

/// Why the data table gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreDataError {
    /// A call failed; it may have had its effect all the same. Calling again is safe.
    #[error(transparent)]
    Unavailable(#[from] CallError),
    /// `DynamoDB` took only part of the writes until the deadline.
    #[error("{unprocessed} writes were not accepted in time")]
    Throttled {
        /// How many writes are missing.
        unprocessed: usize,
    },
    /// An item is not one this version of the program writes.
    #[error("an item of the data table is unreadable: {0}")]
    Unreadable(String),
}

impl StoreData {
    /// Makes the client; nothing is called yet.
    pub fn new(sdk_config: &SdkConfig, table: &str) -> StoreData {
        StoreData { client: Client::new(sdk_config), table: table.to_owned() }
    }

    /// Returns the instant of the newest poll stored, `None` if there is none.
    pub async fn newest_poll(&self) -> Result<Option<Timestamp>, StoreDataError> {
        todo!()
    }

    /// Raises the newest poll's instant to `at`, unless it is there already.
    pub async fn raise_newest_poll(&self, at: Timestamp) -> Result<(), StoreDataError> {
        todo!()
    }

    /// Stores segments, in any order, any number of times.
    pub async fn write_segments(
        &self,
        segments: &[Segment],
        source: &Source,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        todo!()
    }

    /// Deletes older segments of hours or zones, all of whose stores `segments` name. Only for
    /// **all** the segments of a load, and after they are stored.
    pub async fn delete_superseded(
        &self,
        segments: &[Segment],
        source: &Source,
        deadline: Deadline,
    ) -> Result<(), StoreDataError> {
        todo!()
    }

    /// Returns what a report needs of a shard, a page of segments at a time, in any order.
    pub fn segments_of(
        &self,
        shard: Shard,
        parameters: &Parameters,
    ) -> impl Stream<Item = Result<Vec<Vec<u8>>, StoreDataError>> + Send + use<> {
        futures::stream::empty()
    }

    /// Remembers that `folder` holds the load of a file with this SHA-256, and returns the folder
    /// of the first such load, if that was another.
    pub async fn first_load_of_content(
        &self,
        sha256: &str,
        folder: &str,
    ) -> Result<Option<String>, StoreDataError> {
        todo!()
    }
}
