//! Wires the handler to the Lambda runtime.

use lambda_http::{Error, Request, run, service_fn};
use uptime_aws::Settings;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let sdk_config = uptime_aws::sdk_config().await;
    let resources = &trigger_report::Resources::new(&sdk_config, &Settings::from_env())?;

    run(service_fn(move |request: Request| async move {
        trigger_report::handle(resources, request, uptime_aws::now).await
    }))
    .await
}
