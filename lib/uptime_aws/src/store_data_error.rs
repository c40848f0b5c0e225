//! Why stored data could not be read or written.

use uptime::segment::DecodeError;

use crate::CallError;
use crate::item_key::ItemKey;

/// Why a call to the data table failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreDataError {
    /// A call failed, although it may have had its effect. Calling again is safe.
    #[error(transparent)]
    Unavailable(#[from] CallError),
    /// `DynamoDB` accepted only a part of the writes before the deadline.
    #[error("{unprocessed} writes were not accepted in time")]
    Throttled {
        /// How many writes are missing.
        unprocessed: usize,
    },
    /// An item was not written by this version of the program, or is damaged.
    #[error("the item {item} of the data table cannot be read")]
    Unreadable {
        /// The item.
        item: ItemKey,
        /// What is wrong with it.
        source: ItemFault,
    },
}

impl StoreDataError {
    /// Whether the same call may succeed soon.
    pub fn is_temporary(&self) -> bool {
        match self {
            StoreDataError::Unavailable(_) | StoreDataError::Throttled { .. } => true,
            StoreDataError::Unreadable { .. } => false,
        }
    }
}

/// What is wrong with an item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemFault {
    /// This attribute is missing or malformed.
    #[error("{0} is missing or malformed")]
    Attribute(&'static str),
    /// Its key or its segment changed after it was written.
    #[error("its key and segment do not match the CRC-32 that was stored with them")]
    Damaged,
    /// Its bytes are not a segment.
    #[error(transparent)]
    Segment(#[from] DecodeError),
}
