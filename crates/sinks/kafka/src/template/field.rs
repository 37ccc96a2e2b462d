//! Finds one field in an event's JSON text: a scan that stops where the field ends.

use std::borrow::Cow;

/// Appends the field's text: a string without its quotes, a number or a boolean as it is written. `None` where there is
/// nothing, null, an object or an array. Of names that come twice the first counts.
pub(super) fn append(json: &[u8], path: &[String], out: &mut Vec<u8>) -> Option<()> {
    let mut scan = Scan { text: json, at: 0 };
    let (last, parents) = path.split_last()?;
    for name in parents {
        scan.member(name)?;
    }
    scan.member(last)?;
    match scan.peek()? {
        b'"' => {
            scan.at += 1;
            let raw = scan.string()?;
            let before = out.len();
            if unescape(raw, out).is_none() {
                out.truncate(before);
                return None;
            }
        }
        b'{' | b'[' | b'n' => return None,
        _ => {
            let start = scan.at;
            scan.scalar();
            out.extend_from_slice(&scan.text[start..scan.at]);
        }
    }
    Some(())
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// Goes into the object that begins here, to the value of its member `name`.
    fn member(&mut self, name: &str) -> Option<()> {
        self.take(b'{')?;
        loop {
            self.take(b'"')?;
            let key = self.string()?;
            let found = is(key, name);
            self.take(b':')?;
            self.peek()?;
            if found {
                return Some(());
            }
            self.value()?;
            self.take(b',')?;
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// To behind the quote that ends a string; what stands before it, as it is written.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        loop {
            let rest = self.text.get(self.at..)?;
            let place = memchr::memchr2(b'"', b'\\', rest)?;
            if rest[place] == b'"' {
                self.at += place + 1;
                return Some(&self.text[start..self.at - 1]);
            }
            self.at += place + 2;
        }
    }

    fn scalar(&mut self) {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    /// To behind a value.
    fn value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string()?;
            }
            b'{' | b'[' => self.nested()?,
            _ => self.scalar(),
        }
        Some(())
    }

    fn nested(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            let byte = *self.text.get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }
}

fn is(raw: &[u8], name: &str) -> bool {
    if raw == name.as_bytes() {
        return true;
    }
    let written: Cow<'_, [u8]> = if raw.contains(&b'\\') {
        let mut text = Vec::new();
        if unescape(raw, &mut text).is_none() {
            return false;
        }
        text.into()
    } else {
        return false;
    };
    *written == *name.as_bytes()
}

/// Appends a string's text. `None` where an escape is none.
fn unescape(mut raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    while let Some(place) = memchr::memchr(b'\\', raw) {
        out.extend_from_slice(&raw[..place]);
        let letter = *raw.get(place + 1)?;
        raw = &raw[place + 2..];
        let plain = match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut utf8 = [0; 4];
                out.extend_from_slice(unicode(&mut raw)?.encode_utf8(&mut utf8).as_bytes());
                continue;
            }
            _ => return None,
        };
        out.push(plain);
    }
    out.extend_from_slice(raw);
    Some(())
}

/// What stands after `\u`, and after a second one where two make a character.
fn unicode(raw: &mut &[u8]) -> Option<char> {
    let first = unit(raw)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let mut rest = *raw;
    if let Some(after) = rest.strip_prefix(b"\\u") {
        rest = after;
        let second = unit(&mut rest)?;
        if (0xdc00..0xe000).contains(&second) {
            *raw = rest;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
    }
    Some(char::REPLACEMENT_CHARACTER)
}

fn unit(raw: &mut &[u8]) -> Option<u32> {
    let (digits, rest) = raw.split_at_checked(4)?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    *raw = rest;
    u32::from_str_radix(digits, 16).ok()
}
