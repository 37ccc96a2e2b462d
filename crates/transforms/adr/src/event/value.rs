//! What values are, and how they are written.

use std::net::IpAddr;

use crate::homes::Accepts;
use crate::json::{Kind, Tape, text};

/// Whether an attribute of that kind can hold the value.
#[inline]
pub(crate) fn accepts(tape: &Tape, source: &[u8], index: u32, accepts: Accepts) -> bool {
    let node = tape.node(index);
    let string = node.kind == Kind::String;
    match accepts {
        Accepts::Text => string && node.end - node.start > 2,
        Accepts::Ip => string && !node.escaped && is_ip(tape.inside(source, index)),
        Accepts::Email => string && !node.escaped && is_email(tape.inside(source, index)),
        Accepts::UserType => string && matches!(tape.inside(source, index), b"user" | b"admin"),
        Accepts::Bool => matches!(node.kind, Kind::True | Kind::False),
        Accepts::Float => node.kind == Kind::Number && is_float(tape.raw(source, index)),
        Accepts::Integer => node.kind == Kind::Number && is_integer(tape.raw(source, index)),
    }
}

/// Whether two strings have the same characters.
pub(crate) fn same_text(tape: &Tape, source: &[u8], a: u32, b: u32) -> bool {
    let strings = |index: u32| tape.node(index).kind == Kind::String;
    if !strings(a) || !strings(b) {
        return false;
    }
    let (x, y) = (tape.inside(source, a), tape.inside(source, b));
    if tape.node(a).escaped || tape.node(b).escaped {
        return text::decode(x) == text::decode(y);
    }
    x == y
}

/// An address as OCSF's `ip_t` takes it: at most 40 characters.
fn is_ip(text: &[u8]) -> bool {
    text.len() <= 40 && std::str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

/// OCSF's `email_t`: what it asks of the characters, no more.
fn is_email(text: &[u8]) -> bool {
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+,-./=?^_`{|}~".contains(byte);
    let host = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let Some(at) = memchr::memchr(b'@', text) else { return false };
    let (name, domain) = (&text[..at], &text[at + 1..]);
    let Some(dot) = domain.iter().position(|byte| *byte == b'.') else { return false };
    let (first, rest) = (&domain[..dot], &domain[dot + 1..]);
    let filled = !name.is_empty() && !first.is_empty() && !rest.is_empty();
    filled && name.iter().all(local) && first.iter().all(host) && rest.iter().all(|byte| host(byte) || *byte == b'.')
}

/// OCSF's `float_t` must be written as one, and some readers refuse what a double cannot hold.
fn is_float(written: &[u8]) -> bool {
    let float = written.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    float && parse::<f64>(written).is_some_and(f64::is_finite)
}

fn is_integer(written: &[u8]) -> bool {
    parse::<i64>(written).is_some()
}

/// A number that Rust reads as that type.
pub(crate) fn parse<T: std::str::FromStr>(written: &[u8]) -> Option<T> {
    std::str::from_utf8(written).ok()?.parse().ok()
}

/// Writes a whole number.
pub(crate) fn integer(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_emails_and_floats_are_what_ocsf_takes_them_for() {
        for (text, ip, email) in [
            ("192.0.2.1", true, false),
            ("2001:db8::1", true, false),
            ("192.0.2.256", false, false),
            ("192.0.2.1 ", false, false),
            ("fe80::1%eth0", false, false),
            ("jane.doe+x@mail.example.com", false, true),
            ("jane@example", false, false),
            ("jane@.com", false, false),
            ("jane@example.", false, false),
            ("@example.com", false, false),
            ("jane doe@example.com", false, false),
            ("jane@@example.com", false, false),
        ] {
            assert_eq!((is_ip(text.as_bytes()), is_email(text.as_bytes())), (ip, email), "{text}");
        }
        for (text, float) in [("-84", false), ("-84.0", true), ("1e2", true), ("1e400", false), ("0.0", true)] {
            assert_eq!(is_float(text.as_bytes()), float, "{text}");
        }
        assert!(is_integer(b"-0") && !is_integer(b"1.0") && !is_integer(b"9223372036854775808"));
    }

    #[test]
    fn whole_numbers_are_written_whole() {
        for number in [0, 7, -1, 1_678_194_079_218, i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            integer(number, &mut out);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
