//! What is kept of a log: one record for each of its files that is there, and one that says that it was begun.

use adr_core::{Failure, FailureKind, Records};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::head::Head;

/// The record of a log that was begun: what comes new from then on is read from its beginning.
pub(crate) const BEGUN: &[u8] = b"begun";

/// Before the number of a file. Files are numbered as they are found, and read in that order.
const FILE: &[u8] = b"file";

const FORMAT: u32 = 1;

/// Where a file is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// A file, and how far it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) id: Id,
    pub(crate) head: Head,
    /// Of the first byte that is not read.
    pub(crate) offset: u64,
    /// Its size when it was last looked at.
    pub(crate) seen: u64,
    /// When it was last written to, in nanoseconds of its file system's clock.
    pub(crate) changed: i64,
    /// Its name when it was last looked at.
    pub(crate) name: String,
    /// It was rotated before the log was begun, and is not to be read.
    pub(crate) passed: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    device: u64,
    inode: u64,
    head: (usize, String),
    offset: u64,
    seen: u64,
    changed: i64,
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    passed: bool,
}

#[derive(Serialize, Deserialize)]
struct Format {
    v: u32,
}

pub(crate) fn begun() -> Bytes {
    text(&Format { v: FORMAT })
}

pub(crate) fn key(number: u64) -> Bytes {
    [FILE, &number.to_be_bytes()].concat().into()
}

pub(crate) fn encode(mark: &Mark) -> Bytes {
    text(&Stored {
        v: FORMAT,
        device: mark.id.device,
        inode: mark.id.inode,
        head: (mark.head.len, format!("{:032x}", mark.head.hash)),
        offset: mark.offset,
        seen: mark.seen,
        changed: mark.changed,
        name: mark.name.clone(),
        passed: mark.passed,
    })
}

fn text(record: &impl Serialize) -> Bytes {
    serde_json::to_vec(record).expect("numbers and names are JSON").into()
}

/// Whether the log was begun, and its files by their numbers.
pub(crate) fn decode(records: &Records) -> Result<(bool, Vec<(u64, Mark)>), Failure> {
    let (mut begun, mut files) = (false, Vec::new());
    for (key, value) in records {
        let number = key.strip_prefix(FILE).and_then(|number| Some(u64::from_be_bytes(number.try_into().ok()?)));
        match number {
            Some(number) => files.push((number, mark(value)?)),
            None if **key == *BEGUN => {
                check_format(value)?;
                begun = true;
            }
            None => return Err(damaged("it has a record of an unknown kind, perhaps of a newer version")),
        }
    }
    Ok((begun, files))
}

fn mark(value: &[u8]) -> Result<Mark, Failure> {
    check_format(value)?;
    let unreadable = || damaged("a record cannot be read");
    let stored: Stored = serde_json::from_slice(value).map_err(|_| unreadable())?;
    let hash = u128::from_str_radix(&stored.head.1, 16).map_err(|_| unreadable())?;
    Ok(Mark {
        id: Id { device: stored.device, inode: stored.inode },
        head: Head { len: stored.head.0, hash },
        offset: stored.offset,
        seen: stored.seen,
        changed: stored.changed,
        name: stored.name,
        passed: stored.passed,
    })
}

fn check_format(value: &[u8]) -> Result<(), Failure> {
    let Format { v } = serde_json::from_slice(value).map_err(|_| damaged("a record cannot be read"))?;
    if v == FORMAT { Ok(()) } else { Err(damaged(&format!("it has format {v}, and this version reads {FORMAT}"))) }
}

fn damaged(how: &str) -> Failure {
    let message = format!(
        "the checkpoint cannot be used: {how}: run the version that wrote it, restore the state directory from a copy, or \
         remove it to read again from `start`"
    );
    Failure::fatal(FailureKind::Storage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Mark {
        Mark {
            id: Id { device: 7, inode: u64::MAX },
            head: Head { len: 12, hash: 1 << 100 },
            offset: 345,
            seen: 346,
            changed: 1_700_000_000_123_456_789,
            name: "app.log".to_owned(),
            passed: true,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let records = vec![(Bytes::from_static(BEGUN), begun()), (key(9), encode(&some()))];
        assert_eq!(decode(&records).expect("records"), (true, vec![(9, some())]));
        assert_eq!(decode(&Vec::new()).expect("none"), (false, Vec::new()));
    }

    #[test]
    fn a_damaged_or_newer_record_is_refused() {
        let newer = vec![(key(1), Bytes::from_static(b"{\"v\":2,\"anything\":1}"))];
        assert!(decode(&newer).expect_err("newer").message.contains("format 2"));
        for (key, value) in
            [(&b"file"[..], "{\"v\":1}"), (b"file\0\0\0\0\0\0\0\x01", "{\"v\":1}"), (b"begun", ""), (b"x", "{}")]
        {
            let records = vec![(Bytes::from_static(key), Bytes::from_static(value.as_bytes()))];
            assert_eq!(decode(&records).expect_err(value).kind, FailureKind::Storage, "{key:?}");
        }
    }

    #[test]
    fn numbers_keep_their_order_as_keys() {
        assert!(key(255) < key(256));
    }
}
