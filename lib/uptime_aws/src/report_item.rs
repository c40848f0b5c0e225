//! A report as an item of the report table, and back.

use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use uptime::output::FileName;
use uptime::parameters::{Method, ReportParameters};
use uptime::report::StoreCounts;
use uptime::timeline::MaxHold;
use uptime::{Timestamp, interval};

use crate::attributes::{
    AS_OF, ATTEMPT, COMPLETED_AT, CREATED_AT, CSV_EXPIRES_AT, DEADLINE, EXPIRES_AT, FAILURE_CODE,
    FAILURE_DETAIL, FILE_NAME, FILES, LEASE_OWNER, MAX_HOLD_MINUTES, METHOD, OBJECT_KEY, PERIOD,
    POLLS_KEPT_FROM, QUEUED_AT, REPORT_ID, SHA256, SHARDS_DONE, SIZE_BYTES, STATE, STORES,
    STORES_WITH_DEFAULT_HOURS, STORES_WITH_DEFAULT_ZONE, STORES_WITHOUT_POLLS, TZ_RELEASE,
};
use crate::item_key::Item;
use crate::{
    Completion, Failure, FailureCode, NewReport, Report, ReportId, ReportState, StoredFile,
    StoredFiles,
};

/// The attribute that is missing or malformed.
pub(crate) type Unreadable = &'static str;

/// An attribute's name with its value.
pub(crate) type Attribute = (&'static str, AttributeValue);

/// Returns the key of a report's item.
pub(crate) fn key(report_id: ReportId) -> AttributeValue {
    text(&report_id.to_string())
}

/// Returns the item of a new report, which no worker has claimed yet.
pub(crate) fn running_item(report: &NewReport) -> Item {
    let ReportParameters { as_of, method } = report.parameters;
    let max_hold = method.max_hold().map(|max_hold| (MAX_HOLD_MINUTES, number(max_hold.minutes())));
    let period = method.period().map(|period| (PERIOD, text(&period.to_string())));
    let kept_from = report.polls_kept_from.map(|at| (POLLS_KEPT_FROM, instant(at)));
    let attributes = [
        (REPORT_ID, key(report.id)),
        (STATE, text(ReportState::RUNNING)),
        (AS_OF, instant(as_of)),
        (METHOD, text(method.name())),
        (CREATED_AT, instant(report.created_at)),
        (DEADLINE, instant(report.deadline)),
        (EXPIRES_AT, number(seconds(report.expires_at))),
        (ATTEMPT, number(0)),
        (SHARDS_DONE, number(0)),
    ];
    let attributes = attributes.into_iter().chain(max_hold).chain(period).chain(kept_from);
    attributes.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns the attributes that an item gets when its report is complete.
pub(crate) fn completion_attributes(completion: &Completion) -> Vec<Attribute> {
    let counts = completion.counts;
    let mut attributes = vec![
        (STATE, text(ReportState::COMPLETE)),
        (COMPLETED_AT, instant(completion.completed_at)),
        (STORES, number(counts.stores)),
        (STORES_WITHOUT_POLLS, number(counts.without_polls)),
        (STORES_WITH_DEFAULT_HOURS, number(counts.with_default_hours)),
        (STORES_WITH_DEFAULT_ZONE, number(counts.with_default_zone)),
        (TZ_RELEASE, text(&completion.tz_release)),
        (FILES, AttributeValue::L(completion.files.others.iter().map(file_map).collect())),
        (CSV_EXPIRES_AT, instant(completion.files_expire_at)),
    ];
    attributes.extend(file_attributes(&completion.files.csv));
    attributes
}

fn file_map((name, file): &(FileName, StoredFile)) -> AttributeValue {
    let attributes = file_attributes(file).into_iter().chain([(FILE_NAME, text(name.as_str()))]);
    AttributeValue::M(attributes.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn file_attributes(file: &StoredFile) -> [Attribute; 3] {
    [
        (OBJECT_KEY, text(&file.key)),
        (SIZE_BYTES, number(file.size_bytes)),
        (SHA256, text(&file.sha256)),
    ]
}

/// Returns the attributes that an item gets when its report has failed.
pub(crate) fn failure_attributes(failure: &Failure) -> Vec<Attribute> {
    let mut attributes = attempt_failure_attributes(failure);
    attributes.push((STATE, text(ReportState::FAILED)));
    attributes
}

/// Returns the attributes that an item gets when an attempt has failed and another may follow.
pub(crate) fn attempt_failure_attributes(failure: &Failure) -> Vec<Attribute> {
    vec![(FAILURE_CODE, text(failure.code.name())), (FAILURE_DETAIL, text(&failure.detail))]
}

/// Reads a report's item.
pub(crate) fn report(report_id: ReportId, item: &Item) -> Result<Report, Unreadable> {
    Ok(Report {
        id: report_id,
        parameters: parameters(item)?,
        polls_kept_from: item
            .contains_key(POLLS_KEPT_FROM)
            .then(|| read_instant(item, POLLS_KEPT_FROM))
            .transpose()?,
        created_at: read_instant(item, CREATED_AT)?,
        deadline: read_instant(item, DEADLINE)?,
        attempt: read_number(item, ATTEMPT)?,
        queued: item.contains_key(QUEUED_AT),
        last_failure: item.contains_key(FAILURE_CODE).then(|| failure(item)).transpose()?,
        state: state(item)?,
    })
}

/// Returns whether a report already has the wanted state, because of an earlier change whose answer
/// was lost. If `owner` is given, the report must also have this lease owner.
pub(crate) fn is_already(item: &Item, state_wanted: &ReportState, owner: Option<&str>) -> bool {
    let is_owned = owner.is_none_or(|owner| read_text(item, LEASE_OWNER) == Ok(owner));
    is_owned && state(item).as_ref() == Ok(state_wanted)
}

/// Reads what a report is about.
pub(crate) fn parameters(item: &Item) -> Result<ReportParameters, Unreadable> {
    let max_hold = if item.contains_key(MAX_HOLD_MINUTES) {
        let minutes = read_number(item, MAX_HOLD_MINUTES)?;
        Some(MaxHold::from_minutes(minutes).ok_or(MAX_HOLD_MINUTES)?)
    } else {
        None
    };
    let period = if item.contains_key(PERIOD) {
        Some(read_text(item, PERIOD)?.parse().map_err(|_| PERIOD)?)
    } else {
        None
    };
    let method = Method::from_name(read_text(item, METHOD)?).ok_or(METHOD)?;
    let method = method.with_max_hold(max_hold).ok_or(MAX_HOLD_MINUTES)?;
    let method = method.with_period(period).ok_or(PERIOD)?;
    Ok(ReportParameters { as_of: read_instant(item, AS_OF)?, method })
}

fn state(item: &Item) -> Result<ReportState, Unreadable> {
    match read_text(item, STATE)? {
        ReportState::RUNNING => {
            Ok(ReportState::Running { shards_done: read_number(item, SHARDS_DONE)? })
        }
        ReportState::COMPLETE => Ok(ReportState::Complete(completion(item)?)),
        ReportState::FAILED => failure(item).map(ReportState::Failed),
        _ => Err(STATE),
    }
}

fn failure(item: &Item) -> Result<Failure, Unreadable> {
    Ok(Failure {
        code: FailureCode::from_name(read_text(item, FAILURE_CODE)?).ok_or(FAILURE_CODE)?,
        detail: read_text(item, FAILURE_DETAIL)?.to_owned(),
    })
}

fn completion(item: &Item) -> Result<Completion, Unreadable> {
    Ok(Completion {
        completed_at: read_instant(item, COMPLETED_AT)?,
        counts: StoreCounts {
            stores: read_number(item, STORES)?,
            without_polls: read_number(item, STORES_WITHOUT_POLLS)?,
            with_default_hours: read_number(item, STORES_WITH_DEFAULT_HOURS)?,
            with_default_zone: read_number(item, STORES_WITH_DEFAULT_ZONE)?,
        },
        tz_release: read_text(item, TZ_RELEASE)?.to_owned(),
        files: StoredFiles { csv: file(item)?, others: other_files(item)? },
        files_expire_at: read_instant(item, CSV_EXPIRES_AT)?,
    })
}

fn file(item: &Item) -> Result<StoredFile, Unreadable> {
    Ok(StoredFile {
        key: read_text(item, OBJECT_KEY)?.to_owned(),
        size_bytes: read_number(item, SIZE_BYTES)?,
        sha256: read_text(item, SHA256)?.to_owned(),
    })
}

/// Reports of earlier versions have no list.
fn other_files(item: &Item) -> Result<Vec<(FileName, StoredFile)>, Unreadable> {
    let Some(list) = item.get(FILES) else { return Ok(Vec::new()) };
    let read = |map: &AttributeValue| {
        let map = map.as_m().map_err(|_| FILES)?;
        let name = FileName::from_name(read_text(map, FILE_NAME)?).ok_or(FILE_NAME)?;
        Ok((name, file(map)?))
    };
    list.as_l().map_err(|_| FILES)?.iter().map(read).collect()
}

/// Reads an instant, stored as microseconds since 1970.
pub(crate) fn read_instant(item: &Item, name: &'static str) -> Result<Timestamp, Unreadable> {
    read_number(item, name).map(Timestamp::from_micros)
}

/// Reads a text.
pub(crate) fn read_text<'i>(item: &'i Item, name: &'static str) -> Result<&'i str, Unreadable> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or(name)
}

fn read_number<N: FromStr>(item: &Item, name: &'static str) -> Result<N, Unreadable> {
    let digits = item.get(name).and_then(|value| value.as_n().ok()).ok_or(name)?;
    digits.parse().map_err(|_| name)
}

/// Writes an instant as microseconds since 1970.
pub(crate) fn instant(at: Timestamp) -> AttributeValue {
    number(at.micros())
}

/// Returns the whole seconds since 1970, in which `DynamoDB` counts the time to live.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(interval::SECOND)
}

/// Writes a text.
pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Writes a whole number.
pub(crate) fn number(number: impl fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_report_reads_back_as_running_and_never_claimed() {
        let max_hold = MaxHold::from_minutes(90);
        let period = Some("2026-W43".parse().unwrap());
        for method in [
            Method::PollCount,
            Method::TIME_WEIGHTED,
            Method::TimeWeighted { max_hold, period: None },
            Method::TimeWeighted { max_hold, period },
        ] {
            let new = new_report(method);

            let report = report(new.id, &running_item(&new)).unwrap();

            assert_eq!(report.parameters, new.parameters);
            assert_eq!((report.created_at, report.deadline), (new.created_at, new.deadline));
            assert_eq!(report.attempt, 0);
            assert_eq!(report.state, ReportState::Running { shards_done: 0 });
        }
    }

    #[test]
    fn a_report_remembers_from_when_polls_were_kept() {
        let kept_from = Some(Timestamp::from_micros(1_234_568));
        let new = NewReport { polls_kept_from: kept_from, ..new_report(Method::PollCount) };
        let mut item = running_item(&new);
        assert_eq!(report(new.id, &item).unwrap().polls_kept_from, kept_from);

        // Reports that do not consider earlier time, and those of earlier versions, lack it.
        item.remove(POLLS_KEPT_FROM);
        assert_eq!(report(new.id, &item).unwrap().polls_kept_from, None);
    }

    #[test]
    fn a_complete_report_reads_back() {
        let completion = completion_example();
        let read = state(&item_with(completion_attributes(&completion)));
        assert_eq!(read, Ok(ReportState::Complete(completion)));
    }

    #[test]
    fn a_failed_report_reads_back() {
        let detail = "the queue did not answer".to_owned();
        let failure = Failure { code: FailureCode::EnqueueFailed, detail };
        let read = state(&item_with(failure_attributes(&failure)));
        assert_eq!(read, Ok(ReportState::Failed(failure)));
    }

    #[test]
    fn the_record_expires_at_a_number_of_seconds() {
        let item = running_item(&new_report(Method::PollCount));
        assert_eq!(item[EXPIRES_AT], AttributeValue::N("1700000000".to_owned()));
    }

    #[test]
    fn an_unreadable_item_gives_the_name_of_the_attribute() {
        check(DEADLINE, None, DEADLINE);
        check(AS_OF, Some(text("yesterday")), AS_OF);
        check(ATTEMPT, Some(number(-1)), ATTEMPT);
        check(METHOD, Some(text("guess")), METHOD);
        check(STATE, Some(text("Paused")), STATE);
        check(STATE, Some(text(ReportState::FAILED)), FAILURE_CODE);
        check(MAX_HOLD_MINUTES, Some(number(0)), MAX_HOLD_MINUTES);
        // The example's method does not accept it.
        check(MAX_HOLD_MINUTES, Some(number(90)), MAX_HOLD_MINUTES);
        check(PERIOD, Some(text("2026-10")), PERIOD);
        check(PERIOD, Some(text("October")), PERIOD);
        check(POLLS_KEPT_FROM, Some(text("October")), POLLS_KEPT_FROM);
    }

    #[track_caller]
    fn check(attribute: &'static str, value: Option<AttributeValue>, expected: &str) {
        let new = new_report(Method::PollCount);
        let mut item = running_item(&new);
        match value {
            Some(value) => item.insert(attribute.to_owned(), value),
            None => item.remove(attribute),
        };
        assert_eq!(report(new.id, &item), Err(expected));
    }

    fn item_with(attributes: Vec<Attribute>) -> Item {
        let mut item = running_item(&new_report(Method::PollCount));
        item.extend(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        item
    }

    fn new_report(method: Method) -> NewReport {
        NewReport {
            id: ReportId::random(),
            parameters: ReportParameters { as_of: Timestamp::from_micros(1_234_567), method },
            polls_kept_from: None,
            created_at: Timestamp::from_micros(2_000_000),
            deadline: Timestamp::from_micros(3_000_001),
            expires_at: Timestamp::from_micros(1_700_000_000_900_000),
        }
    }

    #[test]
    fn a_complete_report_of_an_earlier_version_reads_back_with_its_csv_alone() {
        let mut completion = completion_example();
        let mut item = item_with(completion_attributes(&completion));
        item.remove(FILES);

        completion.files.others.clear();
        assert_eq!(state(&item), Ok(ReportState::Complete(completion)));
    }

    fn file_example(name: &str) -> StoredFile {
        let key = format!("reports/x/1/{name}");
        StoredFile { key, size_bytes: 5, sha256: "ab".to_owned() }
    }

    fn completion_example() -> Completion {
        Completion {
            completed_at: Timestamp::from_micros(1),
            counts: StoreCounts {
                stores: 14_000,
                without_polls: 2,
                with_default_hours: 3,
                with_default_zone: 4,
            },
            tz_release: "2026f".to_owned(),
            files: StoredFiles {
                csv: file_example("report.csv"),
                others: vec![(FileName::ReportHtml, file_example("report.html"))],
            },
            files_expire_at: Timestamp::from_micros(6),
        }
    }
}
