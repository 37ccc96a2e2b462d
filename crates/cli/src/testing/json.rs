//! JSON as a person compares it: keys sorted, numbers by value.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Deeper texts are compared as they are.
const DEEPEST: usize = 128;

/// A value. Equal values have the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// In the one form that all numbers of this value have.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
    /// What is no JSON.
    Other(String),
}

impl Json {
    /// Reads a text; one that is no JSON stays what it is.
    pub(super) fn of(text: &str) -> Self {
        serde_json::from_str::<&RawValue>(text)
            .ok()
            .and_then(|raw| read(raw, 0))
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    /// What of it `like` names too. A list has as many items as it has.
    pub(super) fn only(&self, like: &Self) -> Self {
        match (self, like) {
            (Self::Object(fields), Self::Object(named)) => {
                let fields = named.iter().filter_map(|(key, like)| Some((key.clone(), fields.get(key)?.only(like))));
                Self::Object(fields.collect())
            }
            (Self::List(items), Self::List(named)) => {
                let item =
                    |(at, item): (usize, &Self)| named.get(at).map_or_else(|| item.clone(), |like| item.only(like));
                Self::List(items.iter().enumerate().map(item).collect())
            }
            _ => self.clone(),
        }
    }

    /// Its text in lines.
    pub(super) fn lines(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Other(text) => text.chars().for_each(|character| match character.is_control() {
                true => out.extend(character.escape_default()),
                false => out.push(character),
            }),
            Self::List(items) => {
                block(out, depth, '[', ']', items.iter(), |item, out| item.write(depth + 1, out));
            }
            Self::Object(fields) => block(out, depth, '{', '}', fields.iter(), |(key, value), out| {
                out.push_str(&quoted(key));
                out.push_str(": ");
                value.write(depth + 1, out);
            }),
        }
    }
}

fn block<T>(
    out: &mut String,
    depth: usize,
    open: char,
    close: char,
    items: impl ExactSizeIterator<Item = T>,
    each: impl Fn(T, &mut String),
) {
    out.push(open);
    let last = items.len();
    for (at, item) in items.enumerate() {
        out.push('\n');
        out.push_str(&"  ".repeat(depth + 1));
        each(item, out);
        if at + 1 < last {
            out.push(',');
        } else {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    }
    out.push(close);
}

fn quoted(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text can be written as JSON");
    // JSON leaves these as they are, and terminals obey them.
    quoted
        .chars()
        .map(
            |character| {
                if character.is_control() { format!("\\u{:04x}", u32::from(character)) } else { character.into() }
            },
        )
        .collect()
}

fn read(raw: &RawValue, depth: usize) -> Option<Json> {
    let text = raw.get();
    if depth > DEEPEST {
        return None;
    }
    Some(match text.as_bytes().first()? {
        b'n' => Json::Null,
        b't' => Json::Bool(true),
        b'f' => Json::Bool(false),
        b'"' => Json::Text(serde_json::from_str(text).ok()?),
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Json::List(items.into_iter().map(|item| read(item, depth + 1)).collect::<Option<_>>()?)
        }
        b'{' => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let field = |(key, value)| Some((key, read(value, depth + 1)?));
            Json::Object(fields.into_iter().map(field).collect::<Option<_>>()?)
        }
        _ => Json::Number(number(text)),
    })
}

/// The one form of a number of this value: as an integer or a decimal where that is short.
fn number(text: &str) -> String {
    const LONGEST: i64 = 30;
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    // An exponent beyond that has no value that could be compared.
    let Ok(exponent) = exponent.parse::<i32>() else { return format!("{sign}{text}") };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    // Where the point stands in the digits that are left.
    let point = length(whole) + i64::from(exponent) - (length(&all) - length(digits));
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    if point <= 0 && point > -7 {
        return format!("{sign}0.{}{digits}", zeros(-point));
    }
    if point > 0 && point <= LONGEST.max(length(digits)) {
        let at = usize::try_from(point).unwrap_or(usize::MAX);
        return match digits.split_at_checked(at) {
            Some((whole, "")) => format!("{sign}{whole}"),
            Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
            None => format!("{sign}{digits}{}", zeros(point - length(digits))),
        };
    }
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{dot}{rest}e{}", point - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_by_value_and_only_then() {
        for (one, other) in [
            ("1", "1.0"),
            ("1", "10e-1"),
            ("-0", "0"),
            ("0.0", "0e9"),
            ("1200", "1.2E+3"),
            ("0.00012", "12e-5"),
            ("1e400", "10e399"),
            ("12345678901234567890123", "12345678901234567890123.000"),
        ] {
            assert_eq!(number(one), number(other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "-1"),
            ("9007199254740993", "9007199254740992"),
            ("12345678901234567890123", "12345678901234567890124"),
            ("0.1", "0.10000000000000001"),
            ("1e400", "1e401"),
            ("1e99999999999", "1e99999999998"),
        ] {
            assert_ne!(number(one), number(other), "{one} {other}");
        }
        let plain = ["1.10", "-20", "0.05", "100", "1e31", "1.5e-9"].map(number);
        assert_eq!(plain, ["1.1", "-20", "0.05", "100", "1e31", "1.5e-9"]);
    }

    #[test]
    fn what_is_named_is_left_of_it() {
        let only = |of: &str, like: &str| Json::of(of).only(&Json::of(like));
        assert_eq!(only(r#"{"a":1,"b":{"c":2,"d":3}}"#, r#"{"b":{"c":9},"x":1}"#), Json::of(r#"{"b":{"c":2}}"#));
        assert_eq!(only(r#"[{"a":1,"b":2},3]"#, r#"[{"a":0}]"#), Json::of(r#"[{"a":1},3]"#));
        assert_eq!(only("1", r#"{"a":1}"#), Json::of("1"));
    }

    #[test]
    fn keys_are_sorted_and_nothing_reaches_a_terminal_that_it_obeys() {
        assert_eq!(Json::of(r#"{"b":[],"a":[1,{}]}"#).lines(), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
        assert_eq!(Json::of("no\u{1b}[31m json").lines(), "no\\u{1b}[31m json");
        assert_eq!(Json::of("\"\u{9b}\"").lines(), "\"\\u009b\"");
        let deep = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
        assert_eq!(Json::of(&deep), Json::Other(deep));
    }
}
