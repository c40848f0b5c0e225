//! What `sam local` needs to run the built functions against this system.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::{Map, Value, json};
use uptime_aws::settings;

use crate::aws::REGION;
use crate::emulators::Addresses;
use crate::failure::Failure;
use crate::s3::shell_quoted;
use crate::secret::{ACCESS_KEY, Secret};
use crate::sqs::queue_url;
use crate::system::{DATA_BUCKET, DATA_TABLE, REPORT_BUCKET, REPORT_QUEUE, REPORT_TABLE, System};

/// Reads an address for `--listen`: one address of this machine that is not a loopback address.
pub(super) fn further_address(text: &str) -> Result<Ipv4Addr, String> {
    let accepted = "accepted is one IPv4 address of this machine that containers reach, such as \
                    10.88.0.1 (podman) or 172.17.0.1 (Docker)";
    let address: Ipv4Addr = text.parse().map_err(|_| format!("it is no address; {accepted}"))?;
    if address.is_loopback() {
        Err(format!("the system always listens on 127.0.0.1; {accepted}"))
    } else if address.is_unspecified() {
        Err(format!("it stands for all addresses of this machine; {accepted}"))
    } else {
        Ok(address)
    }
}

/// What a user should know before containers, and other machines, reach the ports.
pub(super) fn warning(system: &System, listen: Ipv4Addr) -> String {
    let Addresses { dynamodb, s3, sqs } = system.addresses();
    let ports = [s3, dynamodb, sqs].map(|address| address.port().to_string()).join(", ");
    format!(
        "S3, DynamoDB and SQS also listen on {listen} (ports {ports}), without encryption: every \
         program and machine that reaches this address can call them, if it knows the secret in {}",
        system.secret().file().display()
    )
}

/// Writes the file for `--env-vars`: where each function finds this system's services and data.
/// The secret is not in it.
pub(super) fn write(file: &Path, addresses: Addresses, listen: Ipv4Addr) -> Result<(), Failure> {
    let text = format!("{:#}\n", env_vars(addresses, listen));
    let written = std::fs::write(file, text);
    written.map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}

/// The settings of all functions, with the addresses that a container reaches.
fn env_vars(addresses: Addresses, listen: Ipv4Addr) -> Value {
    let reached = |address: SocketAddr| SocketAddr::from((listen, address.port()));
    let url = |address: SocketAddr| format!("http://{}", reached(address));
    let pairs = [
        (settings::DATA_TABLE, DATA_TABLE.to_owned()),
        (settings::REPORT_TABLE, REPORT_TABLE.to_owned()),
        (settings::DATA_BUCKET, DATA_BUCKET.to_owned()),
        (settings::REPORT_BUCKET, REPORT_BUCKET.to_owned()),
        (settings::REPORT_QUEUE_URL, queue_url(reached(addresses.sqs), REPORT_QUEUE)),
        // The template's default would refuse reports about older periods, although nothing is
        // deleted here.
        (settings::POLL_DAYS, "0".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", url(addresses.dynamodb)),
        ("AWS_ENDPOINT_URL_S3", url(addresses.s3)),
        ("AWS_ENDPOINT_URL_SQS", url(addresses.sqs)),
    ];
    let variables: Map<String, Value> =
        pairs.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    json!({ "Parameters": variables })
}

/// The commands that run the built functions.
pub(super) fn instructions(file: &Path, secret: &Secret) -> String {
    let (file, secret) = (shell_quoted(file), shell_quoted(secret.file()));
    format!(
        "
Run the functions of `sam build` with SAM CLI:
  export AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY=\"$(cat {secret})\" AWS_DEFAULT_REGION={REGION}
  sam local invoke TriggerReportFunction --env-vars {file} --event tests/events/trigger_report.json
  sam local start-api --env-vars {file} --port 3003 \\
      --parameter-overrides Authorization=NONE_ANYBODY_MAY_READ_ANY_REPORT
"
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const LISTEN: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);

    fn addresses() -> Addresses {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Addresses { dynamodb: at(8000), s3: at(3001), sqs: at(9324) }
    }

    #[test]
    fn the_file_gives_every_function_the_names_and_the_addresses_that_a_container_reaches() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env.json");

        write(&file, addresses(), LISTEN).unwrap();

        let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let expected = json!({ "Parameters": {
            "DATA_TABLE": "data",
            "REPORT_TABLE": "reports",
            "DATA_BUCKET": "data",
            "REPORT_BUCKET": "reports",
            "REPORT_QUEUE_URL": "http://10.88.0.1:9324/000000000000/reports",
            "POLL_DAYS": "0",
            "AWS_ENDPOINT_URL_DYNAMODB": "http://10.88.0.1:8000",
            "AWS_ENDPOINT_URL_S3": "http://10.88.0.1:3001",
            "AWS_ENDPOINT_URL_SQS": "http://10.88.0.1:9324",
        }});
        assert_eq!(written, expected);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("none/env.json"), addresses(), LISTEN).unwrap_err();
        assert!(error.to_string().contains("none/env.json: "), "{error}");
    }

    #[test]
    fn a_file_without_an_address_that_containers_reach_is_refused() {
        let line = ["local", "serve", "--sam-env", "env.json"];
        let error = crate::cli::Cli::try_parse_from(line).err().unwrap().to_string();
        assert!(error.contains("--listen <ADDRESS>"), "{error}");
    }

    #[test]
    fn only_one_address_that_a_container_can_reach_is_accepted() {
        assert_eq!(further_address("10.88.0.1"), Ok(LISTEN));
        for (text, problem) in [
            ("127.0.0.1", "the system always listens on 127.0.0.1;"),
            ("0.0.0.0", "it stands for all addresses of this machine;"),
            ("localhost", "it is no address;"),
            ("::1", "it is no address;"),
        ] {
            let error = further_address(text).unwrap_err();
            assert!(error.starts_with(problem), "{text}: {error}");
            assert!(error.contains("10.88.0.1"), "{error}");
        }
    }
}
