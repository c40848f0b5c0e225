//! Writes the sample as CSV files.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{Duration, NaiveDate};
use uptime::interval::{DAY, SECOND};
use uptime::{Status, Timestamp};

use super::sample::{Sample, StoreIndex};
use super::special_days::SpecialDay;

pub(super) const STORE_STATUS: &str = "store_status.csv";
pub(super) const BUSINESS_HOURS: &str = "business_hours.csv";
pub(super) const TIMEZONES: &str = "timezones.csv";
pub(super) const SPECIAL_DAYS: &str = "special_days.csv";

/// Writes the files into `folder`. An error comes with the path of the file.
pub(super) fn write_all(sample: &Sample, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    crate::folder::create(folder).map_err(|error| (folder.to_owned(), error))?;
    write(folder.join(STORE_STATUS), |out| write_polls(sample, out))?;
    write(folder.join(BUSINESS_HOURS), |out| write_hours(sample, out))?;
    write(folder.join(TIMEZONES), |out| write_zones(sample, out))?;
    match &sample.special_days {
        Some(rows) => write(folder.join(SPECIAL_DAYS), |out| write_special_days(sample, rows, out)),
        None => Ok(()),
    }
}

fn write(
    path: PathBuf,
    rows: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), (PathBuf, io::Error)> {
    let written = File::create(&path).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        rows(&mut out)?;
        out.flush()
    });
    written.map_err(|error| (path, error))
}

fn write_polls(sample: &Sample, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "store_id,status,timestamp_utc")?;
    let calendar = Calendar::new(sample);
    for &(store, poll) in &sample.polls {
        let status = match poll.status() {
            Status::Active => "active",
            Status::Inactive => "inactive",
        };
        write!(out, "{},{status},", sample.stores[store as usize].id)?;
        calendar.write(poll.at(), out)?;
    }
    Ok(())
}

fn write_hours(sample: &Sample, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "store_id,day,start_time_local,end_time_local")?;
    for &(store, shift) in &sample.hours {
        write!(out, "{},{},", sample.stores[store as usize].id, shift.day)?;
        write_clock(shift.start.into(), out)?;
        out.write_all(b",")?;
        write_clock(shift.end.into(), out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_zones(sample: &Sample, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "store_id,timezone_str")?;
    for &(store, zone) in &sample.zones {
        writeln!(out, "{},{zone}", sample.stores[store as usize].id)?;
    }
    Ok(())
}

fn write_special_days(
    sample: &Sample,
    rows: &[(StoreIndex, SpecialDay)],
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "store_id,date,start_time_local,end_time_local,note")?;
    for (store, SpecialDay { date, times, note }) in rows {
        write!(out, "{},{date},", sample.stores[*store as usize].id)?;
        match times {
            Some((start, end)) => {
                write_clock((*start).into(), out)?;
                out.write_all(b",")?;
                write_clock((*end).into(), out)?;
            }
            None => out.write_all(b"closed,closed")?,
        }
        writeln!(out, ",{note}")?;
    }
    Ok(())
}

fn write_clock(second_of_day: i64, out: &mut impl Write) -> io::Result<()> {
    let (hour, minute) = (second_of_day / 3600, second_of_day / 60 % 60);
    write!(out, "{hour:02}:{minute:02}:{:02}", second_of_day % 60)
}

/// The texts of the sample's days. Formatting a day for each of millions of polls would take most
/// of the time.
struct Calendar {
    first_day: i64,
    dates: Vec<String>,
}

impl Calendar {
    fn new(sample: &Sample) -> Calendar {
        let first_day = sample.polled.start().micros().div_euclid(DAY);
        let last_day = sample.polled.end().micros().div_euclid(DAY);
        let epoch = NaiveDate::default();
        let dates = (first_day..=last_day).map(|day| (epoch + Duration::days(day)).to_string());
        Calendar { first_day, dates: dates.collect() }
    }

    /// Ends the line. Trailing zeros of the fraction are left out, as in the real data.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number of days since the first is small and not negative"
    )]
    fn write(&self, at: Timestamp, out: &mut impl Write) -> io::Result<()> {
        let date = &self.dates[(at.micros().div_euclid(DAY) - self.first_day) as usize];
        write!(out, "{date} ")?;
        write_clock(at.micros().rem_euclid(DAY) / SECOND, out)?;
        let mut fraction = at.micros().rem_euclid(SECOND);
        if fraction > 0 {
            let mut digits = 6;
            while fraction % 10 == 0 {
                fraction /= 10;
                digits -= 1;
            }
            write!(out, ".{fraction:0digits$}")?;
        }
        out.write_all(b" UTC\n")
    }
}
