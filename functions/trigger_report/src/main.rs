//! Wires the handler to the Lambda runtime.

use http_api::run;
use lambda_http::{Error, Request, service_fn};
use uptime_aws::{Settings, metrics};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let settings = Settings::from_env();
    metrics::send_to(&settings, metrics::print);
    let sdk_config = uptime_aws::sdk_config::quick(uptime_aws::sdk_config(&settings)?);
    let resources = &trigger_report::Resources::new(&sdk_config, &settings)?;

    run(service_fn(move |request: Request| async move {
        trigger_report::handle(resources, request, uptime_aws::now).await
    }))
    .await
}
