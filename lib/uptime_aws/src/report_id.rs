//! The id of a report: a random UUID, so that ids cannot be guessed (`README.md`, "A report's
//! life").

use std::fmt;
use std::str::FromStr;

use uuid::{Uuid, Variant};

/// A version 4 UUID. Prints in lower case in the form 8-4-4-4-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportId(Uuid);

/// The text is not a report id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a report id is a version 4 UUID of 36 characters, 8-4-4-4-12")]
pub struct ReportIdError;

impl ReportId {
    /// Draws a new id.
    pub fn random() -> ReportId {
        ReportId(Uuid::new_v4())
    }
}

/// Accepts only the hyphenated form, in any case, because the id becomes part of object keys.
impl FromStr for ReportId {
    type Err = ReportIdError;

    fn from_str(text: &str) -> Result<ReportId, ReportIdError> {
        // The parser also accepts braced, URN and unhyphenated forms; none of them has 36 bytes.
        if text.len() != 36 {
            return Err(ReportIdError);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| ReportIdError)?;
        let random = uuid.get_version_num() == 4 && uuid.get_variant() == Variant::RFC4122;
        random.then_some(ReportId(uuid)).ok_or(ReportIdError)
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_back_in_lower_case() {
        check("0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b", true);
        let capitals: ReportId = "0F6B3AD4-8C5D-4E5F-9A6B-1C2D3E4F5A6B".parse().unwrap();
        assert_eq!(capitals.to_string(), "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b");
    }

    #[test]
    fn a_new_id_is_accepted() {
        check(&ReportId::random().to_string(), true);
    }

    #[test]
    fn other_versions_and_variants_are_refused() {
        check("0f6b3ad4-8c5d-1e5f-9a6b-1c2d3e4f5a6b", false);
        check("0f6b3ad4-8c5d-4e5f-ca6b-1c2d3e4f5a6b", false);
        check("00000000-0000-0000-0000-000000000000", false);
    }

    #[test]
    fn other_forms_are_refused() {
        check("", false);
        check("0f6b3ad48c5d4e5f9a6b1c2d3e4f5a6b", false);
        check("{0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b}", false);
        check("urn:uuid:0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b", false);
        check(" 0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b", false);
        check("../../../../../../../../../../etc/pas", false);
        check("0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6g", false);
    }

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        let parsed = text.parse::<ReportId>();
        assert_eq!(parsed.map(|id| id.to_string()).ok(), accepted.then(|| text.to_owned()));
    }
}
