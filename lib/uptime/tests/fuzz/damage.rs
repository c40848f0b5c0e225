//! Damages valid bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One change.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Copies this many bytes from the first place to the second.
    Copy(Index, Index, usize),
    CutOff(Index),
}

/// Returns no changes or up to five.
pub(crate) fn damages(tokens: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<Damage>> {
    prop_oneof![Just(Vec::new()), vec(damage(tokens), 1..6)]
}

fn damage(tokens: &'static [&'static [u8]]) -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    prop_oneof![
        2 => (index(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        4 => (index(), select(tokens)).prop_map(|(at, token)| Damage::Insert(at, token.to_vec())),
        1 => (index(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (index(), 1..40_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => (index(), index(), 1..200_usize).prop_map(|(from, to, n)| Damage::Copy(from, to, n)),
        1 => index().prop_map(Damage::CutOff),
    ]
}

/// Applies the changes one after the other.
pub(crate) fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let place = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
        match damage {
            Damage::Flip(at, bits) => {
                let at = place(at, &bytes);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= bits);
            }
            Damage::Insert(at, token) => {
                let at = place(at, &bytes);
                bytes.splice(at..at, token.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = place(at, &bytes);
                bytes.drain(at..bytes.len().min(at + count));
            }
            Damage::Copy(from, to, count) => {
                let (from, to) = (place(from, &bytes), place(to, &bytes));
                let copied = bytes[from..bytes.len().min(from + count)].to_vec();
                bytes.splice(to..to, copied);
            }
            Damage::CutOff(at) => bytes.truncate(place(at, &bytes)),
        }
    }
    bytes
}
