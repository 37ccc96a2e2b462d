//! Texts as a record can have them.

/// Whether a text can stand in a record as it is: not empty, nothing that a reader may trim, no control character
/// but, with `breaks`, those that end lines. Neither CEF nor LEEF can write the others, and some receivers end or
/// change a message at one. (DEL, the controls above it and line separators of Unicode are characters like others
/// to every specification here.)
pub(super) fn fits(text: &[u8], breaks: bool) -> bool {
    let allowed = |byte: &u8| *byte >= 0x20 || breaks && matches!(byte, b'\n' | b'\r');
    has_firm_ends(text) && text.iter().all(allowed)
}

/// The same of a text that is known to have no control characters.
#[inline]
pub(super) fn has_firm_ends(text: &[u8]) -> bool {
    matches!((text, text), ([first, ..], [.., last]) if *first != b' ' && *last != b' ')
}

/// Appends `text` with a backslash before each byte that is one of `marks`.
#[inline]
pub(super) fn escape(text: &[u8], marks: [u8; 2], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(marks[0], marks[1], rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// The same, with line breaks as `\n` and `\r`.
pub(super) fn escape_breaks(text: &[u8], marks: [u8; 2], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        escape(&rest[..at], marks, out);
        out.extend_from_slice(if rest[at] == b'\n' { b"\\n" } else { b"\\r" });
        rest = &rest[at + 1..];
    }
    escape(rest, marks, out);
}

/// Appends a JSON text in one line as a JSON string. It is full of quotes, so every byte takes the same way, without
/// a guess.
pub(super) fn quote(json: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 2 * json.len() + 2, b'"');
    let target = &mut out[start..];
    let mut at = 1;
    for byte in json {
        target[at] = b'\\';
        at += usize::from(matches!(byte, b'"' | b'\\'));
        target[at] = *byte;
        at += 1;
    }
    target[at] = b'"';
    out.truncate(start + at + 1);
}

/// Appends a JSON text without the white space between its tokens: no line break is left, as strings have none.
pub(super) fn squeeze(json: &[u8], out: &mut Vec<u8>) {
    let (mut in_string, mut after_backslash) = (false, false);
    for byte in json {
        if in_string {
            (in_string, after_backslash) = (after_backslash || *byte != b'"', !after_backslash && *byte == b'\\');
        } else if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            continue;
        } else {
            in_string = *byte == b'"';
        }
        out.push(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        for (json, squeezed) in [
            (" {\r\n\t\"a b\" : [ 1 , \"c \\\" d\" ] } ", "{\"a b\":[1,\"c \\\" d\"]}"),
            ("[\"\\\\\" , \" \\\\\\\" \"]", "[\"\\\\\",\" \\\\\\\" \"]"),
        ] {
            let mut out = Vec::new();
            squeeze(json.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).expect("text"), squeezed);
        }
    }

    #[test]
    fn what_readers_trim_or_end_at_does_not_fit() {
        for (text, alone, with_breaks) in [
            ("a b|c=d\\", true, true),
            ("", false, false),
            (" a", false, false),
            ("a ", false, false),
            ("a\tb", false, false),
            ("a\0b", false, false),
            ("a\nb\r", false, true),
            ("\u{202e}\u{2028}😀", true, true),
        ] {
            assert_eq!((fits(text.as_bytes(), false), fits(text.as_bytes(), true)), (alone, with_breaks), "{text:?}");
        }
    }
}
