//! Splits a page, a JSON array of objects, into the texts of its events. Nothing is parsed to a value.
//!
//! The scan is lenient: it needs the array's outline and nothing else. What is broken inside an element stays that
//! element's own trouble, to be rejected later with its text kept.

use std::ops::Range;

use memchr::memchr2;

/// One element of the array.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where its text stands.
    pub(crate) body: Range<usize>,
    /// Where the raw values of the fields stand that the poller looks at; empty where there is none.
    pub(crate) fields: [Range<usize>; FIELDS],
    /// Its text has raw line breaks in it.
    pub(crate) breaks: bool,
}

/// The fields picked from the first level of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Timestamp,
    EventType,
    Organization,
}

const FIELDS: usize = 4;

impl Row {
    /// The raw JSON of a field, if the event has it.
    pub(crate) fn raw<'t>(&self, field: Field, text: &'t [u8]) -> Option<&'t [u8]> {
        let range = &self.fields[field as usize];
        (!range.is_empty()).then(|| &text[range.clone()])
    }

    /// The inside of a field whose value is a string without escapes: where it stands.
    pub(crate) fn plain(&self, field: Field, text: &[u8]) -> Option<Range<usize>> {
        match self.raw(field, text)? {
            [b'"', inside @ .., b'"'] if memchr::memchr(b'\\', inside).is_none() => {
                let range = &self.fields[field as usize];
                Some(range.start + 1..range.end - 1)
            }
            _ => None,
        }
    }
}

/// Why a page is no array of elements. Says places, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SplitError {
    #[error("the answer is no JSON array")]
    NoArray,
    #[error("the array breaks off after {0} bytes")]
    Truncated(usize),
    #[error("the array ends at byte {0}, but there is more text")]
    Trailing(usize),
}

/// The elements of the array that `text` holds.
pub(crate) fn split(text: &[u8]) -> Result<Vec<Row>, SplitError> {
    let mut scan = Scan { text, at: 0 };
    scan.skip_space();
    if text.get(scan.at) != Some(&b'[') {
        return Err(SplitError::NoArray);
    }
    scan.at += 1;
    let mut rows = Vec::new();
    loop {
        scan.skip_space();
        let mut row = Row { body: scan.at..scan.at, ..Row::default() };
        if scan.peek()? == b'{' {
            scan.object(&mut row)?;
        }
        let last = scan.rest_of_element()? == b']';
        row.body.end = row.body.start + trimmed(&text[row.body.start..scan.at]).len();
        scan.at += 1;
        // `[]` and a trailing comma leave nothing between the separators.
        if !row.body.is_empty() {
            row.breaks = memchr2(b'\n', b'\r', &text[row.body.clone()]).is_some();
            rows.push(row);
        }
        if last {
            break;
        }
    }
    let end = scan.at;
    scan.skip_space();
    if scan.at == text.len() { Ok(rows) } else { Err(SplitError::Trailing(end)) }
}

/// The inside of an array whose outline cannot be read, as one row: the last resort once a page of one row was
/// asked for. `None` if the text does not even end like an array.
pub(crate) fn whole(text: &[u8]) -> Option<Row> {
    let inside = trimmed(text).strip_suffix(b"]")?;
    let start = text.iter().position(|byte| *byte == b'[')? + 1;
    let inside = trimmed(inside.get(start..)?);
    let lead = inside.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let body = start + lead..start + inside.len();
    let breaks = memchr2(b'\n', b'\r', &text[body.clone()]).is_some();
    (!body.is_empty()).then(|| Row { body, breaks, ..Row::default() })
}

/// The same page without white space between tokens, and with raw line breaks inside of strings, which no JSON
/// may have, escaped: so that no event's text has a line break.
pub(crate) fn compact(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => {
                out.push(b'"');
                while let Some(&byte) = text.get(at) {
                    at += 1;
                    match byte {
                        b'\n' => out.extend_from_slice(b"\\n"),
                        b'\r' => out.extend_from_slice(b"\\r"),
                        b'\\' => {
                            out.push(byte);
                            // An escaped line break is no JSON either; its backslash now escapes the `\` of `\n`.
                            if let Some(&next) = text.get(at)
                                && !matches!(next, b'\n' | b'\r')
                            {
                                out.push(next);
                                at += 1;
                            }
                        }
                        _ => out.push(byte),
                    }
                    if byte == b'"' {
                        break;
                    }
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                // Two broken tokens must not grow together into one that looks right.
                let joins = |byte: &u8| {
                    !matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"' | b' ' | b'\t' | b'\n' | b'\r')
                };
                if out.last().is_some_and(joins) && text.get(at).is_some_and(joins) {
                    out.push(b' ');
                }
            }
            _ => out.push(byte),
        }
    }
    out
}

fn trimmed(text: &[u8]) -> &[u8] {
    text.trim_ascii_end()
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Result<u8, SplitError> {
        self.text.get(self.at).copied().ok_or(SplitError::Truncated(self.text.len()))
    }

    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// From the opening quote to behind the closing one. Says whether there are escapes inside.
    #[inline]
    fn string(&mut self) -> Result<bool, SplitError> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at = special(self.text, self.at).ok_or(SplitError::Truncated(self.text.len()))?;
            if self.text[self.at] == b'"' {
                self.at += 1;
                return Ok(escaped);
            }
            escaped = true;
            self.at += 2;
        }
    }

    /// From `{` to behind its `}`, picking fields at the first level on the way.
    fn object(&mut self, row: &mut Row) -> Result<(), SplitError> {
        let text = self.text;
        self.at += 1;
        let mut at_key = true;
        let mut field: Option<Field> = None;
        let mut value = 0;
        loop {
            match self.peek()? {
                b'"' => {
                    let start = self.at;
                    let escaped = self.string()?;
                    if at_key {
                        at_key = false;
                        field = field_named(&text[start..self.at], escaped);
                        // Nearly always: no need to go round for it.
                        if text.get(self.at) == Some(&b':') {
                            self.at += 1;
                            value = self.at;
                        }
                    }
                }
                b'{' | b'[' => {
                    self.nested()?;
                    at_key = false;
                }
                end @ (b',' | b'}' | b']') => {
                    if let Some(field) = field.take()
                        && value > 0
                    {
                        row.fields[field as usize] = inner(text, value..self.at);
                    }
                    (at_key, value) = (true, 0);
                    self.at += 1;
                    if end != b',' {
                        return Ok(());
                    }
                }
                other => {
                    self.at += 1;
                    if other == b':' && value == 0 {
                        value = self.at;
                    }
                }
            }
        }
    }

    /// From a bracket to behind the one that closes it. Which kind closes which is not looked at.
    fn nested(&mut self) -> Result<(), SplitError> {
        self.at += 1;
        let mut depth = 1usize;
        while depth > 0 {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    // A colon or a comma stands behind nearly every string, and neither matters here.
                    self.at += usize::from(matches!(self.text.get(self.at), Some(b':' | b',')));
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// To the `,` or `]` that ends the element; where it was an object, only white space is left before it.
    fn rest_of_element(&mut self) -> Result<u8, SplitError> {
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => self.nested()?,
                end @ (b',' | b']') => return Ok(end),
                _ => self.at += 1,
            }
        }
    }
}

/// Where the next `"` or `\` stands, from `at` on.
#[inline]
fn special(text: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = ONES * b'"' as u64;
    const ESCAPES: u64 = ONES * b'\\' as u64;
    // Most strings are short: a few words at a time cost less than a call. The lowest byte that is found is exact.
    let mut rest = text.get(at..)?;
    for _ in 0..4 {
        let Some((word, after)) = rest.split_first_chunk::<8>() else { break };
        let word = u64::from_le_bytes(*word);
        let (quotes, escapes) = (word ^ QUOTES, word ^ ESCAPES);
        let found = ((quotes.wrapping_sub(ONES) & !quotes) | (escapes.wrapping_sub(ONES) & !escapes)) & HIGHS;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        (at, rest) = (at + 8, after);
    }
    memchr2(b'"', b'\\', rest).map(|length| at + length)
}

fn inner(text: &[u8], range: Range<usize>) -> Range<usize> {
    let value = trimmed(&text[range.clone()]);
    let lead = value.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    range.start + lead..range.start + value.len()
}

/// The field that a key names, quotes included.
fn field_named(key: &[u8], escaped: bool) -> Option<Field> {
    if escaped {
        let plain: String = serde_json::from_slice(key).ok()?;
        return field_named(format!("\"{plain}\"").as_bytes(), false);
    }
    match key {
        b"\"id\"" => Some(Field::Id),
        b"\"timestamp\"" => Some(Field::Timestamp),
        b"\"event_type\"" => Some(Field::EventType),
        b"\"organization\"" => Some(Field::Organization),
        _ => None,
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
