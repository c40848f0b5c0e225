//! What is in the folder, and what the next start does with it.

use std::path::{Path, PathBuf};

use aws_sdk_s3::primitives::DateTimeFormat;
use uptime_aws::hash::sha256_hex;

use super::*;
use crate::emulators::EmulatorError;

#[tokio::test]
async fn objects_are_what_they_were_after_a_restart() {
    let fixture = Fixture::new().await;
    let put = fixture.client.put_object().bucket("data").key("a").metadata("who", "me");
    let put = put.content_type("text/csv").content_encoding("gzip").cache_control("no-store");
    put.body(ByteStream::from_static(b"abc")).send().await.unwrap();
    fixture.put_in_parts("b").await;
    let before = fixture.everything().await;

    let fixture = fixture.restarted().await;

    assert_eq!(fixture.everything().await, before);
    assert!(before[0].contains("text/csv gzip no-store me"), "{before:?}");
}

#[tokio::test]
async fn an_object_that_was_being_written_at_a_kill_is_removed_by_the_next_start() {
    let fixture = Fixture::new().await;
    fixture.put("a.csv", "before").await;
    let half = fixture.objects().join(".new/half");
    std::fs::write(&half, "half an obj").unwrap();

    let fixture = fixture.restarted().await;

    assert!(!half.exists());
    assert_eq!(fixture.length("a.csv").await, 6);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_left_in_place_and_the_others_are_served() {
    let fixture = Fixture::new().await;
    for key in ["cut", "whole", "moved", "replaced by a folder"] {
        fixture.put(key, "store_id\n").await;
    }
    let file = |key| fixture.file_of(key);
    let whole = std::fs::read(file("cut")).unwrap();
    std::fs::write(file("cut"), &whole[..whole.len() - 1]).unwrap();
    std::fs::rename(file("moved"), fixture.objects().join("data/README")).unwrap();
    std::fs::remove_file(file("replaced by a folder")).unwrap();
    std::fs::create_dir(file("replaced by a folder")).unwrap();
    let pipe = fixture.objects().join("data/pipe");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let files = fixture.files();

    let fixture = fixture.restarted().await;

    assert_eq!(fixture.files(), files);
    assert_eq!(fixture.keys().await, ["whole"]);
    assert_eq!(fixture.length("whole").await, 9);
    // The object exists, so nothing may report it as missing.
    for key in ["cut", "replaced by a folder"] {
        let read = fixture.client.get_object().bucket("data").key(key).send().await;
        assert_eq!(read.unwrap_err().code(), Some("InternalError"), "{key}");
    }
    fixture.put("cut", "put again").await;
    assert_eq!(fixture.length("cut").await, 9);
}

#[tokio::test]
async fn a_folder_of_an_earlier_version_is_refused_by_name_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    std::fs::create_dir_all(objects.join("data/incoming")).unwrap();
    std::fs::write(objects.join("data/incoming/polls.csv"), "store_id\n").unwrap();

    let refused = Emulators::start(&Setup::for_test(folder.path())).unwrap_err();

    let EmulatorError::Store { path, source } = refused else { panic!("{refused}") };
    assert_eq!(path, objects);
    assert!(source.to_string().contains("an earlier version of this program wrote it"));
    assert!(source.to_string().contains("--data-dir"), "{source}");
    assert_eq!(files_under(&objects), [objects.join("data/incoming/polls.csv")]);
}

#[tokio::test]
async fn an_upload_that_ends_early_or_is_refused_leaves_no_file() {
    let fixture = Fixture::new().await;
    let before = fixture.files();
    let call = fixture.client.put_object().bucket("data").key("a").checksum_crc32("AAAAAA==");
    call.body(ByteStream::from_static(b"abc")).send().await.unwrap_err();
    let call = fixture.client.create_multipart_upload().bucket("data").key("a");
    let upload = call.send().await.unwrap().upload_id.unwrap();
    let call = fixture.client.upload_part().bucket("data").key("a").upload_id(&upload);
    call.part_number(1).body(ByteStream::from_static(b"abc")).send().await.unwrap();
    assert_eq!(fixture.files().len(), before.len() + 1);
    let call = fixture.client.abort_multipart_upload().bucket("data").key("a");
    call.upload_id(upload).send().await.unwrap();

    assert_eq!(fixture.files(), before);
}

impl Fixture {
    fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    fn file_of(&self, key: &str) -> PathBuf {
        self.objects().join("data").join(sha256_hex(key.as_bytes()))
    }

    /// All files in the folder of the objects.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        files_under(&self.objects())
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket("data").send().await.unwrap();
        listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }

    /// All that listings and HEADs return, one text per object.
    async fn everything(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket("data").send().await.unwrap();
        let mut everything = Vec::new();
        for object in listed.contents() {
            let key = object.key().unwrap();
            let head = self.client.head_object().bucket("data").key(key).send().await.unwrap();
            assert_eq!(head.e_tag(), object.e_tag());
            assert_eq!(head.content_length(), object.size());
            let who = head.metadata().and_then(|metadata| metadata.get("who"));
            let attributes = [
                head.content_type(),
                head.content_encoding(),
                head.cache_control(),
                who.map(String::as_str),
                head.e_tag(),
            ];
            let written = object.last_modified().unwrap().fmt(DateTimeFormat::DateTime).unwrap();
            everything
                .push(format!("{} {written}", attributes.map(Option::unwrap_or_default).join(" ")));
        }
        everything
    }
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_under(&path)) } else { files.push(path) }
    }
    files.sort_unstable();
    files
}
