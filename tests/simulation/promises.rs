//! Promises that must hold after every step, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use uptime::parameters::Method;
use uptime_aws::manifest::ManifestFile;
use uptime_aws::{LoadStatus, Manifest};

use crate::clock;
use crate::functions::RECEIVES_ALLOWED;
use crate::models::dynamodb::{Key, Table};
use crate::models::expression::{Item, number};
use crate::models::s3::{Buckets, place_of};
use crate::models::sqs::Message;
use crate::report_files::{is_as_named, lists, whole_files};
use crate::simulated_faults::SKEW_MICROS;
use crate::sources::{self, FILES, Reading, Undisturbed};

/// How long after its deadline a Running report starts to be shown as Failed.
const GRACE_MICROS: i128 = 60_000_000;

/// Watches all changes and keeps the first broken promise.
#[derive(Debug)]
pub(crate) struct Promises {
    undisturbed: Option<Arc<Undisturbed>>,
    /// True if nothing is loaded while reports are computed.
    pub(crate) data_rests: bool,
    broken: Option<String>,
    /// The final states that callers got, by report, and the number of invocations begun by then.
    ended: BTreeMap<String, (usize, String)>,
    /// Reports that must complete, because no more faults come.
    will_complete: BTreeSet<String>,
    /// Reports whose id callers hold.
    accepted: BTreeSet<String>,
    /// How often the message of each report invocation was delivered.
    receives: BTreeMap<String, u32>,
    /// The invocation that stored each file of a report, by the file's key.
    file_senders: BTreeMap<String, String>,
    /// The status in the newest manifest of each file's load.
    pub(crate) loads: [Option<LoadStatus>; FILES.len()],
}

impl Promises {
    /// Without `undisturbed`, only promises that need no comparison are checked.
    pub(crate) fn new(undisturbed: Option<Arc<Undisturbed>>) -> Promises {
        Promises {
            undisturbed,
            data_rests: false,
            broken: None,
            ended: BTreeMap::new(),
            will_complete: BTreeSet::new(),
            accepted: BTreeSet::new(),
            receives: BTreeMap::new(),
            file_senders: BTreeMap::new(),
            loads: [None; FILES.len()],
        }
    }

    /// Returns the first broken promise.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Records a broken promise unless the condition holds.
    pub(crate) fn require(&mut self, holds: bool, broken: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(broken());
        }
    }

    /// Called after a write to a report's item, also if a condition prevented the write.
    pub(crate) fn report_changed(
        &mut self,
        (before, after): (Option<&Item>, Option<&Item>),
        sender: &str,
        buckets: &Buckets,
    ) {
        let Some(after) = after.filter(|after| before != Some(*after)) else {
            return;
        };
        let now = i128::from(clock::now().micros());
        let state = |item: &Item| text(item, "state");
        if let Some(before) = before {
            self.require(state(before) == "Running", || {
                format!("a report that is {} was changed", state(before))
            });
            self.lease_passed(before, after, sender, now);
            let attempts = (number(&before["attempt"]), number(&after["attempt"]));
            self.require(attempts.0 <= attempts.1, || "the number of attempts fell".to_owned());
        }
        match (before, state(after).as_str()) {
            (None, first) => {
                self.require(first == "Running", || format!("a report begins as {first}"));
            }
            (_, "Complete") => self.completed(after, sender, now, buckets),
            (_, "Failed") => {
                self.failed(after, sender);
            }
            _ => {}
        }
    }

    fn failed(&mut self, report: &Item, sender: &str) {
        if text(report, "failure_code") == "enqueue_failed" {
            let id = text(report, "report_id");
            let is_known = self.accepted.contains(&id);
            return self.require(!is_known, || "an accepted report was not queued".to_owned());
        }
        let is_owner = text(report, "lease_owner") == sender;
        self.require(is_owner, || "a worker without the lease failed a report".to_owned());
        let receives = self.receives.get(sender).copied();
        self.require(receives >= Some(RECEIVES_ALLOWED), || {
            format!("a report was failed at delivery {receives:?}")
        });
    }

    fn lease_passed(&mut self, before: &Item, after: &Item, sender: &str, now: i128) {
        let (from, to) = (text(before, "lease_owner"), text(after, "lease_owner"));
        if from.is_empty() || from == to {
            return;
        }
        if to.is_empty() {
            self.require(from == sender, || format!("{sender} gave back the lease of {from}"));
        } else {
            let until = number(&before["lease_until"]);
            self.require(until <= now + i128::from(2 * SKEW_MICROS), || {
                format!(
                    "{to} took the lease that {from} holds for {} s more",
                    (until - now) / 1_000_000
                )
            });
        }
    }

    fn completed(&mut self, report: &Item, sender: &str, now: i128, buckets: &Buckets) {
        let owner = text(report, "lease_owner");
        self.require(owner == sender, || {
            format!("{sender} completed a report whose lease is {owner}'s")
        });
        let deadline = number(&report["deadline"]);
        self.require(now <= deadline + GRACE_MICROS, || {
            "a report that is shown as timed out was completed".to_owned()
        });
        let is_own = |key: &str| self.file_senders.get(key).is_some_and(|other| other == sender);
        let files = match whole_files(report, buckets, is_own) {
            Ok(files) => files,
            Err(broken) => return self.require(false, || broken),
        };
        let Some(undisturbed) = self.undisturbed.clone() else {
            return;
        };
        let period = report.contains_key("period").then(|| text(report, "period"));
        let expected = undisturbed.files_of(&text(report, "method"), period.as_deref());
        self.require(files.keys().eq(expected.keys()), || {
            format!("a report is Complete with {:?} alone", files.keys())
        });
        self.require(!self.data_rests || files == *expected, || {
            format!("a report is wrong:\n{}", String::from_utf8_lossy(&files["report.csv"]))
        });
    }

    /// Called after an object was stored by an invocation.
    pub(crate) fn object_put(
        &mut self,
        name: &str,
        sender: String,
        (buckets, reports, data): (&Buckets, &Table, &Table),
    ) {
        let body = &buckets.newest(name).expect("it was just stored").body;
        if let Some(key) = name.strip_prefix("/reports/") {
            let is_as_named = is_as_named(key, body, reports.items.values());
            self.require(is_as_named, || format!("{key} of a Complete report was changed"));
            self.file_senders.insert(key.to_owned(), sender);
        } else if name.ends_with("/manifest.json") {
            let manifest = serde_json::from_slice(body).expect("a manifest");
            self.manifest_put(&manifest, data);
        }
    }

    fn manifest_put(&mut self, manifest: &Manifest, data: &Table) {
        let Manifest { rows, loaded, duplicate, rejected, .. } = manifest;
        self.require(*rows == loaded + duplicate + rejected, || {
            format!("a manifest's rows do not add up: {manifest:?}")
        });
        let place = place_of(&manifest.file.version);
        self.loads[place] = Some(manifest.status);
        if manifest.status == LoadStatus::Running {
            return;
        }
        self.require(self.is_stored(place, data), || {
            format!("the load of {} has ended but its data is not stored", FILES[place].name)
        });
        if let Some(undisturbed) = self.undisturbed.clone() {
            let name = format!("/data/{}manifest.json", manifest.folder);
            let expected = undisturbed.buckets.newest(&name).map(|object| &object.body[..]);
            let expected: Option<Manifest> =
                expected.map(|body| serde_json::from_slice(body).expect("a manifest"));
            let same = expected
                .is_some_and(|expected| without_times(&expected) == without_times(manifest));
            self.require(same, || format!("a manifest differs: {manifest:?}"));
        }
    }

    /// Whether all of a file is stored, as one of its readings, or a file that replaces it.
    fn is_stored(&self, place: usize, data: &Table) -> bool {
        let Some(undisturbed) = &self.undisturbed else {
            return true;
        };
        [&undisturbed.announced, &undisturbed.direct]
            .into_iter()
            .any(|readings| undisturbed.is_kept(&readings[place], data))
    }

    /// Called after segments were written or deleted.
    pub(crate) fn batch_written(&mut self, request: &Value, data: &Table) {
        let writes = request["RequestItems"]["data"].as_array().expect("writes");
        let deleted = |write: &Value| Some(write.get("DeleteRequest")?["Key"].clone());
        for key in writes.iter().filter_map(deleted) {
            let Some(undisturbed) = self.undisturbed.clone() else {
                continue;
            };
            let text = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
            let key: Key = (text("pk"), text("sk"));
            let mut readings = undisturbed.readings().filter(|reading| reading.keys.contains(&key));
            let is_replaced = readings.any(|reading| undisturbed.is_kept(reading, data));
            self.require(is_replaced, || format!("{} was deleted", key.1));
        }
    }

    /// Called after a write to an item of the data table that is not a segment, also if a condition
    /// prevented the write.
    pub(crate) fn datum_changed(&mut self, key: &Key, before: Option<&Item>, data: &Table) {
        let after = data.items.get(key);
        if key.0 != "dataset" || before == after {
            return;
        }
        let at = |item: &Item| i64::try_from(number(&item["poll_at"])).expect("an instant");
        let (before, after) = (before.map(at), after.map(at));
        self.require(before < after, || "the newest poll fell".to_owned());
        let newest = uptime::Timestamp::from_micros(after.unwrap_or_default()).to_string();
        let is_its = |place: &usize| FILES[*place].last_poll == Some(newest.as_str());
        let is_stored = (0..FILES.len()).filter(is_its).any(|place| self.is_stored(place, data));
        self.require(is_stored, || format!("the newest poll is {newest}, which is not stored"));
    }

    /// Called when a message of the report queue is deleted as done.
    pub(crate) fn report_acknowledged(&mut self, message: &Message, reports: &Table) {
        let Some(report) = reports.items.get(&(report_of(message), String::new())) else {
            self.require(false, || "the message of an unknown report was deleted".to_owned());
            return;
        };
        let latest = i128::from(clock::now().micros() + SKEW_MICROS);
        let over = number(&report["deadline"]) < latest;
        self.require(over || text(report, "state") != "Running", || {
            "the message of an unfinished report was deleted".to_owned()
        });
    }

    /// Called when a message of the load queue is deleted as done.
    pub(crate) fn load_acknowledged(&mut self, place: usize, data: &Table) {
        let Some(undisturbed) = &self.undisturbed else {
            return;
        };
        // The upload details from its event must be stored too.
        let is_kept = undisturbed.is_kept(&undisturbed.announced[place], data);
        self.require(is_kept, || {
            format!("the message of {} was deleted but the file is not stored", FILES[place].name)
        });
    }

    /// Called when no work is left. The stored data must equal that of undisturbed loads, and every
    /// manifest must agree. Segments that were replaced before they were written may be left over.
    pub(crate) fn loads_ended(&mut self, data: &Table) {
        let Some(undisturbed) = self.undisturbed.clone() else {
            return;
        };
        let expected = &undisturbed.data.items;
        let replaceable: Vec<&Reading> =
            undisturbed.readings().filter(|reading| reading.source.is_some()).collect();
        let is_left_over = |key: &Key| replaceable.iter().any(|reading| reading.keys.contains(key));
        let found =
            data.items.iter().filter(|(key, _)| expected.contains_key(*key) || !is_left_over(key));
        self.require(found.eq(expected.iter()), || "the stored data differs".to_owned());
        let counting = sources::report(data, Method::TIME_WEIGHTED);
        let newest_count =
            counting == undisturbed.files_of(Method::TIME_WEIGHTED.name(), None)["report.csv"];
        self.require(newest_count, || {
            "hours or zones are not those of the newest upload".to_owned()
        });
        let ended = |load: &Option<LoadStatus>| *load == Some(LoadStatus::Complete);
        let all_ended = self.data_rests || self.loads.iter().all(ended);
        let loads = self.loads;
        self.require(all_ended, || format!("loads remain as {loads:?}"));
    }

    /// Called when a message is delivered to an invocation, with the number of its deliveries.
    pub(crate) fn delivered(&mut self, invocation: String, receives: u32) {
        self.receives.insert(invocation, receives);
    }

    /// Called when a caller gets a report's id.
    pub(crate) fn accepted(&mut self, report_id: &str, reports: &Table) {
        let report = reports.items.get(&(report_id.to_owned(), String::new()));
        let code = report.map(|report| text(report, "failure_code"));
        self.require(code.is_some_and(|code| code != "enqueue_failed"), || {
            "a report was accepted that is not recorded or not queued".to_owned()
        });
        self.accepted.insert(report_id.to_owned());
    }

    /// From now on, the report of a message must complete if its deadline is after `latest`.
    pub(crate) fn will_complete(&mut self, message: &Message, reports: &Table, latest: i64) {
        let report_id = report_of(message);
        let report = reports.items.get(&(report_id.clone(), String::new()));
        let is_running = |report: &&Item| text(report, "state") == "Running";
        let is_early = |report: &Item| i128::from(latest) < number(&report["deadline"]);
        if report.filter(is_running).is_some_and(is_early) {
            self.will_complete.insert(report_id);
        }
    }

    /// Checks that callers saw the report end as it must.
    pub(crate) fn report_ended(&mut self, report_id: &str) {
        let state = self.ended.get(report_id).map(|(_, status)| status.clone());
        let is_right = state
            .as_ref()
            .is_some_and(|status| status == "Complete" || !self.will_complete.contains(report_id));
        self.require(is_right, || format!("a report ends as {state:?}"));
    }

    /// Called when invocation `number` returned a report's status to a caller. By then, `begun`
    /// invocations had begun.
    pub(crate) fn returned(
        &mut self,
        report_id: &str,
        number: usize,
        begun: usize,
        status: &Value,
    ) {
        let name = status["status"].as_str().expect("a status");
        if let (true, Some(undisturbed)) = (name == "Complete", &self.undisturbed) {
            let method = status["method"].as_str().expect("a method");
            let expected = undisturbed.files_of(method, status["period"].as_str());
            let all = lists(status, expected);
            self.require(all, || format!("a caller got {} alone", status["files"]));
        }
        let earlier = self.ended.get(report_id).filter(|(by_then, _)| *by_then < number);
        if let Some((_, before)) = earlier.cloned() {
            self.require(before == name, || format!("a report changed from {before} to {name}"));
        } else if name != "Running" {
            self.ended.entry(report_id.to_owned()).or_insert_with(|| (begun, name.to_owned()));
        }
    }
}

fn report_of(message: &Message) -> String {
    let body: Value = serde_json::from_str(&message.body).expect("a work order");
    body["report_id"].as_str().expect("an id").to_owned()
}

/// A text attribute of an item, or an empty string if it is missing.
pub(crate) fn text(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value["S"].as_str()).unwrap_or_default().to_owned()
}

/// The manifest without its times, and without what only an event contains about an upload.
fn without_times(manifest: &Manifest) -> Manifest {
    let file = ManifestFile { event_time: None, sequencer: None, ..manifest.file.clone() };
    let started_at = String::new();
    Manifest { file, started_at, completed_at: None, duration_ms: None, ..manifest.clone() }
}
