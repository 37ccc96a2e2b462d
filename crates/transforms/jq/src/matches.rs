//! Regular expressions at work: their matches as values.

use jaq_core::{Cv, Error, ValR};
use jaq_json::Val;
use jaq_std::ValT as _;
use regex::bytes::{Captures, Regex};

use crate::functions::{Jq, text};
use crate::meter::spend;
use crate::value::Value;

/// So many bytes may be searched for a step where a search follows another in the same text. Few are really looked at in
/// most texts, and so it is more than elsewhere.
const SEARCHED: usize = 256;

/// A text that is searched, with the value it is of.
pub(crate) struct Text<'a>(pub(crate) &'a [u8], &'a Value);

pub(crate) fn search(mut cv: Cv<'_, Jq>, run: impl Fn(&Regex, &str, &Text<'_>) -> ValR<Value>) -> ValR<Value> {
    let flags = cv.0.pop_var();
    let pattern = cv.0.pop_var();
    let regexes = cv.0.data().regexes;
    let utf8 = |value: &Value| {
        let text = text(value)?;
        String::from_utf8(text.to_vec()).map_err(Error::str)
    };
    let pattern = utf8(&pattern)?;
    let flags = if matches!(flags.val(), Val::Null) { String::new() } else { utf8(&flags)? };
    let subject = text(&cv.1)?;
    spend(1 + subject.len() / 8);
    let regex = regexes.get(&pattern, &flags).map_err(Error::str)?;
    run(&regex, &flags, &Text(subject, &cv.1))
}

/// What stands between matches, and the matches, as one list.
pub(crate) fn matches(regex: &Regex, flags: &str, text: &Text<'_>, (between, found): (bool, bool)) -> ValR<Value> {
    let mut out = Vec::new();
    let mut last = 0;
    let mut places = Places { text: text.0, byte: 0, character: 0 };
    for captures in regex.captures_iter(text.0) {
        spend(4 + captures.len());
        let Some(whole) = captures.get(0) else { continue };
        if flags.contains('g') {
            // The next search may look at all that is left, however near its match is.
            spend((text.0.len() - whole.end()) / SEARCHED);
        }
        if flags.contains('n') && whole.is_empty() {
            continue;
        }
        if between {
            out.push(text.1.as_sub_str(&text.0[last..whole.start()]));
            last = whole.end();
        }
        if found {
            out.push(describe(regex, &captures, text, &mut places)?);
        }
        if !flags.contains('g') {
            break;
        }
    }
    if between {
        out.push(text.1.as_sub_str(&text.0[last..]));
    }
    Ok(out.into_iter().collect())
}

/// A match and its groups, as jq's `match` has them.
fn describe(regex: &Regex, captures: &Captures<'_>, text: &Text<'_>, places: &mut Places<'_>) -> ValR<Value> {
    use jaq_core::ValT as _;
    let start = captures.get(0).map_or(0, |whole| whole.start());
    places.go(start);
    let groups = captures.iter().zip(regex.capture_names()).enumerate().map(|(index, (group, name))| {
        let (offset, length, string) = match group {
            Some(group) => {
                let mut offset = Places { ..*places };
                offset.go(group.start());
                let length = characters(group.as_bytes());
                (Value::from(offset.character), Value::from(length), text.1.as_sub_str(group.as_bytes()))
            }
            None => (Value::from(-1isize), Value::from(0usize), Value::default()),
        };
        let name = (index > 0).then(|| name.map_or_else(Value::default, |name| Value::from(name.to_owned())));
        let fields = [("offset", offset), ("length", length), ("string", string)];
        let fields = fields.into_iter().chain(name.map(|name| ("name", name)));
        Value::from_map(fields.map(|(key, value)| (Value::text(key), value)))
    });
    groups.collect()
}

/// Where bytes stand in characters.
#[derive(Clone, Copy)]
struct Places<'a> {
    text: &'a [u8],
    byte: usize,
    character: usize,
}

impl Places<'_> {
    fn go(&mut self, byte: usize) {
        if byte > self.byte {
            spend((byte - self.byte) / 32);
            self.character += characters(&self.text[self.byte..byte]);
            self.byte = byte;
        }
    }
}

fn characters(text: &[u8]) -> usize {
    // Every byte that does not continue a character begins one.
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
