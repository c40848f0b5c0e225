//! Loads whose download breaks.

use end_to_end::fault_injection::Fault;
use end_to_end::faulty_system::FaultySystem;
use local::system::DATA_BUCKET;
use uptime_aws::LoadErrorCode;

use crate::small;

const NAME: &str = "again.csv";

#[tokio::test]
async fn a_load_whose_download_breaks_continues_and_records_the_sha_256_of_all_bytes() {
    let system = FaultySystem::start(&[]).await;
    let whole = system.story.load(NAME, small::POLLS).await;
    // The first try of `GetObject` after the first break reads the manifest of the earlier load.
    for pass_first in [0, 1, 0] {
        system.faults.plan("GetObject", pass_first, Fault::BreakBody);
    }

    let manifest = system.load_directly(NAME).await.unwrap();

    assert_eq!(manifest["status"], "Complete", "{manifest}");
    assert_eq!(manifest["sha256"], whole.sha256.unwrap());
    assert_eq!(manifest["loaded"], whole.loaded);
    assert_eq!(system.faults.tries("GetObject"), 5, "the manifest, and the file in four parts");
}

#[tokio::test]
async fn a_load_whose_object_is_replaced_while_it_is_read_fails_and_says_so() {
    for is_copy in [false, true] {
        let system = FaultySystem::start(&[]).await;
        let loaded = system.story.load(NAME, small::POLLS).await;
        // Otherwise the load would end as a duplicate of an earlier one.
        let manifest = format!("{}manifest.json", loaded.folder);
        let delete = system.story.s3().delete_object().bucket(DATA_BUCKET).key(manifest);
        delete.send().await.unwrap();
        system.faults.plan("GetObject", 0, Fault::BreakBody);
        // The held call reads the rest of the file, not the manifest.
        system.faults.plan("GetObject", 1, Fault::Hold);

        let replace = async {
            system.faults.held().await;
            let other = small::POLLS.replace("active", "inactive");
            if is_copy {
                system.story.put("other.csv", other).await;
                let copy = system.story.s3().copy_object().bucket(DATA_BUCKET);
                let copy = copy.copy_source(format!("{DATA_BUCKET}/incoming/other.csv"));
                copy.key(format!("incoming/{NAME}")).send().await.unwrap();
            } else {
                system.story.put(NAME, other).await;
            }
            system.faults.release();
        };
        let (manifest, ()) = tokio::join!(system.load_directly(NAME), replace);

        let manifest = manifest.unwrap();
        assert_eq!(manifest["status"], "Failed", "{manifest}");
        assert_eq!(manifest["error"]["code"], LoadErrorCode::Replaced.name(), "{manifest}");
    }
}
