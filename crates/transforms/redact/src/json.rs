//! Finds the ends of things in a text that is known to be JSON.

use std::borrow::Cow;

/// Values are nested this deep at most, as other readers have it.
pub(crate) const DEEPEST: usize = 128;

/// A value is nested deeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

/// The first place from `at` on that is no white space.
pub(crate) fn skip_space(text: &str, mut at: usize) -> usize {
    while matches!(text.as_bytes().get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the string that begins at `at` ends, quotes included.
pub(crate) fn string_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = at + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Where the value that begins at `at` ends.
pub(crate) fn value_end(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut open = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(text, at),
            b'{' | b'[' => {
                open += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                open -= 1;
                at += 1;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {
                at += 1;
                continue;
            }
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
                at = bytes[at..].iter().position(ends).map_or(bytes.len(), |length| at + length);
            }
        }
        if open == 0 {
            return at;
        }
    }
    bytes.len()
}

/// Hands over the strings in a value, each after the last key before it, as they are written.
pub(crate) fn each_string<'a>(text: &'a str, mut each: impl FnMut(&'a str, &'a str)) {
    let (mut at, mut key) = (0, "");
    while let Some(found) = memchr::memchr(b'"', &text.as_bytes()[at..]) {
        let start = at + found;
        at = string_end(text, start);
        let inner = &text[start + 1..at - 1];
        if text.as_bytes().get(skip_space(text, at)) == Some(&b':') {
            key = inner;
        } else {
            each(key, inner);
        }
    }
}

/// What stands between the quotes, read. Half a surrogate pair is U+FFFD.
pub(crate) fn unescape(inner: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else { return inner.into() };
    let mut text = String::with_capacity(inner.len());
    text.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some(after) = rest.strip_prefix('\\') {
        let (char, length) = escape(after);
        text.push(char);
        rest = &after[length..];
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    text.into()
}

/// What comes after a backslash: the character, and how long it is written.
fn escape(after: &str) -> (char, usize) {
    let hex = |at: usize| after.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match after.as_bytes().first() {
        Some(b'n') => ('\n', 1),
        Some(b't') => ('\t', 1),
        Some(b'r') => ('\r', 1),
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'u') => match (hex(1), after.get(5..7).and_then(|_| hex(7))) {
            (Some(high @ 0xD800..0xDC00), Some(low @ 0xDC00..0xE000)) if &after[5..7] == "\\u" => {
                let char = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(char).unwrap_or(char::REPLACEMENT_CHARACTER), 11)
            }
            (one, _) => (one.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
        },
        Some(byte) => (char::from(*byte), 1),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

/// The text as a JSON string.
pub(crate) fn quote(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing a text to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_are_found() {
        for value in [r#""a\"]\\""#, "-1.5e3", "null", "{}", r#"{"a":[1,{"b":"}"}],"c" : 2}"#, "[ ]", "[[],[[1 ]] ]"] {
            for after in ["", ",1", " ,", "}", "]", " "] {
                assert_eq!(value_end(&format!("{value}{after}"), 0), value.len(), "{value}{after}");
            }
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_way_out() {
        assert_eq!(unescape(r"\ud83d\ude00"), "😀");
        assert_eq!(unescape(r"\ud83d\u0061"), "\u{fffd}a");
        assert_eq!(unescape(r"\ude00x\ud83d"), "\u{fffd}x\u{fffd}");
        assert_eq!(unescape(r"\ud83d\\u0061"), "\u{fffd}\\u0061");
    }

    proptest! {
        #[test]
        fn strings_are_read_as_others_read_them(text in any::<String>(), escape_all in any::<bool>()) {
            let mut quoted = Vec::new();
            if escape_all {
                let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
                quoted = format!("\"{units}\"").into_bytes();
            } else {
                quote(&text, &mut quoted);
            }
            let quoted = String::from_utf8(quoted).unwrap();
            prop_assert_eq!(string_end(&quoted, 0), quoted.len());
            prop_assert_eq!(&*unescape(&quoted[1..quoted.len() - 1]), &text);
        }
    }
}
