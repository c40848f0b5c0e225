//! An object as one file: its body, followed by its description.
//!
//! The body starts at the file's first byte. After it come a JSON text, the length of that text in
//! four bytes, and a magic word. Body and description are always of the same write, because a file
//! is written completely under another name and then renamed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The last bytes of every object's file.
const MAGIC: &[u8; 8] = b"S3object";
/// The length of the JSON text, little-endian, and the magic word.
const FOOTER_BYTES: usize = 4 + MAGIC.len();
/// More than a key and all headers of a request need as JSON.
const JSON_BYTES_MAX: u32 = 1024 * 1024;

/// Everything about an object except its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) key: String,
    /// The length of the body in bytes.
    pub(super) size: u64,
    /// Without quotes: the MD5 of the body; or, for a multipart upload, the MD5 of the parts' MD5s,
    /// then `-` and the number of parts.
    pub(super) e_tag: String,
    /// When it was written, in milliseconds since 1970.
    pub(super) last_modified_ms: u64,
    pub(super) attributes: Attributes,
}

/// The attributes that a client stores with an object and gets back with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    /// As an HTTP date.
    pub(super) expires: Option<String>,
    pub(super) website_redirect_location: Option<String>,
    /// The headers that start with `x-amz-meta-`, without that prefix.
    pub(super) metadata: Option<HashMap<String, String>>,
}

/// Why a file is not a readable object.
#[derive(Debug, Error)]
pub(super) enum UnreadableObject {
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    #[error("it is not a file")]
    NoFile,
    #[error("it does not end with the mark of an object's file")]
    NoFooter,
    #[error("the description of the object is damaged")]
    Damaged(#[from] serde_json::Error),
    #[error("its body has {found} bytes; its description says {described}")]
    OtherSize { found: u64, described: u64 },
    #[error("its name does not match the key {0:?}")]
    OtherName(String),
}

/// Writes what follows the body. The next write to `file` must be at the end of the body.
pub(super) fn finish(file: &mut File, description: &Description) -> io::Result<()> {
    let mut end = serde_json::to_vec(description)?;
    let length = u32::try_from(end.len()).ok().filter(|&length| length <= JSON_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::other("the description is too long"))?;
    end.extend_from_slice(&length.to_le_bytes());
    end.extend_from_slice(MAGIC);
    file.write_all(&end)
}

/// Reads the description of the object in `file`. Afterwards the position in `file` is undefined.
pub(super) fn description(file: &mut File) -> Result<Description, UnreadableObject> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let before_footer = file_bytes.checked_sub(FOOTER_BYTES as u64);
    let before_footer = before_footer.ok_or(UnreadableObject::NoFooter)?;
    file.seek(SeekFrom::Start(before_footer))?;
    let mut footer = [0; FOOTER_BYTES];
    file.read_exact(&mut footer)?;
    let [a, b, c, d, magic @ ..] = footer;
    let length = u32::from_le_bytes([a, b, c, d]);
    let size = before_footer.checked_sub(length.into());
    let (Some(size), true) = (size, magic == *MAGIC && length <= JSON_BYTES_MAX) else {
        return Err(UnreadableObject::NoFooter);
    };
    file.seek(SeekFrom::Start(size))?;
    let mut json = Vec::new();
    file.take(length.into()).read_to_end(&mut json)?;
    let description: Description = serde_json::from_slice(&json)?;
    if description.size != size {
        return Err(UnreadableObject::OtherSize { found: size, described: description.size });
    }
    Ok(description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_any_bytes_and_its_description_are_read_back() {
        for body in [b"".as_slice(), b"a,b\n", MAGIC, &written(b"an object in an object")] {
            let bytes = written(body);
            assert_eq!(&bytes[..body.len()], body);
            assert_eq!(read(&bytes).unwrap(), described(body));
        }
    }

    #[test]
    fn a_file_that_was_cut_anywhere_is_refused() {
        let whole = written(b"store_id\n");
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_file_that_lost_bytes_of_its_body_is_refused() {
        let error = read(&written(b"store_id\n")[1..]).unwrap_err().to_string();
        assert_eq!(error, "its body has 8 bytes; its description says 9");
    }

    #[test]
    fn a_length_that_no_description_has_is_refused() {
        let mut bytes = written(b"x");
        let place = bytes.len() - FOOTER_BYTES;
        bytes[place..place + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(read(&bytes), Err(UnreadableObject::NoFooter)));
    }

    fn described(body: &[u8]) -> Description {
        let metadata = HashMap::from([("who".to_owned(), "ü".to_owned())]);
        Description {
            key: "incoming/\u{1} ü.csv".to_owned(),
            size: body.len() as u64,
            e_tag: "0cc1".to_owned(),
            last_modified_ms: 1_674_554_802_605,
            attributes: Attributes { metadata: Some(metadata), ..Attributes::default() },
        }
    }

    fn written(body: &[u8]) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(body).unwrap();
        finish(&mut file, &described(body)).unwrap();
        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Description, UnreadableObject> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        description(&mut file)
    }
}
