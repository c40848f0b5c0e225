//! What goes wrong in a schedule, and how often.

use fastrand::Rng;

/// Chances, each of 1,000.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// A call has its effect and its answer is lost.
    pub(crate) lose_answer: u32,
    /// A call fails without an effect.
    pub(crate) fail: u32,
    /// A call is throttled, a batch is taken in part, or a page is empty and not the last.
    pub(crate) throttle: u32,
    /// An answer breaks off.
    pub(crate) cut: u32,
    /// A source file's download breaks off, in the middle; so its rest may, again and again.
    pub(crate) break_download: u32,
    /// From now on the data table is throttled, for up to 45 seconds.
    pub(crate) throttle_long: u32,
    /// A call takes up to 40 seconds.
    pub(crate) slow: u32,
    /// An invocation is killed.
    pub(crate) crash: u32,
    /// An invocation stands still for up to two minutes.
    pub(crate) freeze: u32,
    /// A message is delivered that is being handled.
    pub(crate) duplicate: u32,
    /// An invocation outlives its time-out by up to two minutes.
    pub(crate) outlive: u32,
    /// The clock of an invocation's machine is off.
    pub(crate) skew: u32,
}

/// How far a clock is off at most.
pub(crate) const SKEW_MICROS: i64 = 500_000;

/// What becomes of a call.
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
    /// Tells it in a word.
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
    /// Half of the faults, so that each is met without most others too.
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
        // Workers that come back when others have taken over: rare, unless it is made not to be.
        Faults { crash: 0, freeze: 80, duplicate: 15, outlive: 800, ..drawn }
    }

    /// Decides about a call. There are a hundred queries to any other call, so few of them fail.
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

    /// Tells whether something happens with such a chance.
    pub(crate) fn strikes(random: &mut Rng, chance: u32) -> bool {
        random.u32(0..1_000) < chance
    }

    /// Draws how far an invocation's clock is off.
    pub(crate) fn draw_skew(&self, random: &mut Rng) -> i64 {
        if Faults::strikes(random, self.skew) { random.i64(-SKEW_MICROS..=SKEW_MICROS) } else { 0 }
    }
}
