//! Random choices that never change between versions: only whole numbers, each from one draw of a
//! generator with a portable and stable stream.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

/// A stream of random choices that depends only on its seed.
#[derive(Debug)]
pub(super) struct Random(Pcg64);

/// Choices with their weights.
pub(super) type Weighted<T, const N: usize> = [(u32, T); N];

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        // The constant is arbitrary. It separates this stream from those of other programs.
        Random(Pcg64::new(u128::from(seed), 0x7570_7469_6d65))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns a whole number less than `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(limit);
        (product >> 64) as u64
    }

    /// Returns a whole number that is at least `low` and less than `high`.
    #[expect(clippy::cast_possible_truncation, reason = "less than the difference of two u32")]
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(u64::from(high - low)) as u32
    }

    /// Returns true in this many of 10,000 cases.
    pub(super) fn chance(&mut self, of_10_000: u32) -> bool {
        self.between(0, 10_000) < of_10_000
    }

    /// Returns one of the choices, with a probability in proportion to its weight.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, choices: &Weighted<T, N>) -> T {
        let total = choices.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.between(0, total);
        for &(weight, choice) in choices {
            if drawn < weight {
                return choice;
            }
            drawn -= weight;
        }
        unreachable!("the draw is less than the sum of the weights")
    }

    #[expect(clippy::cast_possible_truncation, reason = "less than a length, which is a usize")]
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
