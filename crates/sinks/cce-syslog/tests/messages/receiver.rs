//! What a receiver does with a stream and a message: written after the RFCs, not after the sink.

use std::collections::BTreeMap;

/// RFC 6587, 3.4.1: a length, a space, a message.
pub(crate) fn octet_counted(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while !stream.is_empty() {
        let space = stream.iter().position(|byte| *byte == b' ').expect("a length ends with a space");
        let digits = str::from_utf8(&stream[..space]).unwrap();
        assert!(!digits.starts_with('0'), "MSG-LEN begins with a digit that is not zero");
        let length: usize = digits.parse().unwrap();
        messages.push(stream[space + 1..space + 1 + length].to_vec());
        stream = &stream[space + 1 + length..];
    }
    messages
}

/// RFC 6587, 3.4.2: a line feed after each message.
pub(crate) fn lines(stream: &[u8]) -> Vec<Vec<u8>> {
    let text = stream.strip_suffix(b"\n").expect("the last message is ended as well");
    text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// A message of RFC 5424 as the crate `syslog_rfc5424` reads it; `None` if it does not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rfc5424 {
    pub(crate) facility: u8,
    pub(crate) severity: u8,
    /// Nanoseconds.
    pub(crate) time: Option<i128>,
    pub(crate) names: [Option<String>; 4],
    pub(crate) data: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) text: String,
}

pub(crate) fn rfc5424(message: &str) -> Option<Rfc5424> {
    let read = syslog_rfc5424::parse_message(message).ok()?;
    let time = read
        .timestamp
        .map(|seconds| i128::from(seconds) * 1_000_000_000 + i128::from(read.timestamp_nanos.unwrap_or_default()));
    Some(Rfc5424 {
        facility: read.facility as u8,
        severity: read.severity as u8,
        time,
        names: [read.hostname, read.appname, read.procid.map(|id| format!("{id:?}")), read.msgid],
        data: read.sd.iter().map(|(id, params)| (id.clone(), params.clone())).collect(),
        text: read.msg,
    })
}

/// A message of RFC 3164: priority, time, host, tag, text.
pub(crate) fn rfc3164(message: &str) -> Option<(u8, &str, &str, &str, &str)> {
    let (priority, rest) = message.strip_prefix('<')?.split_once('>')?;
    let (time, rest) = rest.split_at_checked(15)?;
    let form = "Mmm dd hh:mm:ss";
    let sound = time.bytes().zip(form.bytes()).enumerate().all(|(place, (byte, form))| match form {
        b'M' => byte.is_ascii_uppercase(),
        b'm' if place < 3 => byte.is_ascii_lowercase(),
        b'd' => byte.is_ascii_digit() || (byte == b' ' && place == 4),
        b'h' | b'm' | b's' => byte.is_ascii_digit(),
        other => byte == other,
    });
    let (host, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let end = rest.find(|char: char| !char.is_ascii_alphanumeric())?;
    let (tag, text) = rest.split_at(end);
    (sound && (1..=32).contains(&tag.len())).then_some((
        priority.parse().ok()?,
        time,
        host,
        tag,
        text.strip_prefix(": ")?,
    ))
}
