//! `--out-dir`: all files of a report in a folder.

use super::*;

#[test]
fn all_files_of_a_report_are_written_to_a_folder_that_is_made() {
    let sources = files(&[HOURS, ZONES, POLLS]);
    let out = sources.path().join("new/folder");

    write_report(&sources, &out, "");

    let written = names(&out);
    assert!(written.contains(&"stores.csv".to_owned()), "{written:?}");
    let csv = fs::read_to_string(out.join("report.csv")).unwrap();
    assert_eq!(figures(&csv), "up 15.00 2.25 2.25, down 45.00 0.75 0.75");
    let json = fs::read_to_string(out.join("report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let listed = json["files"].as_array().unwrap();
    let listed = listed.iter().map(|file| file["name"].as_str().unwrap().to_owned());
    let mut listed: Vec<String> = listed.chain(["report.json".to_owned()]).collect();
    listed.sort_unstable();
    assert_eq!(written, listed);
    for file in json["files"].as_array().unwrap() {
        let length = fs::metadata(out.join(file["name"].as_str().unwrap())).unwrap().len();
        assert_eq!(file["length"], length);
    }
}

#[test]
fn the_csv_in_the_folder_has_the_bytes_of_the_csv_alone() {
    let sources = files(&[HOURS, ZONES, POLLS]);
    let out = sources.path().join("out");
    for options in ["", "--max-hold-minutes 30", "--method poll_count"] {
        write_report(&sources, &out, options);
        let alone = sources.path().join("alone.csv");
        let options = format!("{AS_OF_NOON} {options} --out {}", alone.display());
        run(&arguments(&sources, 3, &options).unwrap()).unwrap();
        assert_eq!(fs::read(out.join("report.csv")).unwrap(), fs::read(alone).unwrap());
    }
}

#[test]
fn files_that_an_earlier_report_left_are_removed_and_others_stay() {
    let sources = files(&[HOURS, ZONES, POLLS]);
    let out = sources.path().join("out");
    write_report(&sources, &out, "");
    fs::write(out.join("notes.txt"), "mine").unwrap();

    write_report(&sources, &out, "--method poll_count");

    assert_eq!(names(&out), ["notes.txt", "report.csv", "report.json"]);
}

#[test]
fn a_file_in_place_of_the_folder_is_refused_as_a_file() {
    let sources = files(&[HOURS, ZONES, POLLS]);
    let out = sources.path().join("2");
    let options = format!("--out-dir {}", out.display());

    let error = run(&arguments(&sources, 3, &options).unwrap()).unwrap_err();

    let expected = format!("cannot write {}: it is a file; a folder is needed", out.display());
    assert_eq!(uptime::describe(error.as_ref()), expected);
    assert_eq!(fs::read_to_string(out).unwrap(), POLLS);
}

#[test]
fn a_folder_in_which_a_file_would_replace_a_source_is_refused() {
    let folder = files(&[HOURS, ZONES]);
    let source = folder.path().join("outages.csv");
    fs::write(&source, POLLS).unwrap();
    fs::hard_link(&source, folder.path().join("2")).unwrap();
    let options = format!("--out-dir {}", folder.path().display());

    let refused = run(&arguments(&folder, 3, &options).unwrap()).unwrap_err().to_string();

    assert!(refused.contains("outages.csv\", which is the source"), "{refused}");
    assert_eq!(fs::read_to_string(source).unwrap(), POLLS);
}

#[test]
fn a_folder_and_a_file_cannot_both_be_given() {
    check_error(&[POLLS], "--out a --out-dir b", "cannot be used with");
}

fn write_report(sources: &TempDir, out: &Path, options: &str) {
    let options = format!("{AS_OF_NOON} {options} --out-dir {}", out.display());
    run(&arguments(sources, 3, &options).unwrap()).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    names
}
