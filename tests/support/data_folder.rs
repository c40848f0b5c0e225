//! Changes to the data folder of a stopped system, to create what a kill may leave behind.

use std::fs;
use std::path::Path;

use aws_sdk_s3::Client;
use local::emulators::{Emulators, Setup};
use local::system::DATA_BUCKET;

/// Changes the objects of a data folder without announcing them.
pub async fn with_objects(folder: &Path, change: impl AsyncFnOnce(Client)) {
    let setup = Setup {
        folder: folder.to_owned(),
        dynamodb_port: 0,
        s3_port: 0,
        sqs_port: 0,
        further_address: None,
        data_bucket: "watched-in-vain".to_owned(),
        watched_prefix: String::new(),
        load_queue: String::new(),
        table_limits: None,
    };
    let emulators = Emulators::start(&setup).unwrap();
    let config = aws_sdk_s3::config::Builder::from(&emulators.sdk_config());
    change(Client::from_conf(config.force_path_style(true).build())).await;
    emulators.stop().await;
}

/// Sets the last-modified time of an object of the data bucket, in milliseconds since 1970.
pub fn set_last_modified(folder: &Path, key: &str, millis: u64) {
    let name = uptime_aws::hash::sha256_hex(key.as_bytes());
    let path = folder.join("objects").join(DATA_BUCKET).join(name);
    let mut bytes = fs::read(&path).unwrap();
    let label = b"\"last_modified_ms\":";
    let place = bytes.windows(label.len()).rposition(|window| window == label).unwrap();
    let digits = millis.to_string();
    let place = place + label.len();
    // The number of digits must stay the same, because the record stores its own length.
    assert_eq!(bytes[place + digits.len()], b',');
    bytes[place..place + digits.len()].copy_from_slice(digits.as_bytes());
    fs::write(path, bytes).unwrap();
}
