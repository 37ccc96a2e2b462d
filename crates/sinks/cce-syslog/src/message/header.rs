use std::sync::Arc;

use adr_core::{Clock, Meta};

use super::priority::Priorities;
use super::sd::{Part, StructuredData};
use super::time::{Bsd, Rfc3339};
use crate::{HeaderKind, Settings};

/// The most bytes of a MSGID.
const LONGEST_MSGID: usize = 32;

/// Writes all that stands before a message's text, the space at its end included.
pub(super) enum Header {
    Rfc5424 {
        priorities: Priorities,
        time: Rfc3339,
        /// HOSTNAME, APP-NAME and PROCID with the spaces around them.
        names: Box<[u8]>,
        data: StructuredData,
    },
    Rfc3164 {
        priorities: Priorities,
        time: Bsd,
        /// HOSTNAME and TAG with what is around them.
        names: Box<[u8]>,
        /// Of events that do not say when they happened.
        clock: Arc<dyn Clock>,
    },
}

impl Header {
    pub(super) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        let (hostname, app_name) = (&settings.hostname, &settings.app_name);
        match settings.header {
            HeaderKind::Rfc5424 => Self::Rfc5424 {
                priorities: Priorities::new(settings.facility, "1 "),
                time: Rfc3339::new(),
                names: format!(" {hostname} {app_name} - ").into_bytes().into(),
                data: StructuredData::new(&settings.structured_data_id),
            },
            HeaderKind::Rfc3164 => Self::Rfc3164 {
                priorities: Priorities::new(settings.facility, ""),
                time: Bsd::new(),
                names: format!(" {hostname} {app_name}: ").into_bytes().into(),
                clock,
            },
        }
    }

    /// Appends the header of an event, or of a part of it. RFC 3164 has no place for parts.
    pub(super) fn write(&mut self, meta: &Meta, part: Option<Part>, out: &mut Vec<u8>) {
        match self {
            Self::Rfc5424 { priorities, time, names, data } => {
                out.extend_from_slice(priorities.of(meta.severity));
                match meta.time {
                    Some(instant) => time.write(instant, out),
                    None => out.push(b'-'),
                }
                out.extend_from_slice(names);
                msgid(&meta.kind, out);
                out.push(b' ');
                data.write(meta, part, out);
                out.push(b' ');
            }
            Self::Rfc3164 { priorities, time, names, clock } => {
                out.extend_from_slice(priorities.of(meta.severity));
                time.write(meta.time.unwrap_or_else(|| clock.now()), out);
                out.extend_from_slice(names);
            }
        }
    }
}

/// The event's kind as far as a MSGID can hold it: what is not printable ASCII becomes `_`, the rest is cut off.
fn msgid(kind: &str, out: &mut Vec<u8>) {
    if kind.is_empty() {
        out.push(b'-');
    } else if kind.len() <= LONGEST_MSGID && is_graphic(kind) {
        out.extend_from_slice(kind.as_bytes());
    } else {
        let printable = |char: char| u8::try_from(char).ok().filter(u8::is_ascii_graphic).unwrap_or(b'_');
        out.extend(kind.chars().take(LONGEST_MSGID).map(printable));
    }
}

/// Printable ASCII without spaces. Has no early end, so that the compiler looks at many bytes at once.
fn is_graphic(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_any_text_becomes_a_msgid() {
        let long = "x".repeat(40);
        for (kind, expected) in [
            ("sso_auth", "sso_auth"),
            ("", "-"),
            ("a b\nc\u{7f}", "a_b_c_"),
            ("zürich€", "z_rich_"),
            (&long, &long[..32]),
            (&"é".repeat(20), &"_".repeat(20)),
            (&"é".repeat(40), &"_".repeat(32)),
        ] {
            let mut out = Vec::new();
            msgid(kind, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{kind}");
        }
    }
}
