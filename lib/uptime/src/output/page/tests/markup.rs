//! Whether pages are whole: markup, names within the page, policy.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::fleet::Sample;

const HOSTILE_IDS: [&str; 5] =
    ["</script><script>alert(1)</script>", "\"'&<b onclick=x>", "\u{202e}drahkcab", "=1+1", "<!--"];

#[test]
fn ids_of_stores_stay_text() {
    let page = HOSTILE_IDS.iter().fold(Sample::new(), |fleet, id| fleet.hourly(id, 0..9)).page();
    assert!(page.contains("<bdi>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
    assert!(page.contains("<bdi>&quot;&#39;&amp;&lt;b onclick=x&gt;</bdi>"));
    assert!(page.contains("<bdi>\u{202e}drahkcab</bdi>"));
    for markup in ["<script>alert", "<b onclick", "<!--"] {
        assert!(!page.contains(markup), "{markup}");
    }
}

#[test]
fn every_element_is_closed_in_order() {
    for (page, name) in pages() {
        let mut open = Vec::new();
        for tag in tags(&page) {
            let name_of = |tag: &str| tag.split([' ', '/']).next().unwrap_or_default().to_owned();
            if let Some(closing) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closing.to_owned()), "{name}");
            } else if !tag.ends_with('/')
                && !["meta", "br", "!DOCTYPE", "input"].contains(&name_of(tag).as_str())
            {
                open.push(name_of(tag));
            }
        }
        assert_eq!(open, [""; 0], "{name}");
    }
}

#[test]
fn every_name_within_the_page_is_given_once_and_every_reference_has_its_name() {
    for (page, name) in pages() {
        let mut names = HashSet::new();
        for id in after_each(&page, " id=\"") {
            assert!(names.insert(id), "{name} gives {id} twice");
        }
        let links = after_each(&page, "href=\"#").filter(|link| !link.starts_with("store="));
        for link in links.chain(after_each(&page, "url(#").map(|link| link.trim_end_matches(')'))) {
            assert!(names.contains(link), "{name} lacks {link}");
        }
    }
}

#[test]
fn the_policy_allows_exactly_the_style_and_the_script_of_the_page() {
    for (page, name) in pages() {
        let hash_of = |start: &str, end: &str| {
            let content = page.split_once(start).unwrap().1.split_once(end).unwrap().0;
            BASE64_STANDARD.encode(Sha256::digest(content))
        };
        let policy = format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             base-uri 'none'; form-action 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'\">",
            hash_of("<script>", "</script>"),
            hash_of("<style>", "</style>")
        );
        assert!(page.contains(&policy), "{name}");
        for forbidden in [" style=", "<img", "<link", "@import", "url(h", "src="] {
            assert!(!page.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

fn pages() -> [(String, &'static str); 6] {
    let hostile = HOSTILE_IDS.iter().fold(Sample::new(), |fleet, id| fleet.hourly(id, 0..9));
    let large = (0..14)
        .fold(Sample::new().fleet_polled_except(&[20..22, 50..53]), |fleet, store| {
            fleet.hourly(&format!("down {store}"), store..store + 3)
        });
    [
        (Sample::new().page(), "the page without stores"),
        (Sample::new().open_on_monday_morning("a").page(), "the page of one store"),
        (hostile.page(), "the page of hostile ids"),
        (large.page(), "the page of a large fleet"),
        (large.clone().period("2023-01-24").page(), "the page of a day"),
        (large.period("2023-01").page(), "the page of a month"),
    ]
}

/// Returns the tags outside style, script and comments, without their angle brackets.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    let mut raw_until = None;
    page.split('<').skip(1).filter_map(move |piece| {
        let tag = piece.split_once('>').map_or(piece, |(tag, _)| tag);
        if let Some(end) = raw_until {
            if tag != end {
                return None;
            }
            raw_until = None;
            return Some(tag);
        }
        raw_until = match tag.split(' ').next() {
            Some("style") => Some("/style"),
            Some("script") => Some("/script"),
            _ => None,
        };
        Some(tag)
    })
}

fn after_each<'a>(page: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(mark).skip(1).map(|rest| rest.split(['"', ')']).next().unwrap_or_default())
}
