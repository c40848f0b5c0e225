//! The text of the page while it grows. Text from data goes through [`Html::text`] or [`store_link`],
//! so it becomes neither markup nor script.

use std::fmt::{self, Write as _};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::StoreId;

/// The page while it is written.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Begins without text.
    pub(super) fn new() -> Html {
        Html::default()
    }

    /// Writes markup, or text without characters that have a meaning in markup.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Writes text from data, for an element or for an attribute in quotes.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(place) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, from_mark) = rest.split_at(place);
            self.0.push_str(before);
            self.0.push_str(match from_mark.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            });
            rest = &from_mark[1..];
        }
        self.0.push_str(rest);
    }

    /// Lets `write!` write here. It cannot fail, so it returns nothing.
    pub(super) fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a string never fails.
        let _ = self.0.write_fmt(arguments);
    }

    /// Returns the page as bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Writes the id of a store as a link that opens the store in "All stores". `<bdi>` keeps the
/// direction of the id's letters from changing the text around it.
pub(super) fn store_link(html: &mut Html, store: &StoreId) {
    store.with_text(|text| {
        let address = utf8_percent_encode(text, NON_ALPHANUMERIC);
        write!(html, "<a href=\"#store={address}\"><bdi>");
        html.text(text);
        html.raw("</bdi></a>");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_data_stays_text() {
        check_text(
            "</script><b a='1'>\"&amp;",
            "&lt;/script&gt;&lt;b a=&#39;1&#39;&gt;&quot;&amp;amp;",
        );
        check_text("plain, ü =1+1", "plain, ü =1+1");
        check_text("", "");
        check_text("<", "&lt;");
    }

    #[test]
    fn the_link_of_a_store_has_its_id_as_address_and_as_text() {
        check_link("7", "<a href=\"#store=7\"><bdi>7</bdi></a>");
        check_link("a b\"<é", "<a href=\"#store=a%20b%22%3C%C3%A9\"><bdi>a b&quot;&lt;é</bdi></a>");
    }

    #[track_caller]
    fn check_text(text: &str, expected: &str) {
        let mut html = Html::new();
        html.text(text);
        assert_eq!(String::from_utf8(html.into_bytes()).unwrap(), expected);
    }

    #[track_caller]
    fn check_link(id: &str, expected: &str) {
        let mut html = Html::new();
        store_link(&mut html, &StoreId::new(id).unwrap());
        assert_eq!(String::from_utf8(html.into_bytes()).unwrap(), expected);
    }
}
