//! JSON text to a value: no text is copied that has no escapes in it, numbers keep their text, depth is bounded.

use bytes::Bytes;
use jaq_json::{Map, Val};
use memchr::memchr2;

use super::{Value, number};

/// How many arrays and objects may stand in one another in a text.
const MAX_DEPTH: u16 = 128;
/// How long a number may be: whoever compares it or calculates with it reads its text each time.
const MAX_NUMBER: usize = 1000;

struct Reader<'a> {
    source: &'a Bytes,
    at: usize,
    deepest: u16,
}

/// Reads one JSON value. The error says where and why.
pub(crate) fn parse(source: &Bytes) -> Result<Value, String> {
    let mut reader = Reader { source, at: 0, deepest: 0 };
    let val = reader.value(0)?;
    match reader.peek() {
        None => Ok(Value { val, depth: reader.deepest }),
        Some(_) => Err(reader.fault("something after its end")),
    }
}

impl Reader<'_> {
    fn fault(&self, what: &str) -> String {
        format!("no JSON, {what} at byte {}", self.at)
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.source.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, depth: u16) -> Result<Val, String> {
        match self.peek() {
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.array(self.deeper(depth)?),
            Some(b'"') => Ok(Val::utf8_str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Val::Bool(true)),
            Some(b'f') => self.word("false", Val::Bool(false)),
            Some(b'n') => self.word("null", Val::Null),
            Some(_) => Err(self.fault("an unexpected character")),
            None => Err(self.fault("its end")),
        }
    }

    fn deeper(&self, depth: u16) -> Result<u16, String> {
        if depth >= MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} deep at byte {}", self.at));
        }
        Ok(depth + 1)
    }

    fn word(&mut self, word: &str, val: Val) -> Result<Val, String> {
        if !self.source[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("an unexpected character"));
        }
        self.at += word.len();
        Ok(val)
    }

    fn array(&mut self, depth: u16) -> Result<Val, String> {
        self.deepest = self.deepest.max(depth);
        self.at += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Val::Arr(items.into()));
        }
        loop {
            items.push(self.value(depth)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Val::Arr(items.into()));
                }
                _ => return Err(self.fault("no comma or bracket")),
            }
        }
    }

    fn object(&mut self, depth: u16) -> Result<Val, String> {
        self.deepest = self.deepest.max(depth);
        self.at += 1;
        let mut entries = Map::default();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Val::obj(entries));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fault("no key"));
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.fault("no colon"));
            }
            self.at += 1;
            let val = self.value(depth)?;
            entries.insert(Val::utf8_str(key), val);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Val::obj(entries));
                }
                _ => return Err(self.fault("no comma or brace")),
            }
        }
    }

    fn number(&mut self) -> Result<Val, String> {
        let text = &self.source[self.at..];
        let end = number_end(text).ok_or_else(|| self.fault("a broken number"))?;
        if end > MAX_NUMBER {
            return Err(self.fault(&format!("a number of more than {MAX_NUMBER} characters")));
        }
        let text = std::str::from_utf8(&text[..end]).map_err(|_| self.fault("a broken number"))?;
        self.at += end;
        Ok(Val::Num(number(text)))
    }

    fn string(&mut self) -> Result<Bytes, String> {
        self.at += 1;
        let start = self.at;
        let source = self.source;
        let mut made: Option<Vec<u8>> = None;
        loop {
            let rest = &source[self.at..];
            let Some(end) = memchr2(b'"', b'\\', rest) else { return Err(self.fault("a text without end")) };
            self.at += end + 1;
            if rest[end] == b'"' {
                return Ok(match made {
                    None => source.slice(start..self.at - 1),
                    Some(mut made) => {
                        made.extend_from_slice(&rest[..end]);
                        made.into()
                    }
                });
            }
            let made = made.get_or_insert_default();
            made.extend_from_slice(&rest[..end]);
            let escaped = self.escape().ok_or_else(|| self.fault("a broken escape"))?;
            made.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// What stands after a backslash. Half of a surrogate pair alone becomes U+FFFD, as in jq.
    fn escape(&mut self) -> Option<char> {
        let kind = *self.source.get(self.at)?;
        self.at += 1;
        Some(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                if !self.source[self.at..].starts_with(b"\\u") {
                    return Some(char::REPLACEMENT_CHARACTER);
                }
                let before = self.at;
                self.at += 2;
                let second = self.hex()?;
                if !(0xdc00..0xe000).contains(&second) {
                    self.at = before;
                    return Some(char::REPLACEMENT_CHARACTER);
                }
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.source.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
    }
}

/// Where a number ends that is one in JSON's grammar.
fn number_end(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let count = text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    let start = usize::from(text.first() == Some(&b'-'));
    let mut end = digits(start)?;
    if text[start] == b'0' && end > start + 1 {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    fn again(text: &str) -> Result<String, String> {
        let value = parse(&Bytes::copy_from_slice(text.as_bytes()))?;
        let mut out = Vec::new();
        write(value.val(), &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn numbers_keep_their_text() {
        let long = "7".repeat(MAX_NUMBER);
        for number in ["0", "-0", "1.10", "1E5", "-0.0", "1e-7", "9007199254740993", "18446744073709551616", &long] {
            assert_eq!(again(number).as_deref(), Ok(number));
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "NaN",
            "nul",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "{} {}",
            "b\"a\"",
            "# c\n1",
            "-",
            "[1 2]",
            "{1:2}",
            "\"\\",
            "\"\\ud800\\u",
            &"7".repeat(MAX_NUMBER + 1),
        ] {
            assert!(again(text).is_err(), "{text}");
        }
    }

    #[test]
    fn escapes_mean_what_they_mean_and_half_a_pair_is_replaced() {
        assert_eq!(again(r#""\ud83d\ude00 \u00e9\/\b""#).as_deref(), Ok(r#""😀 é/\b""#));
        assert_eq!(again(r#""\ud800x\udc00\ud800\u0041""#).as_deref(), Ok("\"\u{fffd}x\u{fffd}\u{fffd}A\""));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(again(&nested(usize::from(MAX_DEPTH))).is_ok());
        assert!(again(&nested(usize::from(MAX_DEPTH) + 1)).unwrap_err().contains("nested more than 128 deep"));
        assert!(again(&"[{\"a\":".repeat(1_000_000)).is_err());
    }
}
