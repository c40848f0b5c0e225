//! The steps of a schedule: what they do to calls, invocations and time.

use uptime::interval::SECOND;

use crate::clock;
use crate::functions::Invocation;
use crate::models::sqs::Queue;
use crate::schedule::{Schedule, note};
use crate::simulated_faults::{Fate, Faults};
use crate::wire::{self, Call};
use crate::world::{Portion, World};

/// A request that was sent longer ago than this does not arrive any more.
const MICROS_ON_THE_WIRE: i64 = 45 * SECOND;

impl Schedule<'_> {
    /// Draws the outcome of a call. All queries without a fault are answered together.
    pub(crate) fn perform(&mut self, place: usize) -> &'static str {
        let call = self.calls.swap_remove(place);
        let is_query = call.request.operation == "Query";
        let fate = self.fate(&call);
        if !is_query || fate != Fate::Happens {
            let (number, operation) = (call.invocation, &call.request.operation);
            let line = || format!("#{number} {operation} {fate:?}");
            note(&mut self.trace, line);
        }
        self.settle(call, fate);
        if is_query && fate == Fate::Happens {
            self.answer_queries();
        }
        fate.name()
    }

    fn fate(&mut self, call: &Call) -> Fate {
        let now = clock::now().micros();
        if call.is_of_data_table() {
            if Faults::strikes(&mut self.random, self.faults.throttle_long) {
                self.throttled_until = now + self.random.i64(1..45) * SECOND;
            }
            if now < self.throttled_until {
                return Fate::IsThrottled;
            }
        }
        if call.is_download() && Faults::strikes(&mut self.random, self.faults.break_download) {
            return Fate::BreaksOff;
        }
        self.faults.fate(&mut self.random, call.request.operation == "Query")
    }

    fn answer_queries(&mut self) {
        let is_query = |call: &Call| call.request.operation == "Query";
        while let Some(next) = self.calls.iter().position(is_query) {
            let call = self.calls.swap_remove(next);
            self.settle(call, Fate::Happens);
        }
    }

    /// Records the outcome of a call for the invocation that sent it.
    fn befalls(&mut self, call: &Call, fate: Fate, portion: Portion) {
        let is_harmless = match fate {
            Fate::Happens => portion.page > 0,
            Fate::IsThrottled => call.is_of_data_table(),
            Fate::BreaksOff => true,
            Fate::LosesItsAnswer | Fate::Fails | Fate::IsCutOff | Fate::IsSlow => false,
        };
        let invocation = self.invocations.iter_mut().find(|one| one.number == call.invocation);
        if let Some(invocation) = invocation {
            invocation.is_disturbed |= !is_harmless;
            invocation.called.insert(call.request.operation.clone());
        }
    }

    fn settle(&mut self, mut call: Call, fate: Fate) {
        let mut batch = 25;
        if Faults::strikes(&mut self.random, self.faults.throttle) {
            batch = self.random.usize(0..3);
        }
        let page =
            if Faults::strikes(&mut self.random, self.faults.throttle) { 0 } else { self.page };
        let portion = Portion { page, batch };
        self.befalls(&call, fate, portion);
        match fate {
            Fate::Happens => {
                let reply = self.world.effect(&call, portion);
                call.answer(Some(reply));
            }
            Fate::LosesItsAnswer => {
                self.world.effect(&call, portion);
                call.answer(None);
            }
            Fate::IsCutOff => {
                let mut reply = self.world.effect(&call, portion);
                reply.breaks_off_at = Some(self.random.usize(..=reply.body.len()));
                call.answer(Some(reply));
            }
            Fate::BreaksOff => {
                let mut reply = self.world.effect(&call, portion);
                // At least one byte arrives: a download without any byte is given up.
                if reply.body.len() > 1 {
                    reply.breaks_off_at = Some(self.random.usize(1..reply.body.len()));
                }
                call.answer(Some(reply));
            }
            Fate::Fails => {
                let reply = match self.random.u32(0..4) {
                    0 => Some(World::distrust(&call)),
                    1 => Some(wire::Reply::empty(500)),
                    _ => None,
                };
                call.answer(reply);
            }
            Fate::IsThrottled => {
                let reply = World::throttle(&call);
                call.answer(Some(reply));
            }
            Fate::IsSlow => {
                call.slow_until = clock::now().micros() + self.random.i64(1..400) * SECOND / 10;
                self.calls.push(call);
            }
        }
    }

    /// Kills an invocation.
    pub(crate) fn crash(&mut self) -> &'static str {
        let place = self.random.usize(..self.invocations.len());
        self.stop(place);
        "crash"
    }

    /// Stops an invocation. The requests that it already sent may still arrive.
    fn stop(&mut self, place: usize) {
        let invocation = self.invocations.remove(place);
        let number = invocation.number;
        self.note(|| format!("#{number} is stopped"));
        let random = &mut self.random;
        self.calls.retain(|call| call.invocation != number || random.bool());
    }

    /// Freezes an invocation.
    pub(crate) fn freeze(&mut self) -> &'static str {
        let now = clock::now().micros();
        let span = if self.random.bool() { 1..20 } else { 50..120 };
        let seconds = self.random.i64(span);
        let moving = self.invocations.iter_mut().filter(|one| one.frozen_until <= now);
        let mut moving: Vec<_> = moving.collect();
        let drawn = self.random.usize(..moving.len());
        let invocation = &mut *moving[drawn];
        invocation.frozen_until = now + seconds * SECOND;
        invocation.is_disturbed = true;
        let number = invocation.number;
        self.note(|| format!("#{number} is frozen for {seconds} s"));
        "freeze"
    }

    /// Moves the clock. Drops requests that were on their way for too long, and stops invocations
    /// that are past their time.
    pub(crate) async fn pass_time(&mut self) -> &'static str {
        let now = clock::now().micros();
        let can_go_on = |invocation: &Invocation| invocation.frozen_until <= now;
        let millis = if self.invocations.iter().any(can_go_on) {
            [1, 20, 200, 1_000, 5_000][self.random.usize(..5)]
        } else if !self.invocations.is_empty() || !self.calls.is_empty() {
            [1_000, 5_000, 20_000][self.random.usize(..3)]
        } else {
            self.millis_to_next_message()
        };
        let then = clock::now().micros() + millis * 1_000;
        self.calls.retain(|call| then < call.sent_at + MICROS_ON_THE_WIRE);
        clock::advance(millis).await;
        while let Some(place) = self.invocations.iter().position(|one| one.stopped_at <= then) {
            self.stop(place);
        }
        "pass time"
    }

    fn millis_to_next_message(&self) -> i64 {
        let now = clock::now().micros();
        let queues: [&Queue; 2] = [&self.world.report_queue, &self.world.load_queue];
        let messages = queues.iter().flat_map(|queue| &queue.messages);
        let next = messages.filter(|message| !message.dead).map(|message| message.visible_at).min();
        next.map_or(1_000, |next| (next - now).max(0) / 1_000 + 1)
    }
}
