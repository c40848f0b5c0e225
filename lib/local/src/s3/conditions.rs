//! Conditions of reads and writes, as HTTP and S3 define them.

use s3s::dto::{
    CompleteMultipartUploadInput, CopyObjectInput, ETag, ETagCondition, GetObjectInput,
    HeadObjectInput, PutObjectInput, Timestamp,
};
use s3s::{S3Error, S3Result, s3_error};

use super::index::Entry;
use super::notification::instant;

/// The conditions of a write on the object that it would replace. Both may be given.
#[derive(Debug, Default)]
pub(super) struct WriteConditions {
    is: Option<ETagCondition>,
    is_not: Option<ETagCondition>,
}

impl WriteConditions {
    /// Refuses the write unless every condition holds for the object that it would replace.
    pub(super) fn check(&self, before: Option<&Entry>) -> S3Result<()> {
        match &self.is_not {
            Some(ETagCondition::ETag(_)) => {
                return Err(s3_error!(NotImplemented, "If-None-Match of a write must be *"));
            }
            Some(ETagCondition::Any) if before.is_some() => {
                return Err(s3_error!(
                    PreconditionFailed,
                    "an object with this key already exists"
                ));
            }
            Some(ETagCondition::Any) | None => {}
        }
        match (&self.is, before) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(s3_error!(NoSuchKey)),
            (Some(wanted), Some(before)) if is_met(wanted, &before.e_tag) => Ok(()),
            (Some(_), Some(_)) => Err(s3_error!(PreconditionFailed, "the object has another ETag")),
        }
    }
}

/// The conditions of a read, or of reading the source of a copy.
#[derive(Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) is: Option<ETagCondition>,
    pub(super) is_not: Option<ETagCondition>,
    pub(super) modified_since: Option<Timestamp>,
    pub(super) unmodified_since: Option<Timestamp>,
}

/// The inputs of calls share these fields but no trait.
macro_rules! conditions_from {
    ($input:ty, $conditions:ident { $($field:ident: $header:ident),+ }) => {
        impl From<&$input> for $conditions {
            fn from(input: &$input) -> $conditions {
                $conditions { $($field: input.$header.clone()),+ }
            }
        }
    };
}

/// GET and HEAD have the same conditions.
macro_rules! read_conditions_from {
    ($input:ty) => {
        conditions_from!(
            $input,
            ReadConditions {
                is: if_match,
                is_not: if_none_match,
                modified_since: if_modified_since,
                unmodified_since: if_unmodified_since
            }
        );
    };
}

read_conditions_from!(GetObjectInput);
read_conditions_from!(HeadObjectInput);
conditions_from!(
    CopyObjectInput,
    ReadConditions {
        is: copy_source_if_match,
        is_not: copy_source_if_none_match,
        modified_since: copy_source_if_modified_since,
        unmodified_since: copy_source_if_unmodified_since
    }
);
conditions_from!(PutObjectInput, WriteConditions { is: if_match, is_not: if_none_match });
conditions_from!(
    CompleteMultipartUploadInput,
    WriteConditions { is: if_match, is_not: if_none_match }
);

/// Which condition of a read does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The object should be unchanged.
    Changed,
    /// The object should be a different one.
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
    /// Returns the condition that does not hold. A date counts only if no `ETag` is given for the
    /// same condition.
    pub(super) fn unmet(&self, e_tag: &str, last_modified_ms: u64) -> Option<Unmet> {
        // HTTP dates are whole seconds.
        let written = Timestamp::from(instant(last_modified_ms / 1000 * 1000));
        let is_as_it_was = match (&self.is, &self.unmodified_since) {
            (Some(wanted), _) => is_met(wanted, e_tag),
            (None, Some(since)) => written <= *since,
            (None, None) => true,
        };
        let is_another = match (&self.is_not, &self.modified_since) {
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
    fn a_read_is_refused_if_the_object_changed_and_not_modified_if_it_did_not() {
        let (same, other) = (ETagCondition::ETag(e_tag("a")), ETagCondition::ETag(e_tag("b")));
        let is = |wanted: &ETagCondition| ReadConditions {
            is: Some(wanted.clone()),
            ..ReadConditions::default()
        };
        let is_not = |known: &ETagCondition| ReadConditions {
            is_not: Some(known.clone()),
            ..ReadConditions::default()
        };
        check(&is(&same), None);
        check(&is(&ETagCondition::Any), None);
        check(&is(&other), Some(Unmet::Changed));
        check(&is_not(&same), Some(Unmet::Unchanged));
        check(&is_not(&ETagCondition::Any), Some(Unmet::Unchanged));
        check(&is_not(&other), None);
    }

    #[test]
    fn dates_are_compared_in_whole_seconds_and_give_way_to_etags() {
        let since = |second| Some(Timestamp::from(UNIX_EPOCH + Duration::from_secs(second)));
        let modified =
            |second| ReadConditions { modified_since: since(second), ..ReadConditions::default() };
        let unmodified = |second| ReadConditions {
            unmodified_since: since(second),
            ..ReadConditions::default()
        };
        check(&modified(9), None);
        check(&modified(10), Some(Unmet::Unchanged));
        check(&unmodified(9), Some(Unmet::Changed));
        check(&unmodified(10), None);
        let same = Some(ETagCondition::ETag(e_tag("a")));
        check(&ReadConditions { is: same, ..unmodified(9) }, None);
        let other = Some(ETagCondition::ETag(e_tag("b")));
        check(&ReadConditions { is_not: other, ..modified(10) }, None);
    }

    #[test]
    fn a_write_may_be_for_a_new_key_only_or_for_one_version_only() {
        let before = Entry { size: 1, e_tag: "a".to_owned(), last_modified_ms: 0 };
        let only_new =
            WriteConditions { is_not: Some(ETagCondition::Any), ..WriteConditions::default() };
        only_new.check(None).unwrap();
        assert_eq!(
            only_new.check(Some(&before)).unwrap_err().code().as_str(),
            "PreconditionFailed"
        );
        let only_over = |tag| WriteConditions {
            is: Some(ETagCondition::ETag(e_tag(tag))),
            ..WriteConditions::default()
        };
        only_over("a").check(Some(&before)).unwrap();
        let refused = only_over("b").check(Some(&before)).unwrap_err();
        assert_eq!(refused.code().as_str(), "PreconditionFailed");
        assert_eq!(only_over("a").check(None).unwrap_err().code().as_str(), "NoSuchKey");
    }

    #[track_caller]
    fn check(conditions: &ReadConditions, expected: Option<Unmet>) {
        // A bit more than ten seconds after the start of 1970.
        assert_eq!(conditions.unmet("a", 10_605), expected, "{conditions:?}");
    }

    fn e_tag(value: &str) -> ETag {
        ETag::Strong(value.to_owned())
    }
}
