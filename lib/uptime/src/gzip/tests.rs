use super::*;

/// Text that packs to about half its length.
fn text(length: usize) -> Vec<u8> {
    let mut mixed = 1_u32;
    let digit = |_| {
        mixed = mixed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'0' + (mixed >> 24) as u8 % 10
    };
    (0..length).map(digit).collect()
}

/// Unpacks a file that is fed in pieces of this length. Returns the parts that were passed on.
fn unpack_in_pieces(file: &[u8], piece: usize) -> (Vec<Vec<u8>>, Result<(), GzipError>) {
    let mut parts = Vec::new();
    let mut unpacker = Unpacker::new(100);
    let mut take = |part: &[u8]| {
        parts.push(part.to_vec());
        Ok::<_, GzipError>(())
    };
    let fed = file.chunks(piece).try_for_each(|piece| unpacker.feed(piece, &mut take));
    let result = fed.and_then(|()| unpacker.finish(&mut take));
    (parts, result)
}

#[track_caller]
fn unpack(file: &[u8]) -> (Vec<u8>, Result<(), GzipError>) {
    let whole = unpack_in_pieces(file, file.len());
    assert_eq!(unpack_in_pieces(file, 1000), whole, "in pieces");
    let (parts, result) = whole;
    (parts.concat(), result)
}

#[test]
fn a_file_of_many_blocks_unpacks_to_what_was_packed() {
    let text = text(20 * UNPACKED_BYTES);
    assert_eq!(unpack(&pack(&text)), (text, Ok(())));
}

#[test]
fn a_member_may_end_anywhere_in_a_block() {
    let stored = |length: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&text(length)).unwrap();
        encoder.finish().unwrap()
    };
    let fits = |length: &usize| stored(*length).len() == BLOCK_BYTES;
    let fitting = (0..BLOCK_BYTES).rev().find(fits).unwrap();
    for length in fitting - 20..fitting + 20 {
        let file = [stored(length), stored(0), stored(7)].concat();
        assert_eq!(unpack(&file), ([text(length), text(7)].concat(), Ok(())), "{length}");
    }
}

#[test]
fn what_is_unpacked_before_damage_is_passed_on() {
    let text = text(3 * UNPACKED_BYTES);
    let mut file = pack(&text);
    let middle = file.len() / 2;
    let (intact, truncated) = unpack(&file[..middle]);
    assert!(intact.len() > UNPACKED_BYTES && truncated.is_err());
    file[middle..middle + 50].fill(0xff);
    let (unpacked, result) = unpack(&file);
    assert!(unpacked.starts_with(&intact), "{} of {}", unpacked.len(), intact.len());
    assert!(matches!(result, Err(GzipError::Damaged(_))), "{result:?}");
}

#[test]
fn a_file_that_unpacks_to_much_more_than_its_size_is_passed_on_in_small_parts() {
    let file = pack(&vec![b'x'; 8 * BLOCK_BYTES]);
    let (parts, result) = unpack_in_pieces(&file, file.len());
    assert_eq!(result, Ok(()));
    assert_eq!(parts.concat().len(), 8 * BLOCK_BYTES);
    assert!(parts.iter().all(|part| part.len() <= UNPACKED_BYTES));
}

#[test]
fn nothing_beyond_the_ratio_is_passed_on() {
    let file = pack(&vec![b'x'; 4 * 1024 * 1024]);
    let (unpacked, result) = unpack(&file);
    assert_eq!(result, Err(GzipError::OverRatio(100)));
    assert!(unpacked.len() as u64 <= FREE_BYTES.max(file.len() as u64 * 100));
    assert!(unpacked.len() as u64 >= FREE_BYTES - UNPACKED_BYTES as u64);
}
