//! Conditions under which objects are read and written, as HTTP and S3 define them.

use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3Result, s3_error};

use super::index::Entry;
use super::notification::instant;

/// The conditions of a write; both may be given.
#[derive(Debug, Default)]
pub(super) struct WriteConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl WriteConditions {
    /// Refuses the write unless every condition holds for the object that it would replace.
    pub(super) fn check(&self, before: Option<&Entry>) -> S3Result<()> {
        match &self.if_none_match {
            Some(ETagCondition::ETag(_)) => {
                return Err(s3_error!(NotImplemented, "a write's If-None-Match accepts only *"));
            }
            Some(ETagCondition::Any) if before.is_some() => {
                return Err(s3_error!(PreconditionFailed, "there is an object with this key"));
            }
            Some(ETagCondition::Any) | None => {}
        }
        match (&self.if_match, before) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(s3_error!(NoSuchKey)),
            (Some(wanted), Some(before)) if is_met(wanted, &before.e_tag) => Ok(()),
            (Some(_), Some(_)) => Err(s3_error!(PreconditionFailed, "the ETag is another")),
        }
    }
}

/// The conditions of a read, or of reading a copy's source.
#[derive(Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

/// Which condition of a read does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmet {
    /// It was to be as it was.
    Changed,
    /// It was to be another.
    Unchanged,
}

impl Unmet {
    /// The answer to a GET or HEAD.
    pub(super) fn of_read(self) -> S3Error {
        match self {
            Unmet::Changed => s3_error!(PreconditionFailed),
            Unmet::Unchanged => s3_error!(NotModified),
        }
    }
}

impl ReadConditions {
    /// Returns the condition that does not hold. A date counts only if no `ETag` is given for the same
    /// question.
    pub(super) fn unmet(&self, e_tag: &str, last_modified_ms: u64) -> Option<Unmet> {
        // Dates of HTTP are whole seconds.
        let written = Timestamp::from(instant(last_modified_ms / 1000 * 1000));
        let is_as_it_was = match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) => is_met(wanted, e_tag),
            (None, Some(since)) => written <= *since,
            (None, None) => true,
        };
        let is_another = match (&self.if_none_match, &self.if_modified_since) {
            (Some(known), _) => !is_met_weakly(known, e_tag),
            (None, Some(since)) => written > *since,
            (None, None) => true,
        };
        match (is_as_it_was, is_another) {
            (false, _) => Some(Unmet::Changed),
            (true, false) => Some(Unmet::Unchanged),
            (true, true) => None,
        }
    }
}

fn is_met(condition: &ETagCondition, e_tag: &str) -> bool {
    condition.as_etag().is_none_or(|wanted| wanted.strong_cmp(&ETag::Strong(e_tag.to_owned())))
}

fn is_met_weakly(condition: &ETagCondition, e_tag: &str) -> bool {
    condition.as_etag().is_none_or(|known| known.weak_cmp(&ETag::Strong(e_tag.to_owned())))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_read_is_refused_if_the_object_is_another_and_answered_as_not_modified_if_it_is_the_same() {
        let (same, other) = (ETagCondition::ETag(e_tag("a")), ETagCondition::ETag(e_tag("b")));
        let if_match = |wanted: &ETagCondition| ReadConditions {
            if_match: Some(wanted.clone()),
            ..ReadConditions::default()
        };
        let if_none_match = |known: &ETagCondition| ReadConditions {
            if_none_match: Some(known.clone()),
            ..ReadConditions::default()
        };
        check(&if_match(&same), None);
        check(&if_match(&ETagCondition::Any), None);
        check(&if_match(&other), Some(Unmet::Changed));
        check(&if_none_match(&same), Some(Unmet::Unchanged));
        check(&if_none_match(&ETagCondition::Any), Some(Unmet::Unchanged));
        check(&if_none_match(&other), None);
    }

    #[test]
    fn dates_are_compared_in_whole_seconds_and_give_way_to_etags() {
        let since = |second| Some(Timestamp::from(UNIX_EPOCH + Duration::from_secs(second)));
        let modified = |second| ReadConditions {
            if_modified_since: since(second),
            ..ReadConditions::default()
        };
        let unmodified = |second| ReadConditions {
            if_unmodified_since: since(second),
            ..ReadConditions::default()
        };
        check(&modified(9), None);
        check(&modified(10), Some(Unmet::Unchanged));
        check(&unmodified(9), Some(Unmet::Changed));
        check(&unmodified(10), None);
        let same = Some(ETagCondition::ETag(e_tag("a")));
        check(&ReadConditions { if_match: same, ..unmodified(9) }, None);
        let other = Some(ETagCondition::ETag(e_tag("b")));
        check(&ReadConditions { if_none_match: other, ..modified(10) }, None);
    }

    #[test]
    fn a_write_may_be_for_a_new_key_only_or_for_one_version_only() {
        let before = Entry { size: 1, e_tag: "a".to_owned(), last_modified_ms: 0 };
        let only_new = WriteConditions {
            if_none_match: Some(ETagCondition::Any),
            ..WriteConditions::default()
        };
        only_new.check(None).unwrap();
        assert_eq!(
            only_new.check(Some(&before)).unwrap_err().code().as_str(),
            "PreconditionFailed"
        );
        let only_over = |tag| WriteConditions {
            if_match: Some(ETagCondition::ETag(e_tag(tag))),
            ..WriteConditions::default()
        };
        only_over("a").check(Some(&before)).unwrap();
        let refused = only_over("b").check(Some(&before)).unwrap_err();
        assert_eq!(refused.code().as_str(), "PreconditionFailed");
        assert_eq!(only_over("a").check(None).unwrap_err().code().as_str(), "NoSuchKey");
    }

    #[track_caller]
    fn check(conditions: &ReadConditions, expected: Option<Unmet>) {
        // Ten seconds and a bit after 1970 began.
        assert_eq!(conditions.unmet("a", 10_605), expected, "{conditions:?}");
    }

    fn e_tag(value: &str) -> ETag {
        ETag::Strong(value.to_owned())
    }
}
