//! The Lambda runtime alone. `tests/deployed/cold_start.py` compares the functions with it.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    run(service_fn(async |_: LambdaEvent<()>| Ok::<_, Error>(()))).await
}
