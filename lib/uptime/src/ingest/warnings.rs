//! Warnings that a file as a whole is probably wrong. They do not stop a load.

use std::collections::HashSet;
use std::fmt;

use foldhash::fast::FixedState;

use crate::StoreId;

/// The most stores that each of the three sets of a [`WarningFinder`] holds. This bounds memory: a
/// full set takes 3.3 MB with usual ids and 18 MB with the longest. No count exceeds this number or
/// the true number.
const MAX_STORES: usize = 100_000;

/// The warnings about a file. They do not stop a load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Warnings {
    /// How many stores the file names only in rejected rows. At most 100,000 are counted.
    ///
    /// The count is exact if the rejected rows name at most 100,000 stores and the accepted rows
    /// name at most 100,000 stores or fit one batch. Otherwise it may be too low.
    pub only_rejected_stores: u64,
    /// How many store ids look like numbers that a spreadsheet has changed, such as `1.48E+18` or
    /// `257000000000000.0`. At most 100,000 are counted.
    pub spreadsheet_ids: u64,
}

/// Writes one line for each warning whose count is not zero, each with a line end.
impl fmt::Display for Warnings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only_rejected_stores {
            0 => {}
            1 => writeln!(formatter, "warning: 1 store is named in rejected rows only{DEFAULTS}")?,
            count => {
                writeln!(
                    formatter,
                    "warning: {count} stores are named in rejected rows only{DEFAULTS}"
                )?;
            }
        }
        match self.spreadsheet_ids {
            0 => Ok(()),
            1 => writeln!(formatter, "warning: 1 store id looks{SPOILT}"),
            count => writeln!(formatter, "warning: {count} store ids look{SPOILT}"),
        }
    }
}

const DEFAULTS: &str = ", which change nothing; a store without hours from another file counts as \
                        always open, a store without a time zone as in America/Chicago";
const SPOILT: &str = " like a number that a spreadsheet has changed, such as 1.48E+18; export \
                      ids as text";

/// Finds the warnings of a file.
#[derive(Debug, Default)]
pub(super) struct WarningFinder {
    /// The stores that are named in rejected rows and, so far, in no accepted row.
    only_rejected: HashSet<StoreId, FixedState>,
    /// Named in accepted rows of batches that are packed already.
    accepted: HashSet<StoreId, FixedState>,
    spreadsheet_ids: HashSet<StoreId, FixedState>,
}

impl WarningFinder {
    /// Records the store of a rejected row.
    pub(super) fn reject(&mut self, store: StoreId) {
        self.look_at(&store);
        // If `accepted` is full, this store may be an accepted one that is not in it.
        let is_known_well = self.accepted.len() < MAX_STORES;
        if is_known_well && self.only_rejected.len() < MAX_STORES && !self.accepted.contains(&store)
        {
            self.only_rejected.insert(store);
        }
    }

    /// Records the stores of accepted rows, each once. `more_follow` says that the file may have
    /// more rows.
    pub(super) fn accept<'s>(
        &mut self,
        stores: impl Iterator<Item = &'s StoreId>,
        more_follow: bool,
    ) {
        for store in stores {
            self.look_at(store);
            if !self.only_rejected.is_empty() {
                self.only_rejected.remove(store);
            }
            if more_follow && self.accepted.len() < MAX_STORES {
                self.accepted.insert(store.clone());
            }
        }
    }

    pub(super) fn found(&self) -> Warnings {
        Warnings {
            only_rejected_stores: self.only_rejected.len() as u64,
            spreadsheet_ids: self.spreadsheet_ids.len() as u64,
        }
    }

    fn look_at(&mut self, store: &StoreId) {
        let is_spoilt = store.unusual_text().is_some_and(is_of_spreadsheet);
        if is_spoilt && self.spreadsheet_ids.len() < MAX_STORES {
            self.spreadsheet_ids.insert(store.clone());
        }
    }
}

/// Returns whether a text is a number as spreadsheets and data frames print large integers:
/// `1.48E+18`, `1,48E+18` or `257000000000000.0`.
fn is_of_spreadsheet(text: &str) -> bool {
    let Some(rest) = behind_digits(text.as_bytes()) else { return false };
    let (fraction, rest) = match rest {
        [b'.' | b',', fraction @ ..] => match behind_digits(fraction) {
            Some(rest) => (&fraction[..fraction.len() - rest.len()], rest),
            None => return false,
        },
        _ => (&[][..], rest),
    };
    match rest {
        [] => !fraction.is_empty() && fraction.iter().all(|digit| *digit == b'0'),
        [b'E' | b'e', b'+', exponent @ ..] => are_digits(exponent),
        // Java and Spark print this form. Without a fraction it may be a hexadecimal id.
        [b'E' | b'e', exponent @ ..] => !fraction.is_empty() && are_digits(exponent),
        _ => false,
    }
}

fn are_digits(text: &[u8]) -> bool {
    behind_digits(text).is_some_and(<[u8]>::is_empty)
}

/// Removes the digits at the start of a text. Returns `None` if there are none.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| &text[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_a_spreadsheet_has_changed_are_recognised_by_their_form() {
        for text in
            ["1.48E+18", "1,48E+18", "1E+18", "1.48e+18", "1.48E18", "257000000000000.0", "7.00"]
        {
            assert!(is_of_spreadsheet(text), "{text}");
        }
        for text in [
            "7",
            "007",
            "-7",
            "1.5",
            "1.2.0",
            "12e4",
            "1E18",
            "1E+",
            "E+18",
            "1.48E",
            "1.48E-18",
            ".0",
            "7.",
            "x.0",
            "+7.0",
            "1.48E+18x",
            "1.48F+18",
            "0x1E+18",
            "",
        ] {
            assert!(!is_of_spreadsheet(text), "{text}");
        }
    }

    #[test]
    fn at_most_max_stores_are_counted() {
        let mut finder = WarningFinder::default();
        let id = |number: usize| StoreId::new(&format!("{number}.0")).unwrap();
        for number in 0..=MAX_STORES {
            finder.reject(id(number));
        }
        let most = MAX_STORES as u64;
        let expected = Warnings { only_rejected_stores: most, spreadsheet_ids: most };
        assert_eq!(finder.found(), expected);
    }

    #[test]
    fn a_store_that_may_have_been_accepted_before_is_not_counted() {
        let mut finder = WarningFinder::default();
        let stores: Vec<StoreId> =
            (0..=MAX_STORES).map(|number| StoreId::new(&number.to_string()).unwrap()).collect();
        finder.reject(stores[0].clone());
        finder.accept(stores[1..].iter(), true);
        finder.reject(stores[MAX_STORES].clone());
        assert_eq!(finder.found().only_rejected_stores, 1);
    }

    #[test]
    fn each_warning_states_its_consequence() {
        let warnings = |only_rejected_stores, spreadsheet_ids| {
            Warnings { only_rejected_stores, spreadsheet_ids }.to_string()
        };
        assert_eq!(warnings(0, 0), "");
        assert_eq!(
            warnings(1, 2),
            "warning: 1 store is named in rejected rows only, which change nothing; a store \
             without hours from another file counts as always open, a store without a time zone \
             as in America/Chicago\n\
             warning: 2 store ids look like a number that a spreadsheet has changed, such as \
             1.48E+18; export ids as text\n"
        );
        assert!(
            warnings(2, 1).starts_with("warning: 2 stores are named in rejected rows only, which")
        );
        assert!(warnings(0, 1).starts_with("warning: 1 store id looks like a number"));
    }
}
