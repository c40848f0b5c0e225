//! A story's setting: the whole system on free ports, with its data in a folder that goes with it.

use http::Method;
use local::system::{System, SystemSettings};
use serde_json::Value;
use tempfile::TempDir;

use crate::http::{Answer, Http};
use crate::until::until;

/// A running system and its users. The data is gone when it is dropped.
#[derive(Debug)]
pub struct Story {
    /// The system.
    pub system: System,
    http: Http,
    folder: TempDir,
}

impl Story {
    /// Starts a system that holds no data.
    pub async fn begin() -> Story {
        Story::with(|_| {}).await
    }

    /// Starts a system that holds no data, with settings of its own.
    pub async fn with(change: impl FnOnce(&mut SystemSettings)) -> Story {
        Story::in_folder(tempfile::tempdir().unwrap(), change).await
    }

    /// Starts a system on the data of another that has ended, in whatever way.
    pub async fn in_folder(folder: TempDir, change: impl FnOnce(&mut SystemSettings)) -> Story {
        let mut settings = SystemSettings::in_folder(folder.path());
        change(&mut settings);
        let system = System::start(&settings).await.unwrap();
        Story { system, http: Http::new(), folder }
    }

    /// Stops the system and leaves its data.
    pub async fn end(self) -> TempDir {
        self.system.stop().await;
        self.folder
    }

    /// A client of nobody in particular.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Calls the API. **Every answer of it says `Cache-Control: no-store`.**
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let url = format!("http://{}{path}", self.system.api_address());
        let answer = self.http.send(method.clone(), &url, headers, body).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{method} {path}");
        answer
    }

    /// Calls the API with GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], "").await
    }

    /// Calls the API with POST and a body of this type.
    pub async fn post(&self, path: &str, content_type: &str, body: &str) -> Answer {
        self.call(Method::POST, path, &[("content-type", content_type)], body).await
    }

    /// Asks for a report with this query, and returns its id.
    pub async fn trigger(&self, query: &str) -> String {
        let answer = self.get(&format!("/trigger_report{query}")).await;
        let accepted = answer.document(202);
        assert_eq!(accepted["status"], "Running");
        let id = accepted["report_id"].as_str().unwrap();
        assert_eq!(answer.header("location"), format!("get_report/{id}"));
        assert_ne!(answer.header("retry-after"), "");
        id.to_owned()
    }

    /// Returns a report's status as it is now.
    pub async fn status(&self, id: &str) -> Value {
        self.get(&format!("/get_report/{id}")).await.document(200)
    }

    /// Asks for a report's status until it is Complete or Failed.
    pub async fn ended(&self, id: &str) -> Value {
        until("a report has ended", async || {
            let status = self.status(id).await;
            (status["status"] != "Running").then_some(status)
        })
        .await
    }

    /// Waits for a report, follows its link and returns its CSV.
    pub async fn csv_of(&self, id: &str) -> String {
        let status = self.ended(id).await;
        assert_eq!(status["status"], "Complete", "{status}");
        self.follow(status["report_url"].as_str().unwrap()).await
    }

    /// Follows a presigned link: whoever has it needs nothing else.
    pub async fn follow(&self, link: &str) -> String {
        let answer = self.http.get(link).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        answer.text().to_owned()
    }

    /// Asks for a report with this query, waits, and returns its CSV.
    pub async fn report(&self, query: &str) -> String {
        let id = self.trigger(query).await;
        self.csv_of(&id).await
    }
}
