use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::{Event, Meta, Severity};

/// Cuts a text into events, one a line, each a slice of it. Counts the empty lines it skips.
///
/// Nothing is parsed: `meta.id` and `meta.kind` are empty. LF and CR LF end a line; the last one needs neither. Zeros
/// before a line are none of it: a power failure leaves them, and truncation under a writer that does not append.
pub fn split_lines(text: &Bytes, tenant: &Arc<str>) -> (Vec<Event>, u64) {
    let mut events = Vec::new();
    let mut empty = 0;
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text).chain((!text.ends_with(b"\n")).then_some(text.len())) {
        let line = &text[start..end];
        let line = start..end - usize::from(line.ends_with(b"\r"));
        let zeros = text[line.clone()].iter().take_while(|byte| **byte == 0).count();
        let line = line.start + zeros..line.end;
        start = end + 1;
        if text[line.clone()].trim_ascii_start().is_empty() {
            empty += 1;
            continue;
        }
        let meta = Meta {
            id: ByteString::new(),
            time: None,
            tenant: tenant.clone(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        };
        events.push(Event { meta, body: text.slice(line) });
    }
    (events, empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_slices_without_their_ends() {
        let text = Bytes::from_static(b"{\"a\":1}\r\n\n \t\r\n{} \r\r\nlast");
        let (events, empty) = split_lines(&text, &"-".into());
        let bodies: Vec<&[u8]> = events.iter().map(|event| &event.body[..]).collect();
        assert_eq!(bodies, [&b"{\"a\":1}"[..], b"{} \r", b"last"]);
        assert_eq!(empty, 2);
        assert_eq!(events[0].body.as_ptr(), text.as_ptr(), "a slice, not a copy");
    }

    #[test]
    fn zeros_before_a_line_are_none_of_it() {
        let (events, empty) = split_lines(&Bytes::from_static(b"{}\n\0\0{\"a\":1}\n\0\0"), &"-".into());
        assert_eq!((&events[1].body[..], events.len(), empty), (&b"{\"a\":1}"[..], 2, 1));
    }

    #[test]
    fn nothing_is_no_line() {
        assert_eq!(split_lines(&Bytes::new(), &"-".into()), (Vec::new(), 1));
        assert_eq!(split_lines(&Bytes::from_static(b"\n"), &"-".into()), (Vec::new(), 1));
    }
}
