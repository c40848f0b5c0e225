//! Names of `DynamoDB` keys and attributes, and keys of the items that hold no segment.
//!
//! Items of the data table. Segments have the attributes [`SEGMENT`] and [`CRC`], and those of polls
//! also [`EXPIRES_AT`], unless polls are kept for ever:
//!
//! | `pk` | `sk` | holds |
//! |---|---|---|
//! | shard, two digits | `polls#<YYYY-MM-DD>#<content hash>` | polls of that UTC day |
//! | shard | `store#hours#<upload instant>#<file id>#<content hash>` | business hours |
//! | shard | `store#zones#<upload instant>#<file id>#<content hash>` | time zones |
//! | `dataset` | `newest_poll` | the newest poll's instant, [`POLL_AT`] |
//! | `content#<SHA-256>` | `first_load` | the first load of this content, [`LOAD_FOLDER`] |
//!
//! The content hash is the first 16 digits of the segment's SHA-256. The file id is the same over
//! the object's key and version. An upload instant is in microseconds, with 19 digits so that it
//! sorts.
//!
//! The report table has one item per report and one per idempotency key. The [`REPORT_ID`] of an
//! idempotency key is [`KEY`] followed by the key's SHA-256; its item holds [`KEY_OF`], [`ASKED`]
//! and [`EXPIRES_AT`].
//!
//! Instants are microseconds since 1970. Only [`EXPIRES_AT`] is in seconds, as the table's TTL
//! requires. Many of these names are reserved words in `DynamoDB`, so expressions write `#name`.

/// Partition key of the data table: a shard's two digits, or [`DATASET`].
pub const PK: &str = "pk";
/// Sort key of the data table.
pub const SK: &str = "sk";
/// A segment's bytes.
pub const SEGMENT: &str = "segment";
/// CRC-32 of a segment's key and bytes, in four bytes. Items written by earlier versions have none
/// and are not checked.
pub const CRC: &str = "crc";
/// The instant of the newest poll.
pub const POLL_AT: &str = "poll_at";
/// The folder of the load that first read a file of this content.
pub const LOAD_FOLDER: &str = "load_folder";

/// The partition of items about the data as a whole.
pub const DATASET: &str = "dataset";
/// The item that holds the newest poll.
pub const NEWEST_POLL: &str = "newest_poll";
/// Prefix of the partition of items about a file's content; the file's SHA-256 follows.
pub const CONTENT: &str = "content#";
/// The item that holds the first load of a file's content.
pub const FIRST_LOAD: &str = "first_load";

/// Key of the report table.
pub const REPORT_ID: &str = "report_id";
/// `Running`, `Complete` or `Failed`.
pub const STATE: &str = "state";
/// The instant the report is about.
pub const AS_OF: &str = "as_of";
/// The method's name.
pub const METHOD: &str = "method";
/// The parameter `max_hold_minutes`; absent unless set.
pub const MAX_HOLD_MINUTES: &str = "max_hold_minutes";
/// The parameter `period`, as a caller writes it; absent unless set.
pub const PERIOD: &str = "period";
/// The instant from which polls were kept when the report was requested; absent unless the report
/// considers time before it.
pub const POLLS_KEPT_FROM: &str = "polls_kept_from";
/// When the report was requested.
pub const CREATED_AT: &str = "created_at";
/// When work on it ends.
pub const DEADLINE: &str = "deadline";
/// When `DynamoDB` may delete the item, in **seconds** since 1970. In both tables; an item without it
/// is never deleted.
pub const EXPIRES_AT: &str = "expires_at";
/// How many workers have claimed it.
pub const ATTEMPT: &str = "attempt";
/// The invocation that holds the lease.
pub const LEASE_OWNER: &str = "lease_owner";
/// When that lease ends.
pub const LEASE_UNTIL: &str = "lease_until";
/// Progress while Running.
pub const SHARDS_DONE: &str = "shards_done";
/// When it was completed.
pub const COMPLETED_AT: &str = "completed_at";
/// Number of rows.
pub const STORES: &str = "stores";
/// Rows of stores that have no considered poll.
pub const STORES_WITHOUT_POLLS: &str = "stores_without_polls";
/// Rows of stores without business hours.
pub const STORES_WITH_DEFAULT_HOURS: &str = "stores_with_default_hours";
/// Rows of stores without a time zone.
pub const STORES_WITH_DEFAULT_ZONE: &str = "stores_with_default_zone";
/// The tz release.
pub const TZ_RELEASE: &str = "tz_release";
/// The key of `report.csv`, or of a file in [`FILES`].
pub const OBJECT_KEY: &str = "object_key";
/// The length of that file.
pub const SIZE_BYTES: &str = "size_bytes";
/// The SHA-256 of that file.
pub const SHA256: &str = "sha256";
/// The report's files besides `report.csv`: a list of maps with [`FILE_NAME`], [`OBJECT_KEY`],
/// [`SIZE_BYTES`] and [`SHA256`]. Reports of earlier versions have none.
pub const FILES: &str = "files";
/// The name of a file in [`FILES`].
pub const FILE_NAME: &str = "name";
/// The instant from which the report's files count as deleted.
pub const CSV_EXPIRES_AT: &str = "csv_expires_at";
/// When its message was known to be in the queue. Only set for reports with an idempotency key.
pub const QUEUED_AT: &str = "queued_at";
/// The stable code of why it failed. While Running: why its last attempt failed.
pub const FAILURE_CODE: &str = "failure_code";
/// Why it failed, in words.
pub const FAILURE_DETAIL: &str = "failure_detail";

/// Prefix of [`REPORT_ID`] in the item of an idempotency key; the key's SHA-256 follows.
pub const KEY: &str = "key#";
/// The report that an idempotency key stands for.
pub const KEY_OF: &str = "key_of";
/// The parameters that the key was first used with.
pub const ASKED: &str = "asked";
