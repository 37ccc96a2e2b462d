//! Frames: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`.

use std::fmt::Write;
use std::ops::Range;

/// Digits of a transaction number and of a length.
const MOST_DIGITS: usize = 9;

/// Letters of a command.
const MOST_LETTERS: usize = 32;

/// A receiver has little to say: a code, a sentence and what it supports. Librelp takes no more than 128 KiB; what
/// announces more than this is not a receiver.
const MOST_DATA: usize = 16 << 10;

/// The longest frame that is read: both numbers, the command, data, three spaces and a line feed.
pub(super) const MOST_FRAME: usize = 2 * MOST_DIGITS + MOST_LETTERS + MOST_DATA + 4;

/// A frame that the receiver sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Which of our frames it answers; 0 for a hint, which answers none.
    pub(super) txnr: u32,
    pub(super) command: &'a [u8],
    pub(super) data: &'a [u8],
}

/// Why something is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) &'static str);

/// Reads the frame at the start of `bytes`, and how long it is. `None`: there is more to come, but never more than
/// [`MOST_FRAME`].
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Fault> {
    let Some(txnr) = field(bytes, 0, MOST_DIGITS, u8::is_ascii_digit, Fault("has no transaction number"))? else {
        return Ok(None);
    };
    let letter = u8::is_ascii_alphabetic;
    let Some(command) = space(bytes, &txnr)?
        .map_or(Ok(None), |start| field(bytes, start, MOST_LETTERS, letter, Fault("has no command")))?
    else {
        return Ok(None);
    };
    let Some(length) = space(bytes, &command)?
        .map_or(Ok(None), |start| field(bytes, start, MOST_DIGITS, u8::is_ascii_digit, Fault("has no length")))?
    else {
        return Ok(None);
    };
    let count = number(&bytes[length.clone()]);
    if count as usize > MOST_DATA {
        return Err(Fault("announces more data than any answer has"));
    }
    // Without data there is no space before it; some write one.
    let start = if count > 0 || bytes.get(length.end) == Some(&b' ') {
        match space(bytes, &length)? {
            Some(start) => start,
            None => return Ok(None),
        }
    } else {
        length.end
    };
    let end = start + count as usize;
    match bytes.get(end) {
        None => Ok(None),
        Some(b'\n') => {
            let (txnr, command) = (number(&bytes[txnr]), &bytes[command]);
            Ok(Some((Frame { txnr, command, data: &bytes[start..end] }, end + 1)))
        }
        Some(_) => Err(Fault("does not end where its length says")),
    }
}

/// The place of a field at `start` that is ended by something else; `None` if its end is not there yet.
fn field(
    bytes: &[u8],
    start: usize,
    most: usize,
    belongs: fn(&u8) -> bool,
    fault: Fault,
) -> Result<Option<Range<usize>>, Fault> {
    let rest = &bytes[start..];
    let length = rest.iter().take(most + 1).take_while(|byte| belongs(byte)).count();
    match rest.len() > length {
        _ if length > most => Err(fault),
        true if length == 0 => Err(fault),
        true => Ok(Some(start..start + length)),
        false => Ok(None),
    }
}

/// Where the field after this one starts.
fn space(bytes: &[u8], field: &Range<usize>) -> Result<Option<usize>, Fault> {
    match bytes.get(field.end) {
        Some(b' ') => Ok(Some(field.end + 1)),
        Some(_) => Err(Fault("is not made of fields with spaces between")),
        None => Ok(None),
    }
}

/// At most nine digits.
fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

/// Appends what stands before the data of a frame.
pub(super) fn write_head(txnr: u32, command: &str, length: usize, out: &mut Vec<u8>) {
    debug_assert!(length > 0 && length <= 999_999_999, "a frame with data, its length in nine digits");
    let mut text = Digits::default();
    write!(text, "{txnr} {command} {length} ").expect("two numbers and a command have room");
    out.extend_from_slice(&text.bytes[..text.length]);
}

/// A frame without data.
pub(super) fn without_data(txnr: u32, command: &str) -> Vec<u8> {
    format!("{txnr} {command} 0\n").into_bytes()
}

/// A text on the stack.
#[derive(Default)]
struct Digits {
    bytes: [u8; 32],
    length: usize,
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What a `rsp` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response<'a> {
    /// 200: done.
    pub(super) code: u16,
    /// For a person.
    pub(super) words: &'a [u8],
    /// What comes after the first line: the offers of an answered `open`.
    pub(super) rest: &'a [u8],
}

/// Reads the data of a `rsp`.
pub(super) fn response(data: &[u8]) -> Result<Response<'_>, Fault> {
    const NO_CODE: Fault = Fault("has no code of three digits");
    let (code, rest) = data.split_at_checked(3).ok_or(NO_CODE)?;
    if !code.iter().all(u8::is_ascii_digit) || !matches!(rest.first(), None | Some(b' ' | b'\n')) {
        return Err(NO_CODE);
    }
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let words = rest[..end].trim_ascii();
    let code = u16::try_from(number(code)).expect("three digits");
    Ok(Response { code, words, rest: rest.get(end + 1..).unwrap_or_default() })
}

/// The values of an offer: `commands=syslog,eventlog`.
pub(super) fn offer<'a>(offers: &'a [u8], name: &str) -> Option<&'a [u8]> {
    offers.split(|byte| *byte == b'\n').find_map(|line| match line.strip_prefix(name.as_bytes())? {
        [] => Some(&[][..]),
        [b'=', values @ ..] => Some(values.trim_ascii()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8]) -> (Frame<'_>, usize) {
        read(bytes).unwrap().expect("a whole frame")
    }

    #[test]
    fn frames_are_read_and_what_follows_is_left() {
        let (frame, length) = whole(b"1 rsp 6 200 OK\n2 rsp");
        assert_eq!((frame.txnr, frame.command, frame.data, length), (1, &b"rsp"[..], &b"200 OK"[..], 15));
        let (frame, length) = whole(b"0 serverclose 0\n");
        assert_eq!((frame.txnr, frame.command, frame.data, length), (0, &b"serverclose"[..], &b""[..], 16));
        assert_eq!(whole(b"3 rsp 0 \nx").1, 9);
        assert_eq!(whole(b"999999999 rsp 3 a\nb\n").0.data, b"a\nb");
    }

    #[test]
    fn what_is_no_frame_is_known_by_its_first_wrong_byte() {
        for (bytes, what) in [
            (&b"HTTP/1.1 400 Bad Request"[..], "transaction number"),
            (b"1234567890", "transaction number"),
            (b" 1 rsp", "transaction number"),
            (b"\n", "transaction number"),
            (b"1-", "spaces"),
            (b"1\n", "spaces"),
            (b"1  ", "command"),
            (b"1 rsp-", "spaces"),
            (b"1 rsp x", "length"),
            (b"1 rsp -1", "length"),
            (b"1 rsp 16385", "more data"),
            (b"1 rsp 999999999 ", "more data"),
            (b"1 rsp 1234567890", "length"),
            (b"1 rsp 6\n", "spaces"),
            (b"1 rsp 6 200 OKx", "end where"),
            (b"1 rsp 0x", "end where"),
            (b"1 rsp 0 x", "end where"),
        ] {
            // A length that is too large is known once it is ended.
            let bytes = if what == "more data" { [bytes, b" "].concat() } else { bytes.to_vec() };
            let fault = read(&bytes).expect_err(&String::from_utf8_lossy(&bytes));
            assert!(fault.0.contains(what), "{}: {}", String::from_utf8_lossy(&bytes), fault.0);
        }
        assert!(read(format!("1 {} 0\n", "a".repeat(33)).as_bytes()).is_err());
        assert!(read(format!("1 {} 0\n", "a".repeat(32)).as_bytes()).unwrap().is_some());
    }

    #[test]
    fn responses_and_offers() {
        let response = |data: &'static [u8]| response(data).map(|it| (it.code, it.words, it.rest));
        assert_eq!(response(b"200 OK"), Ok((200, &b"OK"[..], &b""[..])));
        assert_eq!(response(b"200"), Ok((200, &b""[..], &b""[..])));
        assert_eq!(response(b"500 no room\nx=1\ny"), Ok((500, &b"no room"[..], &b"x=1\ny"[..])));
        for data in [&b""[..], b"20", b"2000 OK", b"OK 200", b"20x"] {
            assert!(response(data).is_err());
        }
        let offers = b"relp_version=0\nrelp_software=librelp,1.11.0\ncommands=syslog,other\nflag";
        assert_eq!(offer(offers, "relp_version"), Some(&b"0"[..]));
        assert_eq!(offer(offers, "commands"), Some(&b"syslog,other"[..]));
        assert_eq!(offer(offers, "flag"), Some(&b""[..]));
        assert_eq!(offer(offers, "relp"), None);
    }

    proptest! {
        #[test]
        fn a_frame_in_pieces_is_awaited_and_then_read(txnr in 0u32..=999_999_999, command in "[a-zA-Z]{1,32}", data in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = Vec::new();
            if data.is_empty() {
                bytes = without_data(txnr, &command);
            } else {
                bytes.extend_from_slice(format!("{txnr} {command} {} ", data.len()).as_bytes());
                bytes.extend_from_slice(&data);
                bytes.push(b'\n');
            }
            for end in 0..bytes.len() {
                prop_assert_eq!(read(&bytes[..end]), Ok(None));
            }
            prop_assert_eq!(read(&bytes), Ok(Some((Frame { txnr, command: command.as_bytes(), data: &data }, bytes.len()))));
        }

        #[test]
        fn nothing_makes_it_wait_for_more_than_the_longest_frame(mut bytes in prop::collection::vec(prop_oneof![Just(b' '), Just(b'1'), Just(b'a'), any::<u8>()], 0..80)) {
            bytes.resize(MOST_FRAME, b'1');
            prop_assert!(read(&bytes) != Ok(None));
        }

        #[test]
        fn heads_are_read_as_they_are_written(txnr in 1u32..=999_999_999, data in prop::collection::vec(any::<u8>(), 1..100)) {
            let mut bytes = Vec::new();
            write_head(txnr, "syslog", data.len(), &mut bytes);
            bytes.extend_from_slice(&data);
            bytes.push(b'\n');
            prop_assert_eq!(read(&bytes), Ok(Some((Frame { txnr, command: b"syslog", data: &data }, bytes.len()))));
        }
    }
}
