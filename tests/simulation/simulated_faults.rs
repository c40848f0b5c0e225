//! The faults of a schedule, and their chances.

use fastrand::Rng;

/// Chances of 1,000.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// A call takes effect and its response is lost.
    pub(crate) lose_answer: u32,
    /// A call fails without an effect.
    pub(crate) fail: u32,
    /// A call is throttled, a batch is accepted only in part, or a page is empty but not the last.
    pub(crate) throttle: u32,
    /// A response breaks off.
    pub(crate) cut: u32,
    /// A source file's download breaks off in the middle. Its rest may break off again.
    pub(crate) break_download: u32,
    /// The data table is throttled for up to 45 seconds from now on.
    pub(crate) throttle_long: u32,
    /// A call takes up to 40 seconds.
    pub(crate) slow: u32,
    /// An invocation is killed.
    pub(crate) crash: u32,
    /// An invocation freezes for up to two minutes.
    pub(crate) freeze: u32,
    /// A message is delivered again while it is being handled.
    pub(crate) duplicate: u32,
    /// An invocation runs up to two minutes past its time-out.
    pub(crate) outlive: u32,
    /// The clock of an invocation's machine is off.
    pub(crate) skew: u32,
}

/// The largest error of a clock.
pub(crate) const SKEW_MICROS: i64 = 500_000;

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Happens,
    LosesItsAnswer,
    Fails,
    IsThrottled,
    IsCutOff,
    BreaksOff,
    IsSlow,
}

impl Fate {
    /// A short name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fate::Happens => "a call happens",
            Fate::LosesItsAnswer => "a call loses its answer",
            Fate::Fails => "a call fails",
            Fate::IsThrottled => "a call is throttled",
            Fate::IsCutOff => "an answer breaks off",
            Fate::BreaksOff => "a download breaks off",
            Fate::IsSlow => "a call is slow",
        }
    }
}

impl Faults {
    /// Draws half of the faults, so that each fault is also tested without most others.
    pub(crate) fn draw(random: &mut Rng) -> Faults {
        let mut chance = || if random.bool() { random.u32(1..150) } else { 0 };
        let drawn = Faults {
            lose_answer: chance(),
            fail: chance(),
            throttle: chance(),
            cut: chance(),
            break_download: chance() * 5,
            throttle_long: chance() / 3,
            slow: chance(),
            crash: chance() / 3,
            freeze: chance() / 3,
            duplicate: chance(),
            outlive: chance() * 5,
            skew: chance() * 5,
        };
        if random.u32(0..4) > 0 {
            return drawn;
        }
        // Workers that come back after others took over are rare unless their chance is raised.
        Faults { crash: 0, freeze: 80, duplicate: 15, outlive: 800, ..drawn }
    }

    /// Draws the outcome of a call. There are a hundred queries for each other call, so few queries
    /// fail.
    pub(crate) fn fate(&self, random: &mut Rng, is_query: bool) -> Fate {
        let limit = if is_query { 30_000 } else { 1_000 };
        let mut drawn = random.u32(0..limit);
        for (chance, fate) in [
            (self.lose_answer, Fate::LosesItsAnswer),
            (self.fail, Fate::Fails),
            (self.throttle, Fate::IsThrottled),
            (self.cut, Fate::IsCutOff),
            (self.slow, Fate::IsSlow),
        ] {
            if drawn < chance {
                return fate;
            }
            drawn -= chance;
        }
        Fate::Happens
    }

    /// Whether an event with this chance happens.
    pub(crate) fn strikes(random: &mut Rng, chance: u32) -> bool {
        random.u32(0..1_000) < chance
    }

    /// Draws the error of an invocation's clock.
    pub(crate) fn draw_skew(&self, random: &mut Rng) -> i64 {
        if Faults::strikes(random, self.skew) { random.i64(-SKEW_MICROS..=SKEW_MICROS) } else { 0 }
    }
}
