//! Numbers, spans and instants as a person reads them.

use std::time::Duration;

use adr_core::Timestamp;
use maud::{Markup, html};

use crate::devices::DeviceStatus;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// 1,234,567
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 device", "12 devices".
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { many })
}

/// 0, 0.04, 3.5, 120, 1,234
pub(crate) fn rate(rate: f64) -> String {
    match rate {
        rate if !rate.is_finite() || rate < 0.005 => "0".to_owned(),
        rate if rate < 0.1 => format!("{rate:.2}"),
        rate if rate < 99.95 => format!("{rate:.1}"),
        rate => count(rate.round() as u64),
    }
}

/// "12 s", "3 min 20 s", "5 h 2 min", "4 d 3 h".
pub(crate) fn span(seconds: u64) -> String {
    let two = |big: u64, unit: &str, small: u64, smaller: &str| match small {
        0 => format!("{big} {unit}"),
        small => format!("{big} {unit} {small} {smaller}"),
    };
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => two(seconds / MINUTE, "min", seconds % MINUTE, "s"),
        HOUR..DAY => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
        _ => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
    }
}

/// The same in one unit: "12 s", "3 min", "5 h", "4 d".
pub(crate) fn short_span(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    }
}

/// "24 Nov 2026, 09:02:05 UTC"
pub(crate) fn absolute(time: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = time.to_rfc3339_millis();
    let month = text[5..7].parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let day = text[8..10].trim_start_matches('0');
    format!("{day} {} {}, {} UTC", month.copied().unwrap_or("?"), &text[..4], &text[11..19])
}

/// "09:02"
pub(crate) fn hour_and_minute(seconds: i64) -> String {
    Timestamp::from_secs(seconds).to_rfc3339_millis()[11..16].to_owned()
}

/// "12 s ago", with the instant itself for machines and for who points at it.
pub(crate) fn ago(now: Timestamp, time: Option<&str>) -> Markup {
    ago_or(now, time, "never")
}

/// The same of a device, of which nothing is known while it is not read.
pub(crate) fn ago_of(now: Timestamp, time: Option<&str>, device: &DeviceStatus) -> Markup {
    ago_or(now, time, if device.is_read { "never" } else { "not read" })
}

fn ago_or(now: Timestamp, time: Option<&str>, otherwise: &str) -> Markup {
    let Some(time) = time.and_then(|text| Timestamp::parse(text.as_bytes()).ok()) else {
        return html! { span.none { (otherwise) } };
    };
    let text = match now.since(time).as_secs() {
        // An event's clock may be ahead of this one.
        0 if time > now.plus(Duration::from_secs(5)) => format!("in {}", short_span(time.since(now).as_secs())),
        0..=1 => "just now".to_owned(),
        seconds => format!("{} ago", short_span(seconds)),
    };
    html! { time datetime=(time) title=(absolute(time)) { (text) } }
}

/// "09:02:05", with the date where it is another day's.
pub(crate) fn clock(now: Timestamp, time: Option<&str>) -> Markup {
    let Some(time) = time.and_then(|text| Timestamp::parse(text.as_bytes()).ok()) else {
        return html! { span.none { "never" } };
    };
    let (text, today) = (absolute(time), time.to_rfc3339_millis()[..10] == now.to_rfc3339_millis()[..10]);
    let text = text.trim_end_matches(" UTC");
    let shown = if today { text.rsplit(", ").next().unwrap_or(text) } else { text };
    html! { time datetime=(time) title=(absolute(time)) { (shown) } }
}

/// A message that begins in lower case, as a sentence. A word that is a name, such as `org_id`, stays as it is.
pub(crate) fn sentence(message: &str) -> String {
    let message = message.trim();
    let mut text = String::with_capacity(message.len() + 1);
    let first = message.split_whitespace().next().unwrap_or_default();
    let mut rest = message.chars();
    if first.trim_end_matches([',', ':', ';']).bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
        text.extend(rest.next().map(|first| first.to_ascii_uppercase()));
    }
    text.push_str(rest.as_str());
    if !text.is_empty() && !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

/// The beginning of a text, on one line.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    let mut short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    if text.chars().nth(most).is_some() {
        short.truncate(short.trim_end().len());
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.04, 3.47, 99.96, 1234.4, f64::NAN].map(rate), ["0", "0.04", "3.5", "100", "1,234", "0"]);
        assert_eq!(
            [0, 59, 60, 200, 18_120, 356_400].map(span),
            ["0 s", "59 s", "1 min", "3 min 20 s", "5 h 2 min", "4 d 3 h"]
        );
        assert_eq!([59, 200, 18_120, 356_400].map(short_span), ["59 s", "3 min", "5 h", "4 d"]);
    }

    #[test]
    fn an_instant_is_told_by_how_long_ago_it_is() {
        let now = Timestamp::parse(b"2026-11-24T09:02:17Z").unwrap();
        let text = ago(now, Some("2026-11-24T09:02:05.5Z")).into_string();
        assert_eq!(
            text,
            "<time datetime=\"2026-11-24T09:02:05.500Z\" title=\"24 Nov 2026, 09:02:05 UTC\">11 s ago</time>"
                .replace(".500Z", ".5Z")
        );
        assert!(ago(now, Some("2026-11-24T09:04:17Z")).into_string().contains(">in 2 min<"));
        assert!(ago(now, Some("nonsense")).into_string().contains("never"));
        assert!(clock(now, Some("2026-11-24T01:02:03Z")).into_string().contains(">01:02:03<"));
        assert!(clock(now, Some("2026-11-03T01:02:03Z")).into_string().contains(">3 Nov 2026, 01:02:03<"));
    }

    #[test]
    fn the_beginning_of_a_text_is_one_line() {
        assert_eq!(beginning("é\nü abc", 4), "é ü…");
        assert_eq!(beginning("abc", 3), "abc");
    }

    #[test]
    fn a_message_becomes_a_sentence() {
        let sentences = ["the key: no", "org_id is wrong.", "Done", "", "`a` is"].map(sentence);
        assert_eq!(sentences, ["The key: no.", "org_id is wrong.", "Done.", "", "`a` is."]);
    }
}
