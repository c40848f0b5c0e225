//! Checks the signatures of calls to the ports of DynamoDB and SQS (AWS Signature Version 4).
//!
//! **A call is answered only if it was signed with the secret of the data folder and not changed
//! since.** The signature covers the method, path, query, body and the signed headers, among them
//! `host`, `x-amz-date` and every other `x-amz-*` header. It is accepted for 15 minutes before and
//! after its date. The expected signature is computed from the call, with the crate that the SDKs
//! sign with, and must be equal to the call's. Any region is accepted, because there is only one.
//! On S3's port, `s3s` checks signatures, because they have more forms.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderName, Response, StatusCode, header};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::json;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::secret::{ACCESS_KEY, Secret};

const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";
const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
/// The same tolerance as AWS.
const SKEW_MAX: Duration = Duration::from_mins(15);

/// Checks the calls of one service.
#[derive(Debug, Clone)]
pub struct Signatures {
    service: &'static str,
    identity: Identity,
    secret: Secret,
}

/// Why a call's signature is not accepted. The text is for its sender.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The call has no signature.
    #[error("the Authorization header is missing; a call must be signed (Signature Version 4)")]
    Missing,
    /// A part of the signature is missing or malformed.
    #[error("{0}")]
    Incomplete(String),
    /// The body did not arrive completely.
    #[error("the body is incomplete or malformed")]
    Body,
    /// The access key is not the local one.
    #[error("the access key is unknown; it must be {ACCESS_KEY}")]
    UnknownAccessKey,
    /// The signature was made with another secret, for another call or at another time.
    #[error("{0}")]
    Invalid(String),
}

impl SignatureError {
    /// The error code of AWS for it.
    pub fn code(&self) -> &'static str {
        match self {
            SignatureError::Missing => "MissingAuthenticationTokenException",
            SignatureError::Incomplete(_) => "IncompleteSignatureException",
            SignatureError::Body => "SerializationException",
            SignatureError::UnknownAccessKey => "UnrecognizedClientException",
            SignatureError::Invalid(_) => "InvalidSignatureException",
        }
    }

    /// The response in AWS's JSON protocol 1.0, which both services use: 400.
    pub fn response(&self) -> Response<Body> {
        let code = format!("com.amazon.coral.service#{}", self.code());
        let document = json!({ "__type": code, "message": self.to_string() });
        let mut response = Response::new(Body::from(document.to_string()));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        let json = header::HeaderValue::from_static("application/x-amz-json-1.0");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// The contents of an `Authorization` header.
struct Claim<'a> {
    access_key: &'a str,
    day: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl Signatures {
    /// Checks calls to `service`, named as in signatures, such as `dynamodb`.
    pub fn new(service: &'static str, secret: &Secret) -> Signatures {
        let credentials = Credentials::new(ACCESS_KEY, secret.expose(), None, None, "data folder");
        Signatures { service, identity: credentials.into(), secret: secret.clone() }
    }

    /// Receives a call's body and checks the whole call. The port limits the size of the body.
    pub async fn signed_body(&self, head: &Parts, body: Body) -> Result<Bytes, SignatureError> {
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|_| SignatureError::Body)?;
        self.check(head, &body, SystemTime::now())?;
        Ok(body)
    }

    /// Checks a whole call that arrived at `now`.
    pub fn check(&self, head: &Parts, body: &[u8], now: SystemTime) -> Result<(), SignatureError> {
        if !head.headers.contains_key(header::AUTHORIZATION) {
            return Err(SignatureError::Missing);
        }
        let claim = Claim::of(once(head, header::AUTHORIZATION.as_str())?).ok_or_else(|| {
            incomplete(
                "the Authorization header must have the form AWS4-HMAC-SHA256 Credential=<access \
                key>/<day>/<region>/<service>/aws4_request, SignedHeaders=<names>, Signature=<hex>",
            )
        })?;
        if claim.access_key != ACCESS_KEY {
            return Err(SignatureError::UnknownAccessKey);
        }
        if claim.service != self.service {
            let message =
                format!("the call is signed for the service {}; it must be ", claim.service);
            return Err(SignatureError::Invalid(message + self.service));
        }
        let signed_at = signed_at(once(head, AMZ_DATE.as_str())?, &claim, now)?;
        let headers = signed_headers(head, &claim)?;
        let expected = self.signature(head, &headers, body, &claim, signed_at)?;
        if bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
            return Ok(());
        }
        let file = self.secret.file().display();
        Err(SignatureError::Invalid(format!(
            "the signature does not match the call; it must be made with the secret in {file}"
        )))
    }

    fn signature(
        &self,
        head: &Parts,
        headers: &[(&str, &str)],
        body: &[u8],
        claim: &Claim<'_>,
        signed_at: SystemTime,
    ) -> Result<String, SignatureError> {
        let mut settings = SigningSettings::default();
        // The caller has named the headers that it signed.
        settings.excluded_headers = None;
        let parameters = SigningParams::builder()
            .identity(&self.identity)
            .region(claim.region)
            .name(self.service)
            .time(signed_at)
            .settings(settings)
            .build()
            .map_err(|error| incomplete(error.to_string()))?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = headers.iter().copied();
        let body = SignableBody::Bytes(body);
        let call = SignableRequest::new(head.method.as_str(), target, headers, body);
        let signed = call.and_then(|call| sign(call, &parameters.into()));
        signed.map(|signed| signed.signature().to_owned()).map_err(|error| {
            incomplete(format!("the call cannot be signed: {}", uptime_aws::describe(&error)))
        })
    }
}

impl<'a> Claim<'a> {
    fn of(authorization: &'a str) -> Option<Claim<'a>> {
        let parts: Vec<&str> =
            authorization.strip_prefix(ALGORITHM)?.split(',').map(str::trim).collect();
        let [credential, signed_headers, signature] = parts[..] else { return None };
        let scope: Vec<&str> = credential.strip_prefix("Credential=")?.split('/').collect();
        let [access_key, day, region, service, "aws4_request"] = scope[..] else { return None };
        Some(Claim {
            access_key,
            day,
            region,
            service,
            signed_headers: signed_headers.strip_prefix("SignedHeaders=")?.split(';').collect(),
            signature: signature.strip_prefix("Signature=")?,
        })
    }
}

/// Returns when the call was signed, if that is close enough to `now`.
fn signed_at(date: &str, claim: &Claim<'_>, now: SystemTime) -> Result<SystemTime, SignatureError> {
    let parsed = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ");
    let Ok(parsed) = parsed.map(|date| date.and_utc()) else {
        return Err(incomplete(format!("x-amz-date is {date}; it must be YYYYMMDDTHHMMSSZ")));
    };
    if !date.starts_with(claim.day) || claim.day.len() != 8 {
        let message =
            format!("the call is signed for the day {}, but x-amz-date is {date}", claim.day);
        return Err(SignatureError::Invalid(message));
    }
    let now = DateTime::<Utc>::from(now);
    let skew = (now - parsed).abs().to_std().unwrap_or(Duration::MAX);
    if skew > SKEW_MAX {
        let now = now.format("%Y%m%dT%H%M%SZ");
        let message =
            format!("the call was signed at {date}; it must be within 15 minutes of {now}");
        return Err(SignatureError::Invalid(message));
    }
    Ok(parsed.into())
}

/// Returns the signed headers, if every header that must be signed is among them.
///
/// The date is left out, because signing adds it.
fn signed_headers<'a>(
    head: &'a Parts,
    claim: &Claim<'a>,
) -> Result<Vec<(&'a str, &'a str)>, SignatureError> {
    let has_to_be = |name: &&str| *name == "host" || name.starts_with("x-amz-");
    let unsigned = |name: &&str| !claim.signed_headers.contains(name);
    let names = head.headers.keys().map(HeaderName::as_str);
    if let Some(name) = names.chain(["host"]).filter(has_to_be).find(unsigned) {
        return Err(incomplete(format!("the header {name} is not signed; it must be signed")));
    }
    let signed = claim.signed_headers.iter().filter(|name| **name != AMZ_DATE.as_str());
    signed.map(|name| Ok((*name, once(head, name)?))).collect()
}

/// Returns the text of a header that must occur exactly once.
fn once<'a>(head: &'a Parts, name: &str) -> Result<&'a str, SignatureError> {
    let values: Vec<_> = head.headers.get_all(name).iter().collect();
    let [value] = values[..] else {
        let count = values.len();
        return Err(incomplete(format!(
            "the header {name} occurs {count} times; it must occur once"
        )));
    };
    value
        .to_str()
        .map_err(|_| incomplete(format!("the header {name} must have only ASCII characters")))
}

fn incomplete(message: impl Into<String>) -> SignatureError {
    SignatureError::Incomplete(message.into())
}

#[cfg(test)]
mod tests;
