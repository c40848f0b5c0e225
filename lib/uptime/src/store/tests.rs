use super::*;

#[test]
fn every_id_is_displayed_as_the_text_it_was_made_from() {
    for id in [
        "0",
        "1481966498820158979",
        "18446744073709551615",
        "18446744073709551616",
        "0012",
        "-5",
        "+5",
        "1.0",
        "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b",
        "0F6B3AD4-8c5d-4e5f-9a6b-1c2d3e4f5a6b",
        "0f6b3ad48c5d4e5f9a6b1c2d3e4f5a6b",
        "__proto__",
        "=1+1",
        "café 9",
    ] {
        assert_eq!(StoreId::new(id).unwrap().to_string(), id);
    }
}

#[test]
fn integers_and_uuids_have_short_forms_and_no_other_text_has() {
    let form = |id: &str| StoreId::new(id).unwrap().0;
    assert_eq!(form("1481966498820158979"), IdForm::Integer(1_481_966_498_820_158_979));
    assert!(matches!(form("0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b"), IdForm::Uuid(_)));
    for other in [
        "007",
        "00",
        "18446744073709551616",
        "99999999999999999999",
        "0F6B3AD4-8C5D-4E5F-9A6B-1C2D3E4F5A6B",
        "0f6b3ad4+8c5d-4e5f-9a6b-1c2d3e4f5a6b",
        "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6g",
    ] {
        assert!(matches!(form(other), IdForm::Text(_)), "{other}");
    }
}

#[test]
fn ids_have_1_to_128_bytes_and_no_control_character() {
    check(&"x".repeat(128), None);
    check(&"x".repeat(129), Some(StoreIdError::TooLong(129)));
    check(&"é".repeat(64), None);
    check(&"é".repeat(65), Some(StoreIdError::TooLong(130)));
    check("", Some(StoreIdError::Empty));
    for control in ["a\0", "a\tb", "a\nb", "\u{7f}", "a\u{85}b"] {
        check(control, Some(StoreIdError::ControlCharacter));
    }
}

#[test]
fn ids_are_ordered_by_the_bytes_of_their_texts() {
    let texts = [
        "1",
        "10",
        "9",
        "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b",
        "0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6c",
        "a",
        "B",
        "",
    ];
    for this in texts.iter().filter(|text| !text.is_empty()) {
        for that in texts.iter().filter(|text| !text.is_empty()) {
            let ids = [this, that].map(|text| StoreId::new(text).unwrap());
            assert_eq!(ids[0].cmp(&ids[1]), this.as_bytes().cmp(that.as_bytes()), "{this} {that}");
        }
    }
}

#[test]
fn a_stores_shard_never_changes() {
    // Stored data depends on these numbers.
    let shard = |id: &str| StoreId::new(id).unwrap().shard().index();
    assert_eq!(shard("1481966498820158979"), SHARD_OF_AN_INTEGER);
    assert_eq!(shard("0f6b3ad4-8c5d-4e5f-9a6b-1c2d3e4f5a6b"), SHARD_OF_A_UUID);
    assert_eq!(shard("café 9"), SHARD_OF_A_TEXT);
}

#[test]
fn stores_spread_evenly_over_the_shards() {
    let mut stores = [0; Shard::COUNT];
    for number in 0..64_000_u64 {
        let id = StoreId::new(&(number * 1_000_003).to_string()).unwrap();
        stores[id.shard().index()] += 1;
    }
    assert!(stores.iter().all(|count| (850..1_150).contains(count)), "{stores:?}");
    assert_eq!(Shard::all().len(), Shard::COUNT);
}

#[test]
fn one_poll_per_instant_is_kept_an_inactive_one_if_there_is_any() {
    let poll = |micros: i64, status| Poll::new(Timestamp::from_micros(micros), status);
    let (up, down) = (Status::Active, Status::Inactive);
    let set = PollSet::new(vec![poll(5, up), poll(-3, up), poll(5, down), poll(-3, up)]);
    assert_eq!(set.as_slice(), [poll(-3, up), poll(5, down)]);
}

#[test]
fn only_the_polls_between_two_instants_are_kept_both_included() {
    let at = Timestamp::from_micros;
    let poll = |micros: i64| Poll::new(at(micros), Status::Active);
    let kept = |first, last| {
        let mut set = PollSet::new([1, 2, 3, 4].map(poll).to_vec());
        set.keep_between(&(at(first)..=at(last)));
        set.as_slice().iter().map(|poll| poll.at().micros()).collect::<Vec<_>>()
    };
    assert_eq!(kept(2, 3), [2, 3]);
    assert_eq!(kept(0, 9), [1, 2, 3, 4]);
    assert!(kept(5, 9).is_empty());
    assert!(kept(3, 2).is_empty(), "the first instant is after the last");
}

#[test]
fn a_poll_returns_the_instant_and_status_it_was_made_from() {
    for micros in [0, 1, -1, 1_674_551_202_605_777, -62_167_219_200_000_000] {
        for status in [Status::Active, Status::Inactive] {
            let poll = Poll::new(Timestamp::from_micros(micros), status);
            assert_eq!((poll.at().micros(), poll.status()), (micros, status));
        }
    }
}

const SHARD_OF_AN_INTEGER: usize = 27;
const SHARD_OF_A_UUID: usize = 25;
const SHARD_OF_A_TEXT: usize = 39;

#[track_caller]
fn check(id: &str, expected: Option<StoreIdError>) {
    assert_eq!(StoreId::new(id).err(), expected);
}
