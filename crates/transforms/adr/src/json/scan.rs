//! Where strings and numbers end (RFC 8259), eight bytes at a time.

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Fault {
    /// What is wrong.
    pub what: &'static str,
    /// Where, in bytes from the start.
    pub at: usize,
}

impl Fault {
    pub(crate) const fn new(what: &'static str, at: usize) -> Self {
        Self { what, at }
    }
}

/// A string with escapes.
pub(crate) struct Scanned {
    /// Where the closing quote stands.
    pub(crate) end: usize,
    /// Whether escapes occur.
    pub(crate) escaped: bool,
    /// Whether one of them is half of a surrogate pair.
    pub(crate) lone: bool,
    /// Has a bit that ASCII does not have, if a character in it is not ASCII.
    pub(crate) high: u64,
}

/// Whether bits from [`plain`] are all ASCII's.
pub(crate) const fn is_ascii(bits: u64) -> bool {
    bits & HIGHS == 0
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A mark in the high bit of each byte that ends a run of plain text; the lowest mark is always right.
#[inline]
const fn marks(word: u64) -> u64 {
    let quotes = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let slashes = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let controls = word.wrapping_sub(ONES * 0x20);
    // All three borrow into the high bit of a byte that they are after, where it was clear before.
    (quotes | slashes | controls) & !word & HIGHS
}

/// The rest of a string from its first escape, or from what is wrong with it. Callers look for the plain end of a
/// string themselves, by [`plain`]: most strings have no escapes, and a result of many parts is slow to hand over.
#[cold]
#[inline(never)]
pub(crate) fn escaped(text: &[u8], at: usize) -> Result<Scanned, Fault> {
    let mut scanned = Scanned { end: at, escaped: false, lone: false, high: 0 };
    loop {
        match text.get(scanned.end) {
            Some(b'"') => return Ok(scanned),
            Some(b'\\') => escape(text, &mut scanned)?,
            Some(_) => return Err(Fault::new("a control character in a string", scanned.end)),
            None => return Err(Fault::new("the text ends inside a string", scanned.end)),
        }
        let (end, high) = plain(text, scanned.end);
        scanned.end = end;
        scanned.high |= high;
    }
}

/// The next quote, backslash or control character, or the end; and the bits of what lies before.
#[inline(always)]
pub(crate) fn plain(text: &[u8], mut at: usize) -> (usize, u64) {
    let mut high = 0;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // What follows the string may be among it: too many bits are only slower.
        high |= word;
        let marks = marks(word);
        if marks != 0 {
            return (at + marks.trailing_zeros() as usize / 8, high);
        }
        at += 8;
    }
    while let Some(byte) = text.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        high |= u64::from(*byte);
        at += 1;
    }
    (at, high)
}

/// Steps over one escape, or over a surrogate pair.
fn escape(text: &[u8], scanned: &mut Scanned) -> Result<(), Fault> {
    scanned.escaped = true;
    let at = scanned.end;
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => scanned.end = at + 2,
        Some(b'u') => {
            let unit = unit(text, at + 2)?;
            scanned.end = at + 6;
            let low = text.get(at + 6..at + 8) == Some(b"\\u");
            match unit {
                0xD800..0xDC00 if low && (0xDC00..0xE000).contains(&self::unit(text, at + 8)?) => {
                    scanned.end = at + 12;
                }
                0xD800..0xE000 => scanned.lone = true,
                _ => {}
            }
        }
        _ => return Err(Fault::new("an unknown escape in a string", at)),
    }
    Ok(())
}

/// The UTF-16 unit of four hexadecimal digits.
pub(crate) fn unit(text: &[u8], at: usize) -> Result<u32, Fault> {
    let digits = text.get(at..at + 4).ok_or(Fault::new("the text ends inside an escape", at))?;
    digits.iter().try_fold(0, |sum, digit| {
        let value = char::from(*digit).to_digit(16).ok_or(Fault::new("an escape that is not hexadecimal", at))?;
        Ok(sum * 16 + value)
    })
}

/// The end of the number that starts at `at`.
#[inline]
pub(crate) fn number(text: &[u8], at: usize) -> Result<usize, Fault> {
    let mut end = at + usize::from(text.get(at) == Some(&b'-'));
    match text.get(end) {
        Some(b'0') => end += 1,
        Some(b'1'..=b'9') => end = digits(text, end)?,
        _ => return Err(Fault::new("no value", at)),
    }
    if text.get(end) == Some(&b'.') {
        end = digits(text, end + 1)?;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        end += 1;
        end += usize::from(matches!(text.get(end), Some(b'+' | b'-')));
        end = digits(text, end)?;
    }
    Ok(end)
}

#[inline]
fn digits(text: &[u8], at: usize) -> Result<usize, Fault> {
    let mut end = at;
    while text.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    if end == at { Err(Fault::new("a number without digits", at)) } else { Ok(end) }
}
