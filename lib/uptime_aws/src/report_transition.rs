//! A change of a report's item together with the condition under which it happens.
//!
//! Every change starts from Running: Complete and Failed are final.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use uptime::Timestamp;

use crate::attributes::{ATTEMPT, DEADLINE, LEASE_OWNER, LEASE_UNTIL, SHARDS_DONE, STATE};
use crate::report_item::{Attribute, RUNNING, instant, number, text};

/// What `UpdateItem` is told: what to change, and on which condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transition {
    pub(crate) update: String,
    pub(crate) condition: String,
    /// `#state` to `state`: many names are reserved words.
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Transition {
    /// Changes a report that is Running, whoever works on it.
    pub(crate) fn of_running(changes: Vec<Attribute>) -> Transition {
        let mut transition = Transition {
            update: String::new(),
            condition: format!("#{STATE} = :running"),
            names: names([STATE]),
            values: HashMap::from([(":running".to_owned(), text(RUNNING))]),
        };
        let assignments: Vec<_> =
            changes.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
        transition.update = format!("SET {}", assignments.join(", "));
        for (name, value) in changes {
            transition.names.insert(format!("#{name}"), name.to_owned());
            transition.values.insert(format!(":{name}"), value);
        }
        transition
    }

    /// Gives the lease to `lease_owner`, if it is free or its own, and counts the attempt.
    ///
    /// A claim that is repeated because its answer was lost counts twice. That costs a number and
    /// keeps this true: no two claims granted have one attempt, so no two share an object.
    pub(crate) fn claim(lease_owner: &str, now: Timestamp, lease_until: Timestamp) -> Transition {
        let mut transition = Transition::of_running(vec![
            (LEASE_OWNER, text(lease_owner)),
            (LEASE_UNTIL, instant(lease_until)),
            (SHARDS_DONE, number(0)),
        ]);
        transition.update.push_str(&format!(" ADD #{ATTEMPT} :one"));
        transition.condition.push_str(&format!(
            " AND (attribute_not_exists(#{LEASE_UNTIL}) OR #{LEASE_UNTIL} <= :now \
             OR #{LEASE_OWNER} = :{LEASE_OWNER})"
        ));
        transition.names.extend(names([ATTEMPT]));
        transition.values.insert(":one".to_owned(), number(1));
        transition.in_time(now)
    }

    /// Only if the lease is `lease_owner`'s.
    pub(crate) fn leased_by(mut self, lease_owner: &str) -> Transition {
        self.condition.push_str(&format!(" AND #{LEASE_OWNER} = :{LEASE_OWNER}"));
        self.names.extend(names([LEASE_OWNER]));
        self.values.insert(format!(":{LEASE_OWNER}"), text(lease_owner));
        self
    }

    /// Only if the report's deadline has not passed.
    pub(crate) fn in_time(mut self, now: Timestamp) -> Transition {
        self.condition.push_str(&format!(" AND #{DEADLINE} >= :now"));
        self.names.extend(names([DEADLINE]));
        self.values.insert(":now".to_owned(), instant(now));
        self
    }
}

fn names<const N: usize>(attributes: [&str; N]) -> HashMap<String, String> {
    attributes.into_iter().map(|name| (format!("#{name}"), name.to_owned())).collect()
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
    fn a_worker_changes_only_what_it_holds_the_lease_of_and_only_in_time() {
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

    /// Also sees that every placeholder is defined, and none that is not used: both are refused.
    #[track_caller]
    fn check(transition: &Transition, update: &str, condition: &str) {
        assert_eq!((&*transition.update, &*transition.condition), (update, condition));

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
