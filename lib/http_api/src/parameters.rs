//! Reads a request's parameters from its path, query and body.
//!
//! **Each parameter may be given once at most, in one of these places, and unknown parameters are
//! refused.** Anything else is a mistake of the caller that a default would hide. JSON's `null`
//! means "not given", as in the answers of `get_report`.

use lambda_http::{Request, RequestExt as _};
use serde_json::Value;

use crate::{Fault, Problem, ProblemKind, body};

/// A parameter that a call accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in path, query, form and JSON.
    pub name: &'static str,
    /// The values it accepts, for people, such as `time_weighted or poll_count`.
    pub accepted: &'static str,
}

/// A value as the caller gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// From path, query or form, which have no types; decoded.
    Text(String),
    /// From a JSON body.
    Json(Value),
}

impl Given {
    /// The value as text. A JSON value must be a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Given::Text(text) => Some(text),
            Given::Json(value) => value.as_str(),
        }
    }

    /// The value as a whole number that is not negative. Text must consist of digits; a JSON value
    /// must be a number. 60.0 is accepted, because in JSON it is the same number as 60, and some
    /// programs only write the former.
    pub fn whole_number(&self) -> Option<u64> {
        match self {
            Given::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()
            }
            Given::Text(_) => None,
            Given::Json(value) => value.as_u64().or_else(|| whole(value.as_f64()?)),
        }
    }

    fn into_json(self) -> Value {
        match self {
            Given::Text(text) => Value::String(text),
            Given::Json(value) => value,
        }
    }
}

/// Converts by way of the digits, because a cast would round.
fn whole(number: f64) -> Option<u64> {
    format!("{number}").parse().ok()
}

/// The parameters of one request.
#[derive(Debug, Clone)]
pub struct Parameters {
    // Invariant: no two have the same name.
    given: Vec<(Parameter, Given)>,
}

impl Parameters {
    /// Reads all parameters of a GET or POST request. Only the parameters in `known` are accepted.
    pub fn read(request: &Request, known: &[Parameter]) -> Result<Parameters, Problem> {
        let from_path = request.path_parameters_ref();
        let from_query = request.query_string_parameters_ref();
        let in_address = [from_path, from_query]
            .into_iter()
            .flatten()
            .flat_map(|map| map.iter())
            .map(|(name, value)| (name.to_owned(), Given::Text(value.to_owned())));

        let mut given: Vec<(Parameter, Given)> = Vec::new();
        for (name, value) in in_address.chain(body::parameters(request)?) {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                return Err(unknown(&name, value, known));
            };
            if given.iter().any(|(earlier, _)| earlier == parameter) {
                return Err(repeated(*parameter, value));
            }
            given.push((*parameter, value));
        }
        given.retain(|(_, value)| *value != Given::Json(Value::Null));
        Ok(Parameters { given })
    }

    /// Returns a parameter's value, read by `parse`, or `None` if the parameter is not given.
    /// `parse` returns `None` for a value that is not accepted.
    pub fn parse<T>(
        &self,
        parameter: Parameter,
        parse: impl FnOnce(&Given) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(given) = self.given(parameter) else {
            return Ok(None);
        };
        match parse(given) {
            Some(value) => Ok(Some(value)),
            None => Err(self.refuse(parameter, format!("{} is not acceptable", parameter.name))),
        }
    }

    /// Returns the problem that refuses a parameter's value, or its absence, for the reason
    /// `detail`.
    pub fn refuse(&self, parameter: Parameter, detail: impl Into<String>) -> Problem {
        let given = self.given(parameter).cloned();
        let kind = match given {
            Some(_) => ProblemKind::InvalidParameter,
            None => ProblemKind::MissingParameter,
        };
        let given = given.map(Given::into_json);
        Problem::with_fault(kind, detail, Fault::new(parameter.name, given, parameter.accepted))
    }

    fn given(&self, parameter: Parameter) -> Option<&Given> {
        self.given.iter().find(|(given, _)| *given == parameter).map(|(_, value)| value)
    }
}

fn unknown(name: &str, given: Given, known: &[Parameter]) -> Problem {
    let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
    let fault = Fault::new(name, Some(given.into_json()), &names.join(", "));
    let detail = "there is no parameter with this name; accepted lists the known names";
    Problem::with_fault(ProblemKind::UnknownParameter, detail, fault)
}

fn repeated(parameter: Parameter, given: Given) -> Problem {
    let detail = format!("{} is given more than once; give it once", parameter.name);
    let fault = Fault::new(parameter.name, Some(given.into_json()), parameter.accepted);
    Problem::with_fault(ProblemKind::RepeatedParameter, detail, fault)
}

#[cfg(test)]
mod tests;
