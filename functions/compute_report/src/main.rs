//! Wires the handler to the Lambda runtime.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use uptime_aws::{Settings, metrics};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let settings = Settings::from_env();
    metrics::send_to(&settings, metrics::print);
    let sdk_config = uptime_aws::sdk_config(&settings)?;
    let resources = &compute_report::Resources::new(&sdk_config, &settings)?;

    run(service_fn(move |event: LambdaEvent<_>| {
        compute_report::handle(resources, event, uptime_aws::now)
    }))
    .await
}
