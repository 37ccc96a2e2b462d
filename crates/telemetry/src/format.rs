use std::fmt::Write;

use adr_core::Timestamp;
use serde_json::{Map, Value, json};
use tracing::Level;

use crate::fields::Fields;

/// One thing to say.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) time: Timestamp,
    pub(crate) level: Level,
    pub(crate) target: &'static str,
    pub(crate) fields: Fields,
}

/// How text lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) color: bool,
    /// Time of day only, as suits a person who watches; else the whole timestamp.
    pub(crate) short_time: bool,
    /// Say which module speaks.
    pub(crate) target: bool,
}

/// `12:34:56.789Z  WARN page refused status=429 tenant=acme`
pub(crate) fn text(line: &Line, look: Look) -> String {
    let paint = |code: &str, text: &str| {
        if look.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let time = line.time.to_rfc3339_millis();
    let time = if look.short_time { time.split_once('T').map_or(&*time, |(_, time)| time) } else { &time };
    let level = match line.level {
        Level::ERROR => paint("31", "ERROR"),
        Level::WARN => paint("33", " WARN"),
        Level::INFO => paint("32", " INFO"),
        Level::DEBUG => paint("34", "DEBUG"),
        Level::TRACE => paint("35", "TRACE"),
    };
    let mut text = format!("{} {level} ", paint("2", time));
    push_words(&mut text, line, look.target, paint);
    text.push('\n');
    text
}

/// Telegraf reads lines of 64 KiB and stops reading for good at a longer one.
const TELEGRAF_LINE: usize = 16 << 10;

/// `W! page refused status=429 tenant=acme`: the time is Telegraf's own.
pub(crate) fn telegraf(line: &Line, target: bool) -> String {
    let level = match line.level {
        Level::ERROR => "E! ",
        Level::WARN => "W! ",
        Level::INFO => "I! ",
        Level::DEBUG => "D! ",
        Level::TRACE => "T! ",
    };
    let mut text = level.to_owned();
    push_words(&mut text, line, target, |_, text| text.to_owned());
    if text.len() > TELEGRAF_LINE {
        text.truncate(text.floor_char_boundary(TELEGRAF_LINE));
        text.push_str("...");
    }
    text.push('\n');
    text
}

/// What a line of text says after its level.
fn push_words(text: &mut String, line: &Line, target: bool, paint: impl Fn(&str, &str) -> String) {
    if target {
        let _ = write!(text, "{} ", paint("2", &format!("{}:", line.target)));
    }
    push_plain(text, &line.fields.message);
    for (name, value) in &line.fields.list {
        let _ = write!(text, " {}", paint("2", &format!("{name}=")));
        match value {
            Value::String(value) => push_value(text, value),
            other => {
                let _ = write!(text, "{other}");
            }
        }
    }
}

/// `{"timestamp":..,"level":"WARN","message":..,"target":..,"fields":{..}}`
pub(crate) fn json(line: &Line) -> String {
    let fields: Map<String, Value> =
        line.fields.list.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut text = json!({
        "timestamp": line.time.to_rfc3339_millis(),
        "level": line.level.as_str(),
        "message": line.fields.message,
        "target": line.target,
        "fields": fields,
    })
    .to_string();
    text.push('\n');
    text
}

/// No text from outside may begin a line of its own or speak to the terminal.
fn push_plain(text: &mut String, value: &str) {
    for character in value.chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
}

fn push_value(text: &mut String, value: &str) {
    let plain = |character: char| !character.is_control() && !character.is_whitespace() && !"\"=".contains(character);
    if !value.is_empty() && value.chars().all(plain) {
        text.push_str(value);
    } else {
        text.push('"');
        push_plain(text, &value.replace('\\', "\\\\").replace('"', "\\\""));
        text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let mut fields = Fields { message: "page refused".to_owned(), list: Vec::new() };
        fields.set("status", 429.into());
        fields.set("tenant", "acme".into());
        fields.set("why", "too \"many\"\nrequests \u{1b}[2J".into());
        let time = Timestamp::parse(b"2026-11-23T12:34:56.7891Z").expect("a timestamp");
        Line { time, level: Level::WARN, target: "adr_source_jumpcloud::client", fields }
    }

    #[test]
    fn text_is_one_line_whatever_it_is_made_of() {
        let look = Look { color: false, short_time: true, target: false };
        assert_eq!(
            text(&line(), look),
            "12:34:56.789Z  WARN page refused status=429 tenant=acme why=\"too \\\"many\\\"\\nrequests \\u{1b}[2J\"\n"
        );
        let look = Look { color: true, short_time: false, target: true };
        let text = text(&line(), look);
        assert!(text.starts_with("\u{1b}[2m2026-11-23T12:34:56.789Z\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m "), "{text:?}");
        assert!(text.contains("adr_source_jumpcloud::client:"), "{text:?}");
    }

    #[test]
    fn telegraf_gets_its_marks_and_no_line_that_it_cannot_read() {
        assert_eq!(
            telegraf(&line(), false),
            "W! page refused status=429 tenant=acme why=\"too \\\"many\\\"\\nrequests \\u{1b}[2J\"\n"
        );
        let mut long = line();
        long.fields.message = "é".repeat(100_000);
        let text = telegraf(&long, true);
        assert!(text.starts_with("W! adr_source_jumpcloud::client: éé") && text.ends_with("é...\n"), "{}", text.len());
        assert!(text.len() < 64 << 10 && text.lines().count() == 1);
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = json(&line());
        assert_eq!(text.lines().count(), 1);
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            value,
            json!({
                "timestamp": "2026-11-23T12:34:56.789Z",
                "level": "WARN",
                "message": "page refused",
                "target": "adr_source_jumpcloud::client",
                "fields": {"status": 429, "tenant": "acme", "why": "too \"many\"\nrequests \u{1b}[2J"},
            })
        );
    }
}
