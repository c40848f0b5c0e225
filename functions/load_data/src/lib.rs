//! Loads source files, from an SQS event of S3 notifications or a direct invocation that names an
//! object.
//!
//! Streams the object, stores its segments, **then** raises the newest poll, **then** writes the
//! manifest. A load that is killed starts again from the first byte, with the same result.

mod event;
mod file_reading;
#[cfg(test)]
mod fuzz;
mod load;
mod load_failure;
mod load_manifest;
mod notification;
mod opened_object;
mod reject_files;
mod resources;
mod segment_writing;
mod upload_order;

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt as _;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use uptime::Timestamp;
use uptime_aws::{Metric, describe};

pub use resources::Resources;

use crate::event::Event;
use crate::load::{load, load_unless_loaded};
use crate::load_failure::LoadFailure;
use crate::notification::objects_to_load;
use crate::resources::LoadTime;

/// Handles one event. Returns the ids of the messages that failed for an SQS event, and the
/// manifest for a direct invocation.
pub async fn handle(
    resources: &Resources,
    event: LambdaEvent<Value>,
    clock: fn() -> Timestamp,
) -> Result<Value, Error> {
    let time = LoadTime::of(&event.context, clock);
    let event = Event::read(event.payload)?;
    // Boxed because the future of a load, which makes many kinds of calls, has 16 KB.
    let answer = Box::pin(answer(resources, event, time)).await;
    resources.data.send_consumed_units();
    answer
}

async fn answer(resources: &Resources, event: Event, time: LoadTime) -> Result<Value, Error> {
    Ok(match event {
        Event::Direct(object) => serde_json::to_value(load(resources, &object, time).await?)?,
        Event::Queue(messages) => {
            serde_json::to_value(load_all_messages(resources, &messages, time).await)?
        }
    })
}

/// A panic fails only its own message.
///
/// A metric counts each failure. Otherwise operators would notice a failing message only when it is
/// in the dead-letter queue. An attempt that is killed, by its time-out or for lack of memory,
/// cannot send the metric; Lambda's own metric `Errors` counts it.
async fn load_all_messages(
    resources: &Resources,
    event: &SqsEvent,
    time: LoadTime,
) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in &event.records {
        let loaded = AssertUnwindSafe(load_message(resources, message, time)).catch_unwind();
        let all_done = loaded.await.unwrap_or_else(|_panic| {
            tracing::error!(
                message.id = message.message_id,
                "loading a message's objects panicked"
            );
            Metric::LoadAttemptFailed.send();
            false
        });
        if !all_done {
            response.add_failure(message.message_id.clone().unwrap_or_default());
        }
    }
    response
}

/// Loads the objects that a message announces. If one fails, the others are still loaded. `true`:
/// all are done.
async fn load_message(resources: &Resources, message: &SqsMessage, time: LoadTime) -> bool {
    let objects = match objects_to_load(message.body.as_deref().unwrap_or_default()) {
        Ok(objects) => objects,
        Err(error) => {
            let cause = describe(&error);
            tracing::error!(message.id = message.message_id, cause, "a message cannot be read");
            Metric::LoadAttemptFailed.send();
            return false;
        }
    };
    let mut all_done = true;
    for object in &objects {
        match load_unless_loaded(resources, object, time).await {
            Ok(()) => {}
            Err(LoadFailure::Gone) => {
                tracing::info!(object.key = object.key, "the object was deleted or replaced");
            }
            Err(failure) => {
                let cause = describe(&failure);
                tracing::error!(object.key = object.key, cause, "the object could not be loaded");
                Metric::LoadAttemptFailed.send();
                all_done = false;
            }
        }
    }
    all_done
}
