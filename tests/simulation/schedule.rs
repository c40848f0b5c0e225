//! One schedule: the requests to the system, the order of events, and the faults.
//!
//! Every step is one choice of a seeded generator: a call takes effect, fails or loses its
//! response, a message is delivered, an invocation is killed, time passes. At the end there are no
//! more faults, and all work must finish.

use std::rc::Rc;
use std::sync::Arc;

use fastrand::Rng;
use serde_json::json;
use uptime::Timestamp;
use uptime::interval::SECOND;

use crate::callers::Callers;
use crate::clock;
use crate::coverage::Coverage;
use crate::functions::{
    Functions, Invocation, RECEIVES_ALLOWED, VISIBILITY_SECONDS, Work, request_id,
};
use crate::models::s3::{place_of, version_of};
use crate::models::sqs::{Message, Queue};
use crate::promises::Promises;
use crate::simulated_faults::Faults;
use crate::sources::{self, FILES, Undisturbed};
use crate::wire::{self, Call};
use crate::world::World;

/// More steps than any schedule needs to finish all work.
const STEPS_TO_REST: u32 = 20_000;
/// The maximum number of concurrent invocations.
const CONCURRENCY: usize = 4;

/// A running schedule.
pub(crate) struct Schedule<'a> {
    pub(crate) random: Rng,
    pub(crate) faults: Faults,
    pub(crate) world: World,
    functions: Rc<Functions>,
    pub(crate) invocations: Vec<Invocation>,
    pub(crate) calls: Vec<Call>,
    pub(crate) begun: usize,
    pub(crate) callers: Callers,
    /// How many files will be loaded by direct invocation.
    directs_left: usize,
    pub(crate) page: usize,
    /// Until then, every call of the data table is throttled.
    pub(crate) throttled_until: i64,
    is_calm: bool,
    pub(crate) trace: Option<Vec<String>>,
    coverage: &'a mut Coverage,
}

/// The kind of work in a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Reports on data that does not change.
    Reports,
    /// Only loads.
    Loads,
    /// Reports and loads.
    Both,
}

impl Plan {
    fn draw(random: &mut Rng) -> Plan {
        match random.u32(0..10) {
            0..5 => Plan::Reports,
            5..8 => Plan::Loads,
            _ => Plan::Both,
        }
    }
}

impl<'a> Schedule<'a> {
    /// Prepares the schedule of a seed.
    pub(crate) fn new(
        seed: u64,
        functions: &Rc<Functions>,
        undisturbed: &Arc<Undisturbed>,
        coverage: &'a mut Coverage,
    ) -> Schedule<'a> {
        let mut random = Rng::with_seed(seed);
        // The SDKs and our own waits use the thread's generator.
        fastrand::seed(random.u64(..));
        let promises = Promises::new(Some(Arc::clone(undisturbed)));
        let mut schedule = Schedule::idle(functions, promises, coverage);
        let plan = Plan::draw(&mut random);
        schedule.faults = Faults::draw(&mut random);
        schedule.page = random.usize(1..4);
        if plan == Plan::Reports {
            schedule.world.data = undisturbed.data.clone();
            schedule.world.promises.data_rests = true;
        } else {
            schedule.announce_all(&mut random);
            schedule.directs_left = random.usize(0..4);
        }
        if plan != Plan::Loads {
            schedule.callers.triggers_left = random.usize(1..4);
            schedule.callers.are_hurried = random.u32(0..8) == 0;
        }
        schedule.random = random;
        schedule
    }

    /// A schedule without faults and without requests.
    pub(crate) fn idle(
        functions: &Rc<Functions>,
        promises: Promises,
        coverage: &'a mut Coverage,
    ) -> Schedule<'a> {
        clock::reset();
        wire::take_calls();
        Schedule {
            random: Rng::with_seed(0),
            faults: Faults::default(),
            world: World::new(promises),
            functions: Rc::clone(functions),
            invocations: Vec::new(),
            calls: Vec::new(),
            begun: 0,
            callers: Callers { questions_left: 6, ..Callers::default() },
            directs_left: 0,
            page: 100,
            throttled_until: 0,
            is_calm: false,
            trace: None,
            coverage,
        }
    }

    /// Puts all files. Some are announced twice.
    fn announce_all(&mut self, random: &mut Rng) {
        let versions = sources::put_all(&mut self.world.buckets);
        for (place, version) in versions.iter().enumerate() {
            self.announce(place, version);
            if random.u32(0..4) == 0 {
                self.announce(place, version);
            }
        }
    }

    pub(crate) fn announce(&mut self, place: usize, version: &str) {
        let object = json!({
            "key": format!("incoming/{}", FILES[place].name), "versionId": version, "eTag": version,
        });
        let s3 = json!({ "bucket": { "name": "data" }, "object": object });
        let event_time = Timestamp::from_micros(FILES[place].put_at()).to_string();
        let record = json!({ "eventName": "ObjectCreated:Put", "eventTime": event_time, "s3": s3 });
        let body = json!({ "Records": [record] }).to_string();
        self.world.load_queue.send(&body, clock::now().micros());
    }

    /// Loads a file by direct invocation.
    pub(crate) fn load_directly(&mut self, place: usize, version: &str) {
        let key = format!("incoming/{}", FILES[place].name);
        self.begin(Work::LoadDirectly { key, version: version.to_owned() });
    }

    fn load_any_directly(&mut self) -> &'static str {
        self.directs_left -= 1;
        let place = self.random.usize(..FILES.len());
        self.load_directly(place, &version_of(place));
        "load directly"
    }

    /// Runs the schedule to its end.
    pub(crate) async fn run(&mut self) -> Result<(), String> {
        for _ in 0..self.random.u32(20..700) {
            self.step().await?;
        }
        self.note(|| "no more faults".to_owned());
        self.faults = Faults::default();
        self.throttled_until = 0;
        self.is_calm = true;
        self.expect_completion();
        self.come_to_rest().await?;
        self.check_end().await
    }

    /// Called when faults end. From now on, a report with enough time and deliveries left must
    /// become Complete.
    fn expect_completion(&mut self) {
        let now = clock::now().micros();
        let latest = now + 3 * VISIBILITY_SECONDS * SECOND;
        let World { promises, reports, report_queue, .. } = &mut self.world;
        // A report may have several messages, and the last delivery of each may fail it. A worker
        // that is still alive may cost one delivery.
        let (left, used_up): (Vec<_>, Vec<_>) = report_queue
            .messages
            .iter()
            .partition(|message| message.receives + 3 <= RECEIVES_ALLOWED && !message.dead);
        for message in left {
            if used_up.iter().all(|other| other.body != message.body) {
                promises.will_complete(message, reports, latest);
            }
        }
    }

    /// Takes steps until no work is left.
    pub(crate) async fn come_to_rest(&mut self) -> Result<(), String> {
        for _ in 0..STEPS_TO_REST {
            self.world.load_queue.redrive(clock::now().micros());
            if self.is_at_rest() {
                return Ok(());
            }
            self.step().await?;
        }
        Err("the schedule does not finish its work".to_owned())
    }

    fn is_at_rest(&self) -> bool {
        let is_done = |queue: &Queue| queue.messages.iter().all(|message| message.dead);
        self.callers.triggers_left + self.directs_left == 0
            && self.invocations.is_empty()
            && self.calls.is_empty()
            && is_done(&self.world.report_queue)
            && is_done(&self.world.load_queue)
    }

    /// After every deadline, each report must have ended and loads must have left what they always
    /// leave.
    async fn check_end(&mut self) -> Result<(), String> {
        clock::advance(3_600_000).await;
        for report_id in self.callers.accepted.clone() {
            self.begin(Work::Status(report_id.clone()));
            self.come_to_rest().await?;
            self.world.promises.report_ended(&report_id);
        }
        self.world.promises.loads_ended(&self.world.data);
        self.broken()
    }

    /// Makes one choice.
    pub(crate) async fn step(&mut self) -> Result<(), String> {
        self.run_invocations();
        let before = self.state();
        let step = self.choose().await;
        let after = self.state();
        self.coverage.steps += 1;
        self.coverage.add(before, step, after);
        self.broken()
    }

    fn broken(&self) -> Result<(), String> {
        self.world.promises.broken().map_or(Ok(()), |broken| Err(broken.to_owned()))
    }

    async fn choose(&mut self) -> &'static str {
        let now = clock::now().micros();
        let may_begin = self.invocations.len() < CONCURRENCY;
        let ready: Vec<usize> =
            (0..self.calls.len()).filter(|&place| self.calls[place].slow_until <= now).collect();
        let (reports, loads) = (&self.world.report_queue, &self.world.load_queue);
        let (visible, hidden) = (reports.alive(now), loads.alive(now));
        let messages = visible.0.len() + hidden.0.len();
        let in_flight = visible.1.len() + hidden.1.len();
        let running = self.invocations.len();
        let to_freeze = self.invocations.iter().filter(|one| one.frozen_until <= now).count();
        let weights = [
            if ready.is_empty() { 0 } else { 600 },
            if may_begin && self.callers.triggers_left > 0 { 60 } else { 0 },
            if may_begin && messages > 0 { 100 } else { 0 },
            if may_begin && in_flight > 0 { self.faults.duplicate } else { 0 },
            if may_begin && self.callers.questions_left * self.callers.accepted.len() > 0 {
                15
            } else {
                0
            },
            if running > 0 { self.faults.crash } else { 0 },
            if to_freeze > 0 { self.faults.freeze } else { 0 },
            if may_begin && self.directs_left > 0 { 15 } else { 0 },
            if self.is_calm && !ready.is_empty() { 1 } else { 40 },
        ];
        match self.draw(&weights) {
            0 => {
                let place = ready[self.random.usize(..ready.len())];
                self.perform(place)
            }
            1 => self.trigger(),
            2 => self.deliver(true),
            3 => self.deliver(false),
            4 => self.ask(),
            5 => self.crash(),
            6 => self.freeze(),
            7 => self.load_any_directly(),
            _ => self.pass_time().await,
        }
    }

    fn draw(&mut self, weights: &[u32]) -> usize {
        let mut drawn = self.random.u32(0..weights.iter().sum());
        let mut place = 0;
        while drawn >= weights[place] {
            drawn -= weights[place];
            place += 1;
        }
        place
    }

    /// Delivers a visible message, or one that is already being handled.
    fn deliver(&mut self, visible: bool) -> &'static str {
        let now = clock::now().micros();
        let pick = |queue: &Queue| if visible { queue.alive(now).0 } else { queue.alive(now).1 };
        let (reports, loads) = (pick(&self.world.report_queue), pick(&self.world.load_queue));
        let drawn = self.random.usize(..reports.len() + loads.len());
        let work = if let Some(&place) = reports.get(drawn) {
            self.world.report_queue.receive(place, now).map(Work::Compute)
        } else {
            let place = loads[drawn - reports.len()];
            self.world.load_queue.receive(place, now).map(Work::Load)
        };
        match work {
            Some(work) => self.begin(work),
            None => self.note(|| "a message goes to the dead-letter queue".to_owned()),
        }
        if visible { "deliver" } else { "deliver again" }
    }

    pub(crate) fn begin(&mut self, work: Work) {
        self.begun += 1;
        let mut invocation = Invocation::begin(&self.functions, self.begun, work);
        invocation.skew = self.faults.draw_skew(&mut self.random);
        if let Work::Compute(message) = &invocation.work {
            self.world.promises.delivered(request_id(self.begun), message.receives);
        }
        if Faults::strikes(&mut self.random, self.faults.outlive) {
            invocation.stopped_at += self.random.i64(0..120) * SECOND;
        }
        let (number, name) = (self.begun, invocation.work.name());
        self.note(|| format!("#{number} {name} begins"));
        self.invocations.push(invocation);
    }

    /// Runs every invocation until it waits for a call or for time to pass.
    fn run_invocations(&mut self) {
        let now = clock::now().micros();
        let mut place = 0;
        while place < self.invocations.len() {
            let invocation = &mut self.invocations[place];
            let outcome = if invocation.frozen_until <= now { invocation.run() } else { None };
            match outcome {
                None => place += 1,
                Some(outcome) => {
                    let invocation = self.invocations.remove(place);
                    self.ended(&invocation, &outcome);
                }
            }
        }
        self.calls.append(&mut wire::take_calls());
    }

    /// Lambda deletes a handled message, unless the deletion fails.
    pub(crate) fn report_done(&mut self, message: &Message) {
        self.world.promises.report_acknowledged(message, &self.world.reports);
        if !Faults::strikes(&mut self.random, self.faults.fail) {
            self.world.report_queue.delete(&message.id);
        }
    }

    pub(crate) fn load_done(&mut self, message: &Message) {
        let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
        let version = body["Records"][0]["s3"]["object"]["versionId"].as_str().unwrap();
        self.world.promises.load_acknowledged(place_of(version), &self.world.data);
        if !Faults::strikes(&mut self.random, self.faults.fail) {
            self.world.load_queue.delete(&message.id);
        }
    }

    /// Adds a line to the trace if there is one.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        note(&mut self.trace, line);
    }
}

pub(crate) fn note(trace: &mut Option<Vec<String>>, line: impl FnOnce() -> String) {
    if let Some(trace) = trace {
        let millis = (clock::now().micros() - clock::BEGIN) / 1_000;
        trace.push(format!("{millis:>9} ms  {}", line()));
    }
}
