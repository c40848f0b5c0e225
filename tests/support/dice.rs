//! Random choices of a test that its seed repeats.

use std::ops::Range;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

/// A stream of random choices, determined by its seed.
#[derive(Debug)]
pub struct Dice(Pcg64);

impl Dice {
    /// Starts the stream of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(Pcg64::new(u128::from(seed), 0x6661_756c_7473))
    }

    /// A whole number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    /// A random one of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let limit = u64::try_from(choices.len()).unwrap();
        choices[usize::try_from(self.below(limit)).unwrap()]
    }
}

/// The seeds of a test: one, or those in `STORY_SEEDS=3` or `STORY_SEEDS=1..20`.
pub fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("STORY_SEEDS") else { return 0..1 };
    let number = |text: &str| text.parse::<u64>().unwrap();
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&text)..number(&text) + 1,
    }
}

/// A number from an environment variable, or the default.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}
