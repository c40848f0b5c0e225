//! The setting of a test: the whole system on free ports, with a data folder of its own.

use http::Method;
use local::system::{System, SystemSettings};
use serde_json::Value;
use tempfile::TempDir;

use crate::http::{Answer, Http};
use crate::until::until;

/// A running system and its users. Dropping it deletes the data.
#[derive(Debug)]
pub struct Story {
    /// The system.
    pub system: System,
    http: Http,
    folder: TempDir,
}

impl Story {
    /// Starts a system without data.
    pub async fn begin() -> Story {
        Story::with(|_| {}).await
    }

    /// Starts a system without data, with changed settings.
    pub async fn with(change: impl FnOnce(&mut SystemSettings)) -> Story {
        Story::in_folder(tempfile::tempdir().unwrap(), change).await
    }

    /// Starts a system on the data folder of another one that has ended, however it ended.
    pub async fn in_folder(folder: TempDir, change: impl FnOnce(&mut SystemSettings)) -> Story {
        let mut settings = SystemSettings::in_folder(folder.path());
        change(&mut settings);
        let system = System::start(&settings).await.unwrap();
        Story { system, http: Http::new(), folder }
    }

    /// Stops the system. Its data stays in the folder.
    pub async fn end(self) -> TempDir {
        self.system.stop().await;
        self.folder
    }

    /// An HTTP client.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Calls the API. **Checks that every response has `Cache-Control: no-store`.**
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

    /// Requests a report with this query. Returns its id.
    pub async fn trigger(&self, query: &str) -> String {
        let answer = self.get(&format!("/trigger_report{query}")).await;
        let accepted = answer.document(202);
        assert_eq!(accepted["status"], "Running");
        let id = accepted["report_id"].as_str().unwrap();
        assert_eq!(answer.header("location"), format!("get_report/{id}"));
        assert_ne!(answer.header("retry-after"), "");
        id.to_owned()
    }

    /// Returns the current status of a report.
    pub async fn status(&self, id: &str) -> Value {
        self.get(&format!("/get_report/{id}")).await.document(200)
    }

    /// Requests a report's status until it is Complete or Failed.
    pub async fn ended(&self, id: &str) -> Value {
        until("a report has ended", async || {
            let status = self.status(id).await;
            (status["status"] != "Running").then_some(status)
        })
        .await
    }

    /// Waits for a report. Returns the CSV behind its link. **Checks all files of the report**, as
    /// [`Story::files_in`] does.
    pub async fn csv_of(&self, id: &str) -> String {
        let status = self.ended(id).await;
        let files = self.files_in(&status).await;
        let csv = self.follow(status["report_url"].as_str().unwrap()).await;
        assert_eq!(files["report.csv"], csv.as_bytes());
        csv
    }

    /// Follows a presigned link, without any other credentials.
    pub async fn follow(&self, link: &str) -> String {
        let answer = self.http.get(link).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        answer.text().to_owned()
    }

    /// Requests a report with this query and waits for it. Returns its CSV.
    pub async fn report(&self, query: &str) -> String {
        let id = self.trigger(query).await;
        self.csv_of(&id).await
    }
}

/// A status without its links, which are new ones in each response.
pub fn without_links(mut status: Value) -> Value {
    let members = status.as_object_mut().unwrap();
    members.retain(|name, _| !name.starts_with("report_url"));
    if let Some(files) = members.get_mut("files") {
        for file in files.as_array_mut().unwrap() {
            file.as_object_mut().unwrap().remove("url");
        }
    }
    status
}
