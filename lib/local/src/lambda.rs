//! Runs a function as Lambda does: JSON in, JSON out, within its time-out.
//!
//! A panic or a time-out ends only one invocation.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Request, Response, service_fn};
use lambda_runtime::{Context, Error, LambdaEvent, Service};
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

type Outcome = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;
type Handler = Arc<dyn Fn(LambdaEvent<Value>) -> Outcome + Send + Sync>;

/// A function that can be invoked any number of times at once.
#[derive(Clone)]
pub struct Function {
    name: &'static str,
    timeout: Duration,
    handler: Handler,
}

/// Why an invocation returned no response.
#[derive(Debug, Error)]
pub enum InvocationError {
    /// The handler returned an error.
    #[error("function {name} failed")]
    Failed {
        /// The function.
        name: &'static str,
        /// The error that it returned.
        source: Error,
    },
    /// The handler panicked; stderr has the message of the panic.
    #[error("function {0} panicked")]
    Panicked(&'static str),
    /// The handler was still running at its time-out and was stopped.
    #[error("function {0} exceeded its time-out of {1:?}")]
    TimedOut(&'static str, Duration),
}

impl Function {
    /// Wraps a handler of events.
    pub fn of_events<H, F>(name: &'static str, timeout: Duration, handler: H) -> Function
    where
        H: Fn(LambdaEvent<Value>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        Function { name, timeout, handler: Arc::new(move |event| Box::pin(handler(event))) }
    }

    /// Wraps a handler of HTTP requests. It receives API Gateway proxy events through
    /// `http_api::service_of_events` and `lambda_http`, as when it is deployed, so their changes to
    /// requests apply here too.
    pub fn of_requests<H, F>(name: &'static str, timeout: Duration, handler: H) -> Function
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<Body>, Error>> + Send + 'static,
    {
        Function::of_events(name, timeout, move |event| {
            let handler = handler.clone();
            async move {
                let LambdaEvent { payload, context, .. } = event;
                // Goes through text, because the crate's reader of requests takes nothing else.
                let request: LambdaRequest = serde_json::from_str(&payload.to_string())?;
                let mut service = http_api::service_of_events(service_fn(handler));
                let response = service.call(LambdaEvent::new(request, context)).await?;
                Ok(serde_json::to_value(response)?)
            }
        })
    }

    /// Invokes the function once and waits for its response.
    pub async fn invoke(&self, payload: Value) -> Result<Value, InvocationError> {
        let event = LambdaEvent::new(payload, self.context());
        let invocation = tokio::spawn((self.handler)(event));
        let stop = invocation.abort_handle();
        match tokio::time::timeout(self.timeout, invocation).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(source))) => Err(InvocationError::Failed { name: self.name, source }),
            Ok(Err(_panic)) => Err(InvocationError::Panicked(self.name)),
            Err(_elapsed) => {
                stop.abort();
                Err(InvocationError::TimedOut(self.name, self.timeout))
            }
        }
    }

    fn context(&self) -> Context {
        let deadline = SystemTime::now() + self.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut context = Context::default();
        context.request_id = Uuid::new_v4().to_string();
        context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        let region = crate::aws::REGION;
        context.invoked_function_arn =
            format!("arn:aws:lambda:{region}:{}:function:{}", crate::aws::ACCOUNT, self.name);
        context
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn a_panic_ends_one_invocation_only() {
        let function = of(|event| async move {
            assert_ne!(event.payload, json!("bad"), "on purpose");
            Ok(event.payload)
        });
        assert!(matches!(
            function.invoke(json!("bad")).await,
            Err(InvocationError::Panicked("echo"))
        ));
        assert_eq!(function.invoke(json!("good")).await.unwrap(), json!("good"));
    }

    #[tokio::test]
    async fn an_invocation_ends_at_its_time_out() {
        let function = of(|event| async move {
            tokio::time::sleep(Duration::from_mins(1)).await;
            Ok(event.payload)
        });
        let outcome = function.invoke(json!(1)).await;
        assert!(matches!(outcome, Err(InvocationError::TimedOut("echo", _))));
    }

    #[tokio::test]
    async fn the_context_names_the_deadline_in_milliseconds() {
        let function = of(|event| async move { Ok(json!(event.context.deadline)) });
        let deadline = function.invoke(json!(1)).await.unwrap().as_u64().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let left = i128::from(deadline) - i128::try_from(now).unwrap();
        assert!(0 < left && left <= 200, "{left} ms");
    }

    fn of<H, F>(handler: H) -> Function
    where
        H: Fn(LambdaEvent<Value>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        Function::of_events("echo", Duration::from_millis(200), handler)
    }
}
