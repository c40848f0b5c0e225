//! A file is loaded whatever its key: also a very long one, or one that is unusual as a path.

use end_to_end::story::Story;
use end_to_end::until::until;
use local::system::{DATA_BUCKET, LOAD_DEAD_LETTER_QUEUE, SystemSettings};
use uptime_aws::{LoadStatus, Manifest};

#[tokio::test]
async fn a_file_of_any_name_is_loaded_and_its_rejects_are_kept() {
    let paths = ["x", "x/y", "x/../y", "..", ".", "../z", "a//b", "/lead", "x/./y", "end/."];
    // The last name is the longest: with `incoming/` it has 1,024 bytes.
    let long = [100, 110, 120, 130, 151, 160, 255, 1_015].map(|length| "n".repeat(length));
    let names: Vec<String> = paths.map(str::to_owned).into_iter().chain(long).collect();
    let story = Story::with(lenient).await;
    for (number, name) in names.iter().enumerate() {
        story.put(name, two_rows(number)).await;
    }

    for name in &names {
        let manifest =
            until(&format!("{name} is loaded"), async || ended(&story, name).await).await;
        assert_eq!(manifest.status, LoadStatus::Complete, "{manifest:?}");
        assert_eq!((manifest.rows, manifest.loaded, manifest.rejected), (2, 1, 1), "{name}");
        assert!(story.load_file(&manifest, "rejects.csv").await.is_some(), "{name}");
    }
    assert_eq!(story.messages(LOAD_DEAD_LETTER_QUEUE), [] as [String; 0]);
}

fn lenient(settings: &mut SystemSettings) {
    let limit = ("REJECT_LIMIT_PERCENT".to_owned(), "100".to_owned());
    settings.function_settings.push(limit);
}

/// A good row and a bad row of one store.
fn two_rows(store: usize) -> String {
    format!(
        "store_id,status,timestamp_utc\n{store},active,2023-01-23 10:14:00 UTC\n{store},active,never\n"
    )
}

/// The manifest of the load of exactly this name, if it has ended. Another name may start the same.
async fn ended(story: &Story, name: &str) -> Option<Manifest> {
    let key = format!("incoming/{name}");
    for manifest in story.keys(DATA_BUCKET, "loads/").await {
        if manifest.ends_with("/manifest.json") {
            let manifest = story.object(DATA_BUCKET, &manifest).await?;
            let manifest: Manifest = serde_json::from_str(&manifest).unwrap();
            if manifest.file.key == key && manifest.status != LoadStatus::Running {
                return Some(manifest);
            }
        }
    }
    None
}
