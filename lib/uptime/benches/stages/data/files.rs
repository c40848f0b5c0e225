//! The three source files: 14,000 stores with ids of 19 digits or UUIDs, polled about hourly for
//! eight days. The rows of each file are in random order.

use std::fmt::Write as _;

use uptime::Timestamp;
use uptime::interval::{DAY, HOUR, MINUTE, SECOND};

use super::random::Random;

/// The bytes of the source files.
pub(crate) struct Files {
    pub(crate) polls: Vec<u8>,
    pub(crate) hours: Vec<u8>,
    pub(crate) zones: Vec<u8>,
}

/// 2023-01-25 18:00 UTC. No poll is later.
pub(crate) const END: Timestamp = Timestamp::from_micros(1_674_669_600 * SECOND);

const STORES: usize = 14_000;
const DAYS: i64 = 8;

impl Files {
    pub(crate) fn new() -> Files {
        let mut random = Random::new(7);
        let ids: Vec<String> = (0..STORES).map(|_| id(&mut random)).collect();
        Files {
            polls: polls(&ids, &mut random),
            hours: hours(&ids, &mut random),
            zones: zones(&ids, &mut random),
        }
    }
}

fn id(random: &mut Random) -> String {
    if random.percent(50) {
        return (1_000_000_000_000_000_000 + random.below(8_000_000_000_000_000_000)).to_string();
    }
    let [first, last] = [0; 2].map(|_| random.below(u64::MAX));
    let (second, third, fourth) = (first >> 16 & 0xffff, first & 0xffff, last >> 48);
    format!(
        "{:08x}-{second:04x}-{third:04x}-{fourth:04x}-{:012x}",
        first >> 32,
        last & ((1 << 48) - 1)
    )
}

/// Writes polls: one in most hours and two in a few. Some polls are repeated.
fn polls(ids: &[String], random: &mut Random) -> Vec<u8> {
    let mut polls = Vec::new();
    for id in ids {
        for hour in 1..=DAYS * 24 {
            for taken_of_100 in [66, 3] {
                let before_end = hour * HOUR - below(15 * MINUTE, random);
                let poll = (id, END.plus(-before_end), random.percent(85));
                if random.percent(taken_of_100) {
                    polls.push(poll);
                }
            }
        }
    }
    for _ in 0..polls.len() / 500 {
        polls.push(polls[random.index(polls.len())]);
    }
    random.shuffle(&mut polls);

    let days: Vec<String> = (0..=DAYS).map(|days| date(END.plus((days - DAYS) * DAY))).collect();
    let first_day = END.micros() / DAY - DAYS;
    let mut csv = String::from("store_id,status,timestamp_utc\n");
    for (id, at, active) in polls {
        let status = if active { "active" } else { "inactive" };
        let day = &days[usize::try_from(at.micros() / DAY - first_day).unwrap()];
        let time = clock(at.micros() % DAY / SECOND);
        writeln!(csv, "{id},{status},{day} {time}.{:06} UTC", at.micros() % SECOND).unwrap();
    }
    csv.into_bytes()
}

/// Writes one or two shifts per day, some until midnight or later. Some stores have none.
fn hours(ids: &[String], random: &mut Random) -> Vec<u8> {
    const CLOSING: [&str; 5] = ["14:30:00", "21:00:00", "22:00:00", "23:59:59", "02:00:00"];
    let mut rows = Vec::new();
    for id in ids {
        if random.percent(8) {
            continue;
        }
        let opens = clock((6 + below(6, random)) * 3600);
        let closes = CLOSING[random.index(CLOSING.len())];
        for day in 0..7 {
            rows.push(format!("{id},{day},{opens},{closes}"));
            if closes == CLOSING[0] {
                rows.push(format!("{id},{day},17:00:00,22:30:00"));
            }
        }
    }
    shuffled("store_id,day,start_time_local,end_time_local", rows, random)
}

/// Writes a zone for nearly every store. Zones that are listed several times are more frequent.
fn zones(ids: &[String], random: &mut Random) -> Vec<u8> {
    const ZONES: [&str; 8] = [
        "America/New_York",
        "America/New_York",
        "America/New_York",
        "America/Los_Angeles",
        "America/Chicago",
        "America/Phoenix",
        "Pacific/Honolulu",
        "Asia/Beirut",
    ];
    let mut rows = Vec::new();
    for id in ids {
        if !random.percent(4) {
            rows.push(format!("{id},{}", ZONES[random.index(ZONES.len())]));
        }
    }
    shuffled("store_id,timezone_str", rows, random)
}

fn shuffled(header: &str, mut rows: Vec<String>, random: &mut Random) -> Vec<u8> {
    random.shuffle(&mut rows);
    format!("{header}\n{}\n", rows.join("\n")).into_bytes()
}

fn date(at: Timestamp) -> String {
    at.to_string().chars().take("YYYY-MM-DD".len()).collect()
}

fn clock(second_of_day: i64) -> String {
    let (hour, minute) = (second_of_day / 3600, second_of_day / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second_of_day % 60)
}

fn below(limit: i64, random: &mut Random) -> i64 {
    random.below(limit.unsigned_abs()).cast_signed()
}
