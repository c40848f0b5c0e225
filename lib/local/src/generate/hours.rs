//! A store's business hours for a week, in the form of the real sources: no row runs past midnight,
//! and a day that ends at midnight is written in one of two ways.

use super::random::{Random, Weighted};

/// A row of business hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    /// 0 is Monday.
    pub(super) day: u32,
    /// In seconds since local midnight.
    pub(super) start: u32,
    /// In seconds since local midnight; the last minute of a day stands for midnight.
    pub(super) end: u32,
}

impl Shift {
    /// Whether a store with this row is open at a second of the local week.
    pub(super) fn contains(self, second_of_week: i64) -> bool {
        let end = if self.end >= LAST_MINUTE { SECONDS_A_DAY } else { self.end };
        let midnight = i64::from(self.day) * i64::from(SECONDS_A_DAY);
        let span = midnight + i64::from(self.start)..midnight + i64::from(end);
        span.contains(&second_of_week)
    }
}

/// Returns the rows of one store: some stores have seven days, some fewer.
pub(super) fn week(random: &mut Random) -> Vec<Shift> {
    let days = random.pick(&OPEN_DAYS);
    let closed_from = random.between(0, 7);
    let pattern = random.pick(&PATTERNS);
    let opens = random.pick(&OPENING);
    let closes = random.pick(&CLOSING);
    let late = random.between(1, 17) * 15;
    let later_on_weekends = random.chance(3_000);

    let mut shifts = Vec::new();
    for day in (0..days).map(|offset| (closed_from + 7 - offset) % 7) {
        let weekend = day == FRIDAY || day == SATURDAY;
        let closes = if weekend && later_on_weekends { closes + 60 } else { closes };
        match pattern {
            Pattern::RoundTheClock => open(&mut shifts, random, day, 0..MIDNIGHT),
            Pattern::UntilMidnight => open(&mut shifts, random, day, opens..MIDNIGHT),
            Pattern::Late => open(&mut shifts, random, day, opens..MIDNIGHT + late),
            Pattern::LateOnWeekends if weekend => {
                open(&mut shifts, random, day, opens..MIDNIGHT + late);
            }
            Pattern::Plain | Pattern::LateOnWeekends => {
                open(&mut shifts, random, day, opens..closes);
            }
            Pattern::LunchAndDinner => {
                open(&mut shifts, random, day, opens..LUNCH_ENDS);
                open(&mut shifts, random, day, DINNER_BEGINS..closes);
            }
        }
    }
    shifts
}

/// Adds the rows of one opening. Minutes after midnight belong to the next day.
fn open(shifts: &mut Vec<Shift>, random: &mut Random, day: u32, minutes: std::ops::Range<u32>) {
    let start = minutes.start * 60;
    if minutes.end < MIDNIGHT {
        shifts.push(Shift { day, start, end: minutes.end * 60 });
        return;
    }
    let end = if random.chance(5_000) { LAST_MINUTE } else { SECONDS_A_DAY - 1 };
    shifts.push(Shift { day, start, end });
    if minutes.end > MIDNIGHT {
        let end = (minutes.end - MIDNIGHT) * 60;
        shifts.push(Shift { day: (day + 1) % 7, start: 0, end });
    }
}

#[derive(Debug, Clone, Copy)]
enum Pattern {
    Plain,
    LunchAndDinner,
    UntilMidnight,
    RoundTheClock,
    Late,
    LateOnWeekends,
}

const PATTERNS: Weighted<Pattern, 6> = [
    (51, Pattern::Plain),
    (6, Pattern::LunchAndDinner),
    (11, Pattern::UntilMidnight),
    (15, Pattern::RoundTheClock),
    (6, Pattern::Late),
    (11, Pattern::LateOnWeekends),
];

const OPEN_DAYS: Weighted<u32, 6> = [(81, 7), (13, 6), (3, 5), (1, 4), (1, 3), (1, 1)];

/// In minutes since midnight.
const OPENING: Weighted<u32, 9> = [
    (40, 11 * 60),
    (16, 10 * 60),
    (15, 6 * 60),
    (10, 7 * 60),
    (8, 8 * 60),
    (6, 10 * 60 + 30),
    (5, 11 * 60 + 30),
    (4, 9 * 60),
    (1, 6 * 60 + 30),
];
const CLOSING: Weighted<u32, 9> = [
    (27, 22 * 60),
    (25, 21 * 60),
    (15, 20 * 60),
    (14, 21 * 60 + 30),
    (11, 20 * 60 + 30),
    (9, 19 * 60),
    (8, 22 * 60 + 30),
    (6, 20 * 60 + 45),
    (5, 18 * 60),
];
const LUNCH_ENDS: u32 = 14 * 60 + 30;
const DINNER_BEGINS: u32 = 17 * 60;
const MIDNIGHT: u32 = 24 * 60;

const SECONDS_A_DAY: u32 = 24 * 60 * 60;
/// 23:59:00.
const LAST_MINUTE: u32 = SECONDS_A_DAY - 60;

const FRIDAY: u32 = 4;
const SATURDAY: u32 = 5;
