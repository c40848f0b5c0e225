//! The part of a schedule's state that distinguishes it from others: no instants and no ids.

use end_to_end::report_files::FILES;

use crate::clock;
use crate::coverage::hash_of;
use crate::models::expression::{Item, number};
use crate::models::sqs::Queue;
use crate::promises::text;
use crate::schedule::Schedule;
use crate::world::KEY;

impl Schedule<'_> {
    /// A hash of this state. The order of reports and messages does not change it.
    pub(crate) fn state(&self) -> u64 {
        let items = &self.world.reports.items;
        let (keys, reports): (Vec<_>, Vec<_>) =
            items.iter().partition(|(key, _)| key.0.starts_with(KEY));
        let reports = reports.iter().map(|(_, report)| self.report_state(report));
        let invocations = self.invocations.iter().map(|invocation| {
            let is_frozen = clock::now().micros() < invocation.frozen_until;
            hash_of(&(invocation.work.name(), is_frozen, self.waits_for(invocation.number)))
        });
        let newest = self.world.data.items.get(&("dataset".to_owned(), "newest_poll".to_owned()));
        let loads = self.world.promises.loads.map(|load| load.map(|load| load as u8));
        hash_of(&(
            sum(reports),
            keys.len(),
            sum(invocations),
            messages_state(&self.world.report_queue),
            messages_state(&self.world.load_queue),
            newest.map(|item| number(&item["poll_at"])),
            self.world.data.items.len(),
            loads,
        ))
    }

    /// The calls that an invocation waits for. The number of queries does not matter.
    fn waits_for(&self, invocation: usize) -> u64 {
        let mut operations: Vec<&str> = self
            .calls
            .iter()
            .filter(|call| call.invocation == invocation)
            .map(|call| call.request.operation.as_str())
            .collect();
        operations.sort_unstable();
        operations.dedup();
        hash_of(&operations)
    }

    fn report_state(&self, report: &Item) -> u64 {
        let now = i128::from(clock::now().micros());
        let lease_is_live = report.get("lease_until").map(|until| number(until) > now);
        let is_late = number(&report["deadline"]) < now;
        let prefix = format!("/reports/reports/{}/", text(report, "report_id"));
        let objects = &self.world.buckets.objects;
        let files = objects.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        let files = files.count().min(3 * FILES.len());
        let attempt = number(&report["attempt"]).min(3);
        hash_of(&(text(report, "state"), attempt, lease_is_live, is_late, files))
    }
}

fn messages_state(queue: &Queue) -> u64 {
    let now = clock::now().micros();
    sum(queue
        .messages
        .iter()
        .map(|message| hash_of(&(message.receives, message.visible_at <= now, message.dead))))
}

fn sum(hashes: impl Iterator<Item = u64>) -> u64 {
    hashes.fold(0, u64::wrapping_add)
}
