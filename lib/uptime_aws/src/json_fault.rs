//! What is wrong with a JSON text, described without quoting the text.

use serde_json::error::Category;

/// Why a text is not the expected JSON. **It never contains the text**; serde's own errors do,
/// because they quote values and names of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", at(.place.as_ref()))]
pub struct JsonFault {
    what: &'static str,
    /// Line and column; `None` if the JSON was already parsed into a value.
    place: Option<(usize, usize)>,
}

fn at(place: Option<&(usize, usize)>) -> String {
    place.map_or_else(String::new, |(line, column)| format!(": line {line}, column {column}"))
}

impl From<serde_json::Error> for JsonFault {
    fn from(error: serde_json::Error) -> JsonFault {
        let what = match error.classify() {
            Category::Data => "a value is missing or has the wrong type",
            Category::Eof => "the text ends before the JSON is complete",
            Category::Syntax | Category::Io => "the text is not JSON",
        };
        let place = (error.line() > 0).then(|| (error.line(), error.column()));
        JsonFault { what, place }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn a_fault_says_what_is_wrong_and_where() {
        check(r#"{"id": 7"#, "the text ends before the JSON is complete: line 1, column 8");
        check("store-4711", "the text is not JSON: line 1, column 1");
        check("{\n\"other\": 7}", "a value is missing or has the wrong type: line 2, column 7");
    }

    #[test]
    fn a_fault_never_quotes_the_text() {
        let whole = "a value is missing or has the wrong type: line 1, column";
        check(r#""store-4711""#, &format!("{whole} 12"));
        check(r#"{"id": "store-4711"}"#, &format!("{whole} 19"));
        check(r#"{"store-4711": 7}"#, &format!("{whole} 13"));
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[expect(dead_code, reason = "only its type matters")]
        id: u32,
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let fault = JsonFault::from(serde_json::from_str::<Wanted>(text).unwrap_err());
        assert_eq!(fault.to_string(), expected);
    }
}
