//! Listings as functions of the objects: entries, pages, starts and names.

use super::*;

const KEYS: [&str; 6] = ["a", "b/1", "b/2", "b0", "c/1", "d"];

#[test]
fn without_a_delimiter_every_key_is_an_entry() {
    check("", "a b/1 b/2 b0 c/1 d");
    check("prefix=b", "b/1 b/2 b0");
    check("prefix=b/", "b/1 b/2");
    check("prefix=x", "");
    check("prefix=/", "");
}

#[test]
fn keys_that_continue_after_the_delimiter_are_one_entry() {
    check("delimiter=/", "a b/ b0 c/ d");
    check("delimiter=/ prefix=b", "b/ b0");
    check("delimiter=/ prefix=b/", "b/1 b/2");
    check("delimiter=/1", "a b/1 b/2 b0 c/1 d");
    check("delimiter=", "a b/1 b/2 b0 c/1 d");
}

#[test]
fn a_delimiter_may_have_several_bytes_and_several_characters() {
    check_keys(&["aü1", "aü2", "b"], "delimiter=ü", "aü b");
    check_keys(&["a--1", "a--2", "a-3"], "delimiter=--", "a-- a-3");
}

#[test]
fn pages_of_any_size_hold_every_entry_once_and_only_the_last_is_not_truncated() {
    for query in ["", "delimiter=/", "delimiter=/ prefix=b", "prefix=b/", "prefix=x"] {
        let input = input_of(query);
        let whole: Vec<String> = entries(&answer_v2(input.clone(), objects(&KEYS)).unwrap());
        for size in 1..=KEYS.len() {
            let asked = ListObjectsV2Input { max_keys: i32::try_from(size).ok(), ..input.clone() };
            assert_eq!(all_pages(asked, size), whole, "{query} by {size}");
        }
    }
}

#[test]
fn the_older_call_continues_after_the_next_marker_or_the_last_key() {
    for query in ["", "delimiter=/", "delimiter=/ prefix=b", "prefix=b/"] {
        let whole = entries(&answer_v2(input_of(query), objects(&KEYS)).unwrap());
        for size in 1..=KEYS.len() {
            assert_eq!(all_pages_v1(query, size), whole, "{query} by {size}");
        }
    }
}

#[test]
fn start_after_skips_keys_and_a_marker_skips_entries() {
    check("start-after=b/1", "b/2 b0 c/1 d");
    check("start-after=b", "b/1 b/2 b0 c/1 d");
    check("start-after=b/1 delimiter=/", "b/ b0 c/ d");
    check("start-after=b/2 delimiter=/", "b0 c/ d");
    let v1 = ListObjectsInput {
        marker: Some("b/1".to_owned()),
        delimiter: Some("/".to_owned()),
        ..ListObjectsInput::default()
    };
    let v1 = answer_v1(v1, objects(&KEYS)).unwrap();
    assert_eq!(sorted(v1.contents, v1.common_prefixes), ["b0", "c/", "d"]);
    assert_eq!(v1.marker.as_deref(), Some("b/1"));
}

#[test]
fn a_token_takes_precedence_over_start_after() {
    let input = ListObjectsV2Input {
        continuation_token: Some(token("b/2")),
        ..input_of("start-after=c/1")
    };
    let answer = answer_v2(input, objects(&KEYS)).unwrap();
    assert_eq!(entries(&answer), ["b0", "c/1", "d"]);
    assert_eq!(answer.start_after, None);
}

#[test]
fn a_page_has_at_most_a_thousand_entries_and_may_have_none() {
    let keys: Vec<String> = (0..1_001).map(|number| format!("{number:04}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for (asked, listed, is_truncated) in [
        (None, 1_000, true),
        (Some(5_000), 1_000, true),
        (Some(999), 999, true),
        (Some(0), 0, false),
    ] {
        let input = ListObjectsV2Input { max_keys: asked, ..ListObjectsV2Input::default() };
        let answer = answer_v2(input, objects(&keys)).unwrap();
        assert_eq!(answer.key_count, Some(listed), "{asked:?}");
        assert_eq!(answer.max_keys, Some(listed), "{asked:?}");
        assert_eq!(answer.is_truncated, Some(is_truncated), "{asked:?}");
    }
}

#[test]
fn with_url_encoding_every_name_is_encoded_except_the_token() {
    let input = ListObjectsV2Input {
        encoding_type: Some(EncodingType::from_static(EncodingType::URL)),
        prefix: Some("a +".to_owned()),
        delimiter: Some("%ü".to_owned()),
        start_after: Some("a  ".to_owned()),
        max_keys: Some(2),
        ..ListObjectsV2Input::default()
    };
    let answer = answer_v2(input, objects(&["a +<\u{1}", "a +b%ü1", "a +c"])).unwrap();
    assert_eq!(entries(&answer), ["a+%2B%3C%01", "a+%2Bb%25%C3%BC"]);
    assert_eq!(answer.prefix.as_deref(), Some("a+%2B"));
    assert_eq!(answer.delimiter.as_deref(), Some("%25%C3%BC"));
    assert_eq!(answer.start_after.as_deref(), Some("a++"));
    assert_eq!(answer.next_continuation_token, Some(token("a +b%ü")));
    let v1 = ListObjectsInput {
        encoding_type: Some(EncodingType::from_static(EncodingType::URL)),
        delimiter: Some("+".to_owned()),
        marker: Some("%".to_owned()),
        max_keys: Some(1),
        ..ListObjectsInput::default()
    };
    let v1 = answer_v1(v1, objects(&["a b+1", "c"])).unwrap();
    assert_eq!(v1.marker.as_deref(), Some("%25"));
    assert_eq!(v1.next_marker.as_deref(), Some("a+b%2B"));
}

#[test]
fn arguments_that_s3_refuses_are_refused() {
    let encoding_type = Some(EncodingType::from_static("urx"));
    check_refused(ListObjectsV2Input { encoding_type, ..ListObjectsV2Input::default() });
    let max_keys = Some(-1);
    check_refused(ListObjectsV2Input { max_keys, ..ListObjectsV2Input::default() });
    let continuation_token = Some("b/1".to_owned());
    check_refused(ListObjectsV2Input { continuation_token, ..ListObjectsV2Input::default() });
}

#[track_caller]
fn check(query: &str, expected: &str) {
    check_keys(&KEYS, query, expected);
}

#[track_caller]
fn check_keys(keys: &[&str], query: &str, expected: &str) {
    let answer = answer_v2(input_of(query), objects(keys)).unwrap();
    assert_eq!(entries(&answer).join(" "), expected, "{query}");
}

#[track_caller]
fn check_refused(input: ListObjectsV2Input) {
    let refused = answer_v2(input, objects(&KEYS)).unwrap_err();
    assert_eq!(refused.code().as_str(), "InvalidArgument");
}

fn input_of(query: &str) -> ListObjectsV2Input {
    let mut input = ListObjectsV2Input::default();
    for (name, value) in query.split_whitespace().filter_map(|pair| pair.split_once('=')) {
        let value = Some(value.to_owned());
        match name {
            "prefix" => input.prefix = value,
            "delimiter" => input.delimiter = value,
            "start-after" => input.start_after = value,
            _ => panic!("{name}"),
        }
    }
    input
}

fn objects(keys: &[&str]) -> Vec<Object> {
    keys.iter().map(|key| Object { key: Some((*key).to_owned()), ..Object::default() }).collect()
}

#[track_caller]
fn all_pages(mut input: ListObjectsV2Input, size: usize) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let answer = answer_v2(input.clone(), objects(&KEYS)).unwrap();
        let found = entries(&answer);
        assert_eq!(answer.key_count, i32::try_from(found.len()).ok());
        assert!(found.len() <= size);
        all.extend(found);
        assert_eq!(answer.is_truncated, Some(answer.next_continuation_token.is_some()));
        input.continuation_token = answer.next_continuation_token;
        if input.continuation_token.is_none() {
            return all;
        }
    }
}

#[track_caller]
fn all_pages_v1(query: &str, size: usize) -> Vec<String> {
    let ListObjectsV2Input { prefix, delimiter, .. } = input_of(query);
    let max_keys = i32::try_from(size).ok();
    let mut input = ListObjectsInput { prefix, delimiter, max_keys, ..ListObjectsInput::default() };
    let mut all = Vec::new();
    loop {
        let answer = answer_v1(input.clone(), objects(&KEYS)).unwrap();
        let found = sorted(answer.contents, answer.common_prefixes);
        assert!(found.len() <= size);
        let last = found.last().cloned();
        all.extend(found);
        if answer.is_truncated != Some(true) {
            assert_eq!(answer.next_marker, None);
            return all;
        }
        assert_eq!(answer.next_marker.is_some(), input.delimiter.is_some());
        input.marker = answer.next_marker.or(last);
    }
}

fn entries(answer: &ListObjectsV2Output) -> Vec<String> {
    sorted(answer.contents.clone(), answer.common_prefixes.clone())
}

/// A response has its keys and its common prefixes in two lists, each in order.
fn sorted(objects: Option<Vec<Object>>, prefixes: Option<Vec<CommonPrefix>>) -> Vec<String> {
    let keys = objects.unwrap_or_default().into_iter().filter_map(|object| object.key);
    let prefixes = prefixes.unwrap_or_default().into_iter().filter_map(|prefix| prefix.prefix);
    let mut names: Vec<String> = keys.chain(prefixes).collect();
    names.sort_unstable();
    names
}
