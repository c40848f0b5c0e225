//! The errors of SQS, with the codes that the SDKs know.

use serde_json::{Value, json};
use thiserror::Error;

/// Why a call was refused. The caller always caused the error, and the text is for the caller.
#[derive(Debug, Error)]
pub enum SqsError {
    /// The queue was never created.
    #[error("the specified queue does not exist: {0}")]
    QueueDoesNotExist(String),
    /// A queue of that name exists with other settings.
    #[error("a queue named {0} already exists with different attributes")]
    QueueNameExists(String),
    /// The handle was not returned by a receive.
    #[error("the receipt handle is not valid")]
    ReceiptHandleIsInvalid,
    /// The message is visible, so it has no time-out to change.
    #[error("the message is not in flight")]
    MessageNotInflight,
    /// A batch without entries.
    #[error("there should be at least one entry in the request")]
    EmptyBatchRequest,
    /// A batch with more than ten entries.
    #[error("maximum number of entries per request are 10, you have sent {0}")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch share their id.
    #[error("two or more batch entries have the same id")]
    BatchEntryIdsNotDistinct,
    /// The bodies of a batch together exceed the limit of one message.
    #[error("batch requests cannot be longer than {0} bytes")]
    BatchRequestTooLong(usize),
    /// A body with a character that XML 1.0 does not allow.
    #[error("invalid characters found in the message body")]
    InvalidMessageContents,
    /// A value is out of range; the text names the parameter.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A parameter or an operation that this SQS does not have.
    #[error("not supported by the local queue service: {0}")]
    UnsupportedOperation(String),
}

impl SqsError {
    /// The body of the response.
    pub fn document(&self) -> Value {
        json!({ "__type": format!("com.amazonaws.sqs#{}", self.code()), "message": self.to_string() })
    }

    /// The code of the older query protocol, sent as a header. SDKs match on it.
    pub fn query_code(&self) -> String {
        let code = match self {
            SqsError::QueueDoesNotExist(_) => "NonExistentQueue",
            SqsError::QueueNameExists(_) => return "QueueAlreadyExists;Sender".to_owned(),
            SqsError::InvalidParameterValue(_) | SqsError::ReceiptHandleIsInvalid => {
                return format!("{};Sender", self.code());
            }
            _ => self.code(),
        };
        format!("AWS.SimpleQueueService.{code};Sender")
    }

    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            SqsError::QueueDoesNotExist(_) => "QueueDoesNotExist",
            SqsError::QueueNameExists(_) => "QueueNameExists",
            SqsError::ReceiptHandleIsInvalid => "ReceiptHandleIsInvalid",
            SqsError::MessageNotInflight => "MessageNotInflight",
            SqsError::EmptyBatchRequest => "EmptyBatchRequest",
            SqsError::TooManyEntriesInBatchRequest(_) => "TooManyEntriesInBatchRequest",
            SqsError::BatchEntryIdsNotDistinct => "BatchEntryIdsNotDistinct",
            SqsError::BatchRequestTooLong(_) => "BatchRequestTooLong",
            SqsError::InvalidMessageContents => "InvalidMessageContents",
            SqsError::InvalidParameterValue(_) => "InvalidParameterValue",
            SqsError::UnsupportedOperation(_) => "UnsupportedOperation",
        }
    }
}
