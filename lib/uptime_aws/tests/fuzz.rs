//! Any body of a message in the report queue gives a valid report id or an error. The id becomes
//! part of object keys.

use proptest::prelude::*;
use uptime_aws::{ReportId, report_message};

const ID: &str = "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_body_gives_an_id_of_hexadecimal_digits_or_an_error(
        before in "\\PC{0,3}",
        id in "([0-9a-f]{8}-([0-9A-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-\
               [89ab][0-9a-f]{3}-[0-9a-f]{12}|\\PC{36}|\\PC{0,40})",
        after in "(|\"|,\"x\":1|\\PC{0,3})",
    ) {
        for body in [
            format!("{{\"report_id\": \"{before}{id}\"{after}}}"),
            serde_json::json!({ "report_id": id }).to_string(),
            id,
        ] {
            if let Ok(read) = report_message::read(&body) {
                let text = read.to_string();
                prop_assert_eq!(text.len(), 36);
                let is_of_id = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
                prop_assert!(text.bytes().all(is_of_id));
                let body = report_message::body_of(read);
                prop_assert_eq!(report_message::read(&body).unwrap(), read);
            }
        }
    }

    #[test]
    fn a_body_with_one_wrong_byte_gives_nearly_its_id_or_an_error(
        at in 0..51_usize,
        byte in any::<u8>(),
    ) {
        let id: ReportId = ID.parse().unwrap();
        let mut body = report_message::body_of(id).into_bytes();
        let at = at.min(body.len() - 1);
        body[at] = byte;
        if let Ok(read) = report_message::read(&String::from_utf8_lossy(&body)) {
            let text = read.to_string();
            let differing = text.bytes().zip(ID.bytes()).filter(|(this, that)| this != that);
            prop_assert!(differing.count() <= 1);
        }
    }
}
