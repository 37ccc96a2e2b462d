//! The characters of a JSON string, and JSON strings of characters.

use super::scan;

/// The characters of a string's inside (without quotes), escapes undone. Half surrogates become U+FFFD.
pub(crate) fn decode(inside: &[u8]) -> String {
    let mut plain = Vec::with_capacity(inside.len());
    decode_into(inside, &mut plain);
    // Keys are read before the text is known to be UTF-8; if it is not, the event is rejected anyway.
    String::from_utf8(plain).unwrap_or_else(|odd| String::from_utf8_lossy(odd.as_bytes()).into_owned())
}

/// Appends the characters of a string's inside.
pub(crate) fn decode_into(inside: &[u8], plain: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(byte) = inside.get(at) {
        if *byte != b'\\' {
            plain.push(*byte);
            at += 1;
            continue;
        }
        let escape = inside.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        let character = match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => unicode(inside, &mut at),
            other => char::from(other),
        };
        plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn unicode(inside: &[u8], at: &mut usize) -> char {
    let high = scan::unit(inside, *at).unwrap_or(0xFFFD);
    *at += 4;
    if !(0xD800..0xDC00).contains(&high) || inside.get(*at..*at + 2) != Some(b"\\u") {
        return char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    let low = scan::unit(inside, *at + 2).unwrap_or(0);
    if !(0xDC00..0xE000).contains(&low) {
        return char::REPLACEMENT_CHARACTER;
    }
    *at += 6;
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Appends `text` as a JSON string.
pub(crate) fn quote(text: &str, out: &mut Vec<u8>) {
    let text = text.as_bytes();
    out.push(b'"');
    let mut from = 0;
    loop {
        let (at, _) = scan::plain(text, from);
        out.extend_from_slice(&text[from..at]);
        let Some(byte) = text.get(at) else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend([HEX[usize::from(control >> 4)], HEX[usize::from(control & 15)]]);
            }
        }
        from = at + 1;
    }
    out.push(b'"');
}
