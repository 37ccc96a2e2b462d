//! Events that break what is not careful, and the messages that should come of them.

use adr_core::{Event, Meta, Severity, Timestamp};

/// 2026-01-31T00:00:00Z
const MIDNIGHT: i64 = 1_769_817_600_000;

/// A tenant whose name needs every escape that structured data has.
const TENANT: &str = r#"acme "ü" [a] \ co"#;
const TENANT_ESCAPED: &str = r#"acme \"ü\" [a\] \\ co"#;

/// Bodies of events: JSON objects on one line, each hostile in its own way.
pub(crate) fn hostile_bodies() -> Vec<String> {
    let texts = [
        r#"plain"#,
        r#"\"quoted\" and 'single' and `ticks`"#,
        r#"back\\slash, \\\\unc\\path, ends in \\"#,
        r#"line\nfeed, carriage\r\nreturn, tab\t, null \u0000, bell \u0007, escape \u001b[31m"#,
        r#"a | pipe, an = sign, \\| and \\= and a ^ caret, CEF:0|v|p|1|id|name|9|k=v"#,
        r#"]] closing ] brackets \" [x@1 y=\"z\"] <134>1 - - - - - <13>Oct 11 22:14:15 host app:"#,
        r#"123 456 <7>, 99999999999999999999 <13>x"#,
        r#"%s %n %rawmsg% $MESSAGE ${HOST} \\n $(ls) `id` %{x}"#,
        "grüße, ελληνικά, кириллица, 日本語, हिन्दी, עברית ‏, \u{202e}turned",
        "🦀🔐👨‍👩‍👧‍👦 e\u{301} \u{feff}inner bom\u{feff} \u{2028}line sep\u{2029} \u{85}nel \u{a0}nbsp",
        "\u{7f}delete \u{80}\u{9f}c1 \u{fffd}\u{ffff}\u{10ffff}",
        "  spaces  at  both  ends  ",
        "",
    ];
    let bodies = texts.iter().enumerate().map(|(number, text)| format!(r#"{{"number":{number},"message":"{text}"}}"#));
    // Between its tokens JSON may have a tab as it is.
    bodies.chain(["{\t\"message\":\t\"tabs\"\t}".to_owned()]).collect()
}

/// A body of exactly so many bytes, most of them of two-byte characters.
pub(crate) fn body_of(bytes: usize) -> String {
    let (before, after) = (r#"{"message":""#, r#""}"#);
    let left = bytes - before.len() - after.len();
    format!("{before}{}{}{after}", "ü".repeat(left / 2), "x".repeat(left % 2))
}

/// So many events with hostile bodies, numbered by their ids.
pub(crate) fn hostile_events(count: usize) -> Vec<Event> {
    let bodies = hostile_bodies();
    (0..count).map(|number| event(number, bodies[number % bodies.len()].clone())).collect()
}

/// So many events of an everyday size, each with its number in it.
pub(crate) fn plain_events(count: usize) -> Vec<Event> {
    (0..count).map(|number| event(number, plain_body(number))).collect()
}

fn plain_body(number: usize) -> String {
    format!(r#"{{"number":{number},"message":"Anmeldung für user{number}@example.com","pad":"{}"}}"#, "x".repeat(200))
}

/// An event of a number.
pub(crate) fn event(number: usize, body: String) -> Event {
    let severities = [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let meta = Meta {
        id: number.to_string().into(),
        time: Some(Timestamp::from_millis(MIDNIGHT + number as i64 * 1001)),
        tenant: TENANT.into(),
        kind: "sso_auth".into(),
        severity: severities[number % severities.len()],
    };
    Event { meta, body: body.into() }
}

/// The header of a message, told apart in its parts.
pub(crate) struct Parts {
    pub(crate) priority: usize,
    /// Within a day: hours, minutes, seconds, milliseconds.
    pub(crate) time: (usize, usize, usize, usize),
    pub(crate) structured_data: String,
    pub(crate) body: String,
}

/// What the header of an event's message says, worked out anew: facility local0 and the syslog severity.
pub(crate) fn parts(event: &Event) -> Parts {
    let number: usize = event.meta.id.parse().expect("a number");
    let (seconds, millis) = (number + number / 1000, number % 1000);
    Parts {
        priority: 16 * 8 + [6, 5, 4, 3, 2][number % 5],
        time: (seconds / 3600, seconds / 60 % 60, seconds % 60, millis),
        structured_data: format!(r#"[adr@32473 uid="{number}" tenant="{TENANT_ESCAPED}"]"#),
        body: String::from_utf8(event.body.to_vec()).expect("text"),
    }
}

/// The message of an event with the header of RFC 5424. Text that is not ASCII has a byte order mark before it.
pub(crate) fn rfc5424(event: &Event) -> Vec<u8> {
    let Parts { priority, time: (hour, minute, second, milli), structured_data, body } = parts(event);
    let mark = if body.is_ascii() { "" } else { "\u{feff}" };
    let time = format!("2026-01-31T{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    format!("<{priority}>1 {time} jumpcloud jumpcloud-adr - sso_auth {structured_data} {mark}{body}").into_bytes()
}

/// The message of an event with the header of RFC 3164.
pub(crate) fn rfc3164(event: &Event) -> Vec<u8> {
    let Parts { priority, time: (hour, minute, second, _), body, .. } = parts(event);
    format!("<{priority}>Jan 31 {hour:02}:{minute:02}:{second:02} jumpcloud jumpcloudadr: {body}").into_bytes()
}
