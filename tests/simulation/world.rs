//! The stored data: tables, buckets and queues. Every change is checked against the promises.

use serde_json::{Value, json};

use crate::clock;
use crate::functions::{RECEIVES_ALLOWED, VISIBILITY_SECONDS, request_id};
use crate::models::dynamodb::{Table, throttled};
use crate::models::s3::{Buckets, name_and_version, slow_down};
use crate::models::sqs::Queue;
use crate::promises::Promises;
use crate::wire::{Call, Reply};

/// The prefix of the keys of items that hold idempotency keys.
pub(crate) const KEY: &str = "key#";

/// The services and their data.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) data: Table,
    pub(crate) reports: Table,
    pub(crate) buckets: Buckets,
    pub(crate) report_queue: Queue,
    pub(crate) load_queue: Queue,
    pub(crate) promises: Promises,
}

/// How much of a request is done at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portion {
    /// The maximum number of items in a page.
    pub(crate) page: usize,
    /// The maximum number of writes in a batch.
    pub(crate) batch: usize,
}

impl World {
    pub(crate) fn new(promises: Promises) -> World {
        let queue = || Queue::new(RECEIVES_ALLOWED, VISIBILITY_SECONDS);
        World {
            data: Table::new(&["pk", "sk"]),
            reports: Table::new(&["report_id"]),
            buckets: Buckets::default(),
            report_queue: queue(),
            load_queue: queue(),
            promises,
        }
    }

    /// Performs a request.
    pub(crate) fn effect(&mut self, call: &Call, portion: Portion) -> Reply {
        let request = &call.request;
        let now = clock::now().micros();
        match request.operation.as_str() {
            "PUT object" => {
                let reply = self.buckets.put_object(request, now);
                if reply.status == 200 {
                    let (name, _) = name_and_version(&request.path);
                    let sender = request_id(call.invocation);
                    let stored = (&self.buckets, &self.reports, &self.data);
                    self.promises.object_put(name, sender, stored);
                }
                reply
            }
            "GET object" => self.buckets.get_object(request),
            "LIST versions" => self.buckets.list_versions(request),
            "SendMessage" => self.send_message(&parse(&request.body), now),
            operation => {
                let body = parse(&request.body);
                self.table_request(operation, &body, &request_id(call.invocation), portion)
            }
        }
    }

    /// The response of a service that throttles.
    pub(crate) fn throttle(call: &Call) -> Reply {
        match call.request.operation.as_str() {
            "PUT object" | "GET object" | "LIST versions" => slow_down(),
            "SendMessage" => Reply::json_error("com.amazonaws.sqs#RequestThrottled"),
            _ => throttled(),
        }
    }

    /// The response of a service that refuses a signature, because a clock is off or credentials
    /// have expired.
    pub(crate) fn distrust(call: &Call) -> Reply {
        match call.request.operation.as_str() {
            "PUT object" | "GET object" | "LIST versions" => {
                Reply::xml_error(403, "RequestTimeTooSkewed")
            }
            _ => Reply::json_error("com.amazon.coral.service#ExpiredTokenException"),
        }
    }

    fn send_message(&mut self, request: &Value, now: i64) -> Reply {
        assert_eq!(request["QueueUrl"], "http://aws/queue/reports");
        assert_eq!(
            request.as_object().unwrap().len(),
            2,
            "the simulation does not support {request}"
        );
        let id = self.report_queue.send(request["MessageBody"].as_str().unwrap(), now);
        Reply::json(&json!({ "MessageId": id, "MD5OfMessageBody": "unchecked" }))
    }

    fn table_request(
        &mut self,
        operation: &str,
        request: &Value,
        sender: &str,
        portion: Portion,
    ) -> Reply {
        if operation == "BatchWriteItem" {
            assert!(
                request["RequestItems"]["data"].is_array(),
                "the simulation does not support {request}"
            );
            let reply = self.data.batch_write_item(request, portion.batch);
            self.promises.batch_written(request, &self.data);
            return reply;
        }
        let is_report = match request["TableName"].as_str() {
            Some("reports") => true,
            Some("data") => false,
            other => panic!("there is no table {other:?}"),
        };
        let table = if is_report { &mut self.reports } else { &mut self.data };
        match operation {
            "GetItem" => table.get_item(request),
            "Query" => table.query(request, portion.page),
            "PutItem" | "UpdateItem" => {
                let key = table.written_key(request);
                let before = table.items.get(&key).cloned();
                let reply = match operation {
                    "PutItem" => table.put_item(request),
                    _ => table.update_item(request),
                };
                let after = &table.items.get(&key);
                if key.0.starts_with(KEY) {
                    return reply;
                }
                if is_report {
                    let change = (before.as_ref(), *after);
                    self.promises.report_changed(change, sender, &self.buckets);
                } else {
                    self.promises.datum_changed(&key, before.as_ref(), &self.data);
                }
                reply
            }
            _ => panic!("the simulation does not support {operation}"),
        }
    }
}

fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("a request in JSON")
}
