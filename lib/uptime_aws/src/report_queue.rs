//! The report queue: `trigger_report` sends messages, `compute_report` receives them.

use aws_sdk_sqs::Client;

use crate::{CallError, Clients, ReportId, report_message};

/// Sends reports' messages to SQS.
#[derive(Debug, Clone)]
pub struct ReportQueue {
    client: Client,
    queue_url: String,
}

impl ReportQueue {
    /// Makes the client; nothing is called yet.
    pub fn new(clients: &impl Clients, queue_url: &str) -> ReportQueue {
        ReportQueue { client: clients.sqs(), queue_url: queue_url.to_owned() }
    }

    /// Queues the message of one report. SQS delivers it at least once, maybe more often.
    ///
    /// After an error it is not known whether the message is queued. Queueing it again is safe.
    pub async fn enqueue(&self, report_id: ReportId) -> Result<(), CallError> {
        self.client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(report_message::body_of(report_id))
            .send()
            .await
            .map_err(|source| CallError::new("SendMessage", source))?;
        Ok(())
    }
}
