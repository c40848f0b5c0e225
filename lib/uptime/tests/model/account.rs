//! The slow way to an account: what is known of a store beyond its three shares of time. Each piece
//! of time is classified by itself: which poll speaks for it, whether two polls settle it, whether a
//! poll covers it, and to which run of inactive polls it belongs.

use super::{
    CountingPoll, MINUTE, Piece, Shares, Store, Subject, Times, considered, counting_polls, pieces,
    speaker, status,
};

/// What is known of a store. Times are in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// In the order of the windows: hour, day, week; or the period alone.
    pub(crate) windows: Vec<Known>,
    /// When the newest counting poll was taken, and whether it was active.
    pub(crate) last_poll: Option<(i64, bool)>,
    pub(crate) outages: Vec<Outage>,
}

/// What is known of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) shares: Shares,
    pub(crate) least_down: i64,
    pub(crate) most_down: i64,
    pub(crate) covered: i64,
}

/// A run of inactive polls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) down: i64,
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) inactive_polls: u32,
    pub(crate) last_active_before: Option<i64>,
    pub(crate) first_active_after: Option<i64>,
    pub(crate) state: &'static str,
}

/// An open piece of time with all that is known of it.
struct Classified {
    piece: Piece,
    /// The status, if any poll speaks for the piece.
    active: Option<bool>,
    /// The status, if two polls settle it.
    settled: Option<bool>,
    covered: bool,
    /// How many active polls come before the poll that speaks for the piece. Inactive polls with the
    /// same number are one run.
    run: usize,
}

/// Implements `RULES.md`, "Least, most and coverage", "Outages" and "Periods".
pub(crate) fn account(store: &Store, subject: &Subject) -> Account {
    let polls = considered(store, subject);
    let times = subject.times(store.zone);
    let pieces = pieces(store, &times, &polls, subject.max_hold);
    let counting = counting_polls(&polls, &pieces);
    let open: Vec<Classified> = pieces
        .into_iter()
        .filter(|piece| piece.open)
        .map(|piece| classify(piece, &counting, subject.max_hold))
        .collect();
    Account {
        windows: times.windows.iter().map(|&(start, end)| known(&open, start, end)).collect(),
        last_poll: counting.last().map(|poll| (poll.at, poll.active)),
        outages: outages(&open, &counting, &times, subject.as_of),
    }
}

fn classify(piece: Piece, counting: &[CountingPoll], max_hold: Option<i64>) -> Classified {
    let speaker = speaker(&piece, counting);
    let beside: Vec<CountingPoll> =
        counting.iter().copied().filter(|poll| poll.interval == piece.interval).collect();
    let before = beside.iter().rfind(|poll| poll.at <= piece.start);
    let after = beside.iter().find(|poll| piece.end <= poll.at);
    let settled = before.zip(after).filter(|(before, after)| {
        let apart = after.at - before.at;
        before.active == after.active
            && apart <= 150 * MINUTE
            && max_hold.is_none_or(|max_hold| apart <= max_hold)
    });
    Classified {
        active: status(&piece, speaker, max_hold),
        settled: settled.map(|(before, _)| before.active),
        covered: beside
            .iter()
            .any(|poll| poll.at - 45 * MINUTE <= piece.start && piece.end <= poll.at + 45 * MINUTE),
        run: speaker.map_or(0, |speaker| active_before(counting, speaker.at)),
        piece,
    }
}

fn active_before(counting: &[CountingPoll], at: i64) -> usize {
    counting.iter().filter(|poll| poll.active && poll.at < at).count()
}

fn known(open: &[Classified], from: i64, to: i64) -> Known {
    let within: Vec<&Classified> =
        open.iter().filter(|it| from <= it.piece.start && it.piece.end <= to).collect();
    let sum = |counts: &dyn Fn(&Classified) -> bool| -> i64 {
        within.iter().filter(|it| counts(it)).map(|it| it.piece.length()).sum()
    };
    Known {
        shares: Shares {
            up: sum(&|it| it.active == Some(true)),
            down: sum(&|it| it.active == Some(false)),
            unknown: sum(&|it| it.active.is_none()),
        },
        least_down: sum(&|it| it.settled == Some(false)),
        most_down: sum(&|it| it.settled != Some(true)),
        covered: sum(&|it| it.covered),
    }
}

fn outages(
    open: &[Classified],
    counting: &[CountingPoll],
    times: &Times,
    as_of: i64,
) -> Vec<Outage> {
    let (start, end) = times.main();
    let active: Vec<i64> = counting.iter().filter(|poll| poll.active).map(|poll| poll.at).collect();
    let outage = |run: usize| {
        let down: Vec<&Classified> =
            open.iter().filter(|it| it.active == Some(false) && it.run == run).collect();
        let last_active_before = run.checked_sub(1).map(|place| active[place]);
        let first_active_after = active.get(run).copied();
        let counts = |it: &&Classified| start <= it.piece.start && it.piece.end <= end;
        let (first, last) = times.considered;
        let (from, to) = (last_active_before.unwrap_or(first), first_active_after.unwrap_or(last));
        let between = |it: &&Classified| from <= it.piece.start && it.piece.end <= to;
        let inactive =
            counting.iter().filter(|poll| !poll.active && active_before(counting, poll.at) == run);
        Outage {
            started_at: last_active_before.and(down.iter().map(|it| it.piece.start).min()),
            ended_at: first_active_after.and(down.iter().map(|it| it.piece.end).max()),
            down: length(down.iter().copied().filter(counts)),
            least: length(
                down.iter().copied().filter(counts).filter(|it| it.settled == Some(false)),
            ),
            most: length(open.iter().filter(counts).filter(between)),
            inactive_polls: inactive.map(|_| 1).sum(),
            last_active_before,
            first_active_after,
            state: match first_active_after {
                Some(_) => "ended",
                None if last == as_of => "ongoing",
                None => "end_unknown",
            },
        }
    };
    (0..=active.len()).map(outage).filter(|outage| outage.down != 0).collect()
}

fn length<'a>(pieces: impl Iterator<Item = &'a Classified>) -> i64 {
    pieces.map(|it| it.piece.length()).sum()
}
