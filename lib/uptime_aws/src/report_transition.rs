//! A change of a report's item, together with its condition.
//!
//! Every change starts from Running: Complete and Failed are final.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use uptime::Timestamp;

use crate::ReportState;
use crate::attributes::{
    ATTEMPT, DEADLINE, LEASE_OWNER, LEASE_UNTIL, QUEUED_AT, SHARDS_DONE, STATE,
};
use crate::report_item::{Attribute, instant, number, text};

/// The arguments of `UpdateItem`: what to change, and on which conditions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transition {
    assignments: Vec<String>,
    // Clauses after `SET`.
    further: &'static str,
    // Invariant: never empty. All must hold.
    conditions: Vec<String>,
    /// From `#state` to `state`, because many names are reserved words.
    pub(crate) names: HashMap<String, String>,
    /// From `:state` to its value.
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Transition {
    /// Changes a report that is Running, whichever worker has it.
    pub(crate) fn of_running(changes: Vec<Attribute>) -> Transition {
        let mut transition = Transition {
            assignments: Vec::new(),
            further: "",
            conditions: vec!["#state = :running".to_owned()],
            names: HashMap::new(),
            values: HashMap::new(),
        };
        transition.name(STATE);
        transition.value(":running", text(ReportState::RUNNING));
        for (name, value) in changes {
            transition.assignments.push(format!("#{name} = :{name}"));
            transition.name(name);
            transition.value(&format!(":{name}"), value);
        }
        transition
    }

    /// Gives the lease to `lease_owner` if it is free or already its own, and counts the attempt.
    ///
    /// A claim that is repeated because its answer was lost counts twice. This skips an attempt
    /// number, but ensures that no two granted claims have the same number. So no two write the
    /// same object.
    pub(crate) fn claim(lease_owner: &str, now: Timestamp, lease_until: Timestamp) -> Transition {
        let mut claim = Transition::of_running(vec![
            (LEASE_OWNER, text(lease_owner)),
            (LEASE_UNTIL, instant(lease_until)),
            (SHARDS_DONE, number(0)),
        ]);
        claim.further = " ADD #attempt :one";
        claim.name(ATTEMPT);
        claim.value(":one", number(1));
        let is_free = "attribute_not_exists(#lease_until) OR #lease_until <= :now";
        claim.conditions.push(format!("({is_free} OR #lease_owner = :lease_owner)"));
        claim.in_time(now)
    }

    /// Releases the lease if this attempt of `lease_owner` still holds it.
    pub(crate) fn release(lease_owner: &str, attempt: u32, changes: Vec<Attribute>) -> Transition {
        let mut release = Transition::of_running(changes).leased_by(lease_owner);
        release.further = " REMOVE #lease_owner, #lease_until";
        release.name(LEASE_UNTIL);
        release.name(ATTEMPT);
        release.conditions.push("#attempt = :attempt".to_owned());
        release.value(":attempt", number(attempt));
        release
    }

    /// Only if nothing shows that the report's message was in the queue: neither a mark nor a
    /// worker's claim.
    pub(crate) fn not_queued(mut self) -> Transition {
        self.conditions.push("attribute_not_exists(#queued_at) AND #attempt = :none".to_owned());
        self.name(QUEUED_AT);
        self.name(ATTEMPT);
        self.value(":none", number(0));
        self
    }

    /// Only if `lease_owner` holds the lease.
    pub(crate) fn leased_by(mut self, lease_owner: &str) -> Transition {
        self.conditions.push("#lease_owner = :lease_owner".to_owned());
        self.name(LEASE_OWNER);
        self.value(":lease_owner", text(lease_owner));
        self
    }

    /// Only if the report's deadline has not passed.
    pub(crate) fn in_time(mut self, now: Timestamp) -> Transition {
        self.conditions.push("#deadline >= :now".to_owned());
        self.name(DEADLINE);
        self.value(":now", instant(now));
        self
    }

    /// Returns the update expression: what to change.
    pub(crate) fn update_expression(&self) -> String {
        format!("SET {}{}", self.assignments.join(", "), self.further)
    }

    /// Returns the condition expression: when to change it.
    pub(crate) fn condition_expression(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn name(&mut self, attribute: &str) {
        self.names.insert(format!("#{attribute}"), attribute.to_owned());
    }

    fn value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(7);

    #[test]
    fn every_change_starts_from_running() {
        let progress = Transition::of_running(vec![(SHARDS_DONE, number(3))]);
        check(&progress, "SET #shards_done = :shards_done", "#state = :running");
    }

    #[test]
    fn a_worker_needs_the_lease_and_must_be_in_time() {
        let progress =
            Transition::of_running(vec![(SHARDS_DONE, number(3))]).leased_by("me").in_time(NOW);
        check(
            &progress,
            "SET #shards_done = :shards_done",
            "#state = :running AND #lease_owner = :lease_owner AND #deadline >= :now",
        );
    }

    #[test]
    fn a_claim_needs_a_free_lease() {
        check(
            &Transition::claim("me", NOW, NOW),
            "SET #lease_owner = :lease_owner, #lease_until = :lease_until, \
             #shards_done = :shards_done ADD #attempt :one",
            "#state = :running AND (attribute_not_exists(#lease_until) OR #lease_until <= :now \
             OR #lease_owner = :lease_owner) AND #deadline >= :now",
        );
    }

    #[test]
    fn only_the_attempt_that_holds_a_lease_releases_it() {
        check(
            &Transition::release("me", 2, vec![(SHARDS_DONE, number(0))]),
            "SET #shards_done = :shards_done REMOVE #lease_owner, #lease_until",
            "#state = :running AND #lease_owner = :lease_owner AND #attempt = :attempt",
        );
    }

    #[test]
    fn a_mark_or_a_claim_shows_that_the_message_was_in_the_queue() {
        check(
            &Transition::of_running(vec![(SHARDS_DONE, number(0))]).not_queued(),
            "SET #shards_done = :shards_done",
            "#state = :running AND attribute_not_exists(#queued_at) AND #attempt = :none",
        );
    }

    /// Also checks that each placeholder used is defined, and each one defined is used: `DynamoDB`
    /// refuses both faults.
    #[track_caller]
    fn check(transition: &Transition, update: &str, condition: &str) {
        assert_eq!(transition.update_expression(), update);
        assert_eq!(transition.condition_expression(), condition);

        let text = format!("{update} {condition}");
        let mut used: Vec<_> = text
            .split(|letter: char| !letter.is_alphanumeric() && !"#:_".contains(letter))
            .filter(|word| word.starts_with(['#', ':']))
            .collect();
        used.sort_unstable();
        used.dedup();
        let mut defined: Vec<_> =
            transition.names.keys().chain(transition.values.keys()).map(String::as_str).collect();
        defined.sort_unstable();
        assert_eq!(defined, used);
    }
}
