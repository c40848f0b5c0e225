//! Encodes keys for URLs, events and listings, as S3 does.

use std::net::SocketAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters to encode in the path of a URL, as in requests to S3.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Encodes a key as S3 does: as in a form, a blank becomes `+` and a plus sign `%2B`. Slashes stay.
pub(super) fn url_encoded(key: &str) -> String {
    form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>().replace("%2F", "/")
}

/// Returns the URL of an object in the S3 at `s3`. It has no quotes, so it can be quoted for a
/// shell.
pub(crate) fn url_of(s3: SocketAddr, bucket: &str, key: &str) -> String {
    format!("http://{s3}/{bucket}/{}", utf8_percent_encode(key, PATH))
}

#[cfg(test)]
mod tests {
    use uptime_aws::decoded_key;

    use super::*;

    #[test]
    fn a_key_is_encoded_like_a_form_but_slashes_stay_and_it_reads_back() {
        check("incoming/store hours.csv", "incoming/store+hours.csv");
        check("incoming/a+b=ü.csv", "incoming/a%2Bb%3D%C3%BC.csv");
        check("incoming/100%2F*~.csv", "incoming/100%252F*%7E.csv");
        check("incoming/2023-01/polls_(1).csv", "incoming/2023-01/polls_%281%29.csv");
        check("\u{1}\n", "%01%0A");
    }

    #[track_caller]
    fn check(key: &str, encoded: &str) {
        assert_eq!(url_encoded(key), encoded);
        assert_eq!(decoded_key(encoded).unwrap(), key);
    }
}
