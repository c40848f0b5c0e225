//! Callers and the responses they get. Callers request reports, with and without idempotency keys,
//! and the status of reports whose id they hold.

use std::collections::BTreeMap;

use crate::functions::{Invocation, Outcome, Work};
use crate::report_files::{ASKED, Asked};
use crate::schedule::Schedule;

/// The number of keys that callers share.
const KEYS: usize = 2;

/// One call of `trigger_report`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) asked: Asked,
    pub(crate) key: Option<usize>,
    pub(crate) is_hurried: bool,
}

/// The callers of a schedule.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    pub(crate) triggers_left: usize,
    /// Whether reports have a deadline of only two minutes.
    pub(crate) are_hurried: bool,
    pub(crate) questions_left: usize,
    /// The reports whose id callers hold, in the order in which they got the ids.
    pub(crate) accepted: Vec<String>,
    /// The parameters that were given with each key.
    pub(crate) asked: [Vec<Asked>; KEYS],
    /// The report id that was returned for each key.
    pub(crate) stands_for: BTreeMap<usize, (Asked, String)>,
}

impl Schedule<'_> {
    pub(crate) fn trigger(&mut self) -> &'static str {
        self.callers.triggers_left -= 1;
        let asked = ASKED[self.random.usize(..ASKED.len())];
        let key = self.random.bool().then(|| self.random.usize(..KEYS));
        if let Some(key) = key {
            self.callers.asked[key].push(asked);
        }
        let is_hurried = self.callers.are_hurried;
        self.begin(Work::Trigger(Trigger { asked, key, is_hurried }));
        "trigger"
    }

    pub(crate) fn ask(&mut self) -> &'static str {
        self.callers.questions_left -= 1;
        let place = self.random.usize(..self.callers.accepted.len());
        self.begin(Work::Status(self.callers.accepted[place].clone()));
        "ask"
    }

    /// Records how an invocation ended.
    pub(crate) fn ended(&mut self, invocation: &Invocation, outcome: &Outcome) {
        let (number, name) = (invocation.number, invocation.work.name());
        self.note(|| format!("#{number} {name} ends: {}", outcome.in_short()));
        match (&invocation.work, outcome) {
            (Work::Trigger(trigger), Outcome::Answer(202, document)) => {
                self.accepted(*trigger, document["report_id"].as_str().unwrap());
            }
            (Work::Trigger(Trigger { key: Some(key), asked, .. }), Outcome::Answer(422, _)) => {
                let others = self.callers.asked[*key].iter().any(|other| other != asked);
                self.world.promises.require(others, || "a key was refused wrongly".to_owned());
            }
            (Work::Status(report_id), Outcome::Answer(200, status)) => {
                self.world.promises.returned(report_id, number, self.begun, status);
            }
            (Work::Compute(message), Outcome::Handled(true)) => self.report_done(message),
            (Work::Load(message), Outcome::Handled(true)) => self.load_done(message),
            (Work::Trigger(_), Outcome::Answer(409 | 503, _))
            | (Work::Status(_), Outcome::Answer(503, _))
            | (Work::LoadDirectly { .. }, Outcome::Handled(_)) => {}
            (Work::Compute(_) | Work::Load(_), Outcome::Handled(false)) => {
                self.world.promises.require(invocation.may_fail(), || {
                    format!("#{number} {name} gave up early for throttling or broken downloads")
                });
            }
            (work, outcome) => {
                let text = format!("{} answered {outcome:?}", work.name());
                self.world.promises.require(false, || text);
            }
        }
    }

    /// A caller got an id. The report must be known, and a key must stand for only one report.
    fn accepted(&mut self, trigger: Trigger, report_id: &str) {
        self.world.promises.accepted(report_id, &self.world.reports);
        if let Some(key) = trigger.key {
            let this = (trigger.asked, report_id.to_owned());
            let stands_for = self.callers.stands_for.entry(key).or_insert_with(|| this.clone());
            self.world.promises.require(*stands_for == this, || {
                format!("key {key} stands for {stands_for:?} and {this:?}")
            });
        }
        if self.callers.accepted.iter().all(|other| other != report_id) {
            self.callers.accepted.push(report_id.to_owned());
        }
    }
}
