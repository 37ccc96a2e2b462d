use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use adr_core::{Clock, Detail, Encoder, Encoding, Event, Rejection};

use super::chunk::{Body, Chunk, LENGTH};
use super::header::Header;
use super::sd::Part;
use super::split::{BOM, cut, needs_bom};
use crate::{Framing, Mode, Settings, TooLong};

/// Makes messages of events: a header, a byte order mark where one is due, and the event in the wanted form.
///
/// - PRI: the facility, and the event's severity: fatal 1, critical 2, high 3, medium 4, low 5, all others 6.
/// - TIMESTAMP: the event's own time in UTC, with milliseconds, or microseconds where it has them; `-` where it has none
///   (RFC 3164: the clock's).
/// - MSGID: the event's kind; what is not printable ASCII becomes `_`, and 32 bytes are kept.
/// - Structured data: the event's uid and tenant, without control characters; with `split`, the number of the part.
/// - UTF-8: a text that is not ASCII begins with a byte order mark, if wanted. One that is no UTF-8 at all goes without,
///   as RFC 5424 has it for a text of unknown encoding: every byte as it is.
///
/// A message that would be too long is never cut in silence: its event is rejected with both sizes, shortened with a
/// label that says so, or split into several messages, as the settings say. Joined, the parts are the event's text.
pub struct Formatter {
    header: Header,
    encoder: Box<dyn Encoder>,
    /// The event's text goes as it is, without a copy.
    as_it_is: bool,
    bom: bool,
    /// `None`: messages are parted by the transport.
    framing: Option<Framing>,
    most: usize,
    when_too_long: TooLong,
    /// Places where an event is split; kept for its memory.
    parts: Vec<Range<usize>>,
}

impl fmt::Debug for Formatter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Formatter").field("most", &self.most).finish_non_exhaustive()
    }
}

/// Why an event is not in the chunk.
enum Refusal {
    /// Its message would have so many bytes.
    TooLong(usize),
    /// For a person.
    Reason(Cow<'static, str>),
}

impl Formatter {
    /// A formatter for the messages that `settings` describe. `encoder` writes what is not the event's own text; `clock`
    /// is asked where a header of RFC 3164 needs a time that the event does not have.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>, encoder: Box<dyn Encoder>) -> Self {
        Self {
            header: Header::new(settings, clock),
            encoder,
            as_it_is: settings.encoding == Encoding::Json,
            bom: settings.bom,
            framing: matches!(settings.mode, Mode::Tls | Mode::Tcp).then_some(settings.framing),
            most: settings.max_message_bytes,
            when_too_long: settings.when_too_long,
            parts: Vec::new(),
        }
    }

    /// Formats from `events[from..]` into `chunk`, cleared first, until it is full. Returns the index of the first
    /// event not taken. Events that cannot be sent are pushed to `rejected` with their place in `events`.
    pub fn format(&mut self, events: &[Event], from: usize, chunk: &mut Chunk, rejected: &mut Vec<Rejection>) -> usize {
        chunk.clear(if self.framing == Some(Framing::Newline) { b"\n" } else { b"" });
        let mut next = from;
        while next < events.len() && !chunk.is_full() {
            let start = chunk.text.len();
            if let Err(reason) = self.event(&events[next], next, chunk) {
                chunk.text.truncate(start);
                rejected.push(Rejection { index: next, reason });
            }
            next += 1;
        }
        next
    }

    fn event(&mut self, event: &Event, place: usize, chunk: &mut Chunk) -> Result<(), String> {
        let body = if self.as_it_is {
            Body::Event(0..event.body.len())
        } else {
            self.encode(event, Detail::Whole, chunk).map_err(Cow::into_owned)?
        };
        match (self.message(event, place, body.clone(), chunk), self.when_too_long) {
            (Ok(()), _) => Ok(()),
            (Err(Refusal::Reason(reason)), _) => Err(reason.into_owned()),
            (Err(Refusal::TooLong(bytes)), TooLong::DeadLetter) => Err(format!(
                "the message has {bytes} bytes, more than the {} of `max_message_bytes`; raise it as far as the receiver \
                 allows, or set `when_too_long` to shorten or split",
                self.most
            )),
            (Err(Refusal::TooLong(bytes)), TooLong::Shorten) => {
                if let Body::Chunk(long) = body {
                    chunk.text.truncate(long.start);
                }
                self.shortened(event, place, bytes, chunk)
            }
            (Err(Refusal::TooLong(_)), TooLong::Split) => self.split(event, place, &body, chunk),
        }
    }

    /// Appends the event's text in the wanted form.
    fn encode(&mut self, event: &Event, detail: Detail, chunk: &mut Chunk) -> Result<Body, Cow<'static, str>> {
        let start = chunk.text.len();
        self.encoder.encode(event, detail, &mut chunk.text)?;
        Ok(Body::Chunk(start..chunk.text.len()))
    }

    /// One message of the whole body.
    fn message(&mut self, event: &Event, place: usize, body: Body, chunk: &mut Chunk) -> Result<(), Refusal> {
        let text = chunk.body(&body, event);
        if self.framing == Some(Framing::Newline) && memchr::memchr(b'\n', text).is_some() {
            return Err(Refusal::Reason(Cow::Borrowed(
                "the event's text has a line feed in it, which would cut the message in two; set `framing` to \
                 octet_counting",
            )));
        }
        let bom = self.bom && needs_bom(text);
        let begun = chunk.begin_head(self.room_for_length());
        self.header.write(&event.meta, None, &mut chunk.text);
        if bom {
            chunk.text.extend_from_slice(&BOM);
        }
        let bytes = chunk.text.len() - begun.head + body.len();
        if bytes > self.most {
            chunk.text.truncate(begun.frame);
            return Err(Refusal::TooLong(bytes));
        }
        chunk.end_head(begun, place, body);
        Ok(())
    }

    fn room_for_length(&self) -> usize {
        if self.framing == Some(Framing::OctetCounting) { LENGTH } else { 0 }
    }

    /// Without `unmapped`, then without the source's text as well: the encoder writes a label that says so.
    fn shortened(&mut self, event: &Event, place: usize, whole: usize, chunk: &mut Chunk) -> Result<(), String> {
        let mut shortest = whole;
        for detail in [Detail::WithoutUnmapped, Detail::WithoutSource] {
            let start = chunk.text.len();
            let body = self.encode(event, detail, chunk).map_err(|reason| {
                format!(
                    "the message has {whole} bytes, more than the {} of `max_message_bytes`, and cannot be shortened: \
                     {reason}",
                    self.most
                )
            })?;
            match self.message(event, place, body, chunk) {
                Ok(()) => return Ok(()),
                Err(Refusal::TooLong(bytes)) => shortest = bytes,
                Err(Refusal::Reason(reason)) => return Err(reason.into_owned()),
            }
            chunk.text.truncate(start);
        }
        Err(format!(
            "the message has {whole} bytes, shortened {shortest}, still more than the {} of `max_message_bytes`; raise it \
             as far as the receiver allows, or set `when_too_long` to split",
            self.most
        ))
    }

    /// Several messages, each with the number of its part.
    fn split(&mut self, event: &Event, place: usize, body: &Body, chunk: &mut Chunk) -> Result<(), String> {
        let mut parts = std::mem::take(&mut self.parts);
        // As many digits as the number of parts turns out to have.
        let mut largest = 9;
        let found = loop {
            let room = match self.room(event, Part { number: largest, of: largest }, chunk) {
                Ok(room) => room,
                Err(reason) => break Err(reason),
            };
            cut(chunk.body(body, event), room, self.bom, &mut parts);
            if parts.len() <= largest {
                break Ok(());
            }
            largest = largest * 10 + 9;
        };
        if found.is_ok() {
            for (number, part) in (1..).zip(&parts) {
                let part_of_body = body.part(part);
                let bom = self.bom && needs_bom(chunk.body(&part_of_body, event));
                let begun = chunk.begin_head(self.room_for_length());
                self.header.write(&event.meta, Some(Part { number, of: parts.len() }), &mut chunk.text);
                if bom {
                    chunk.text.extend_from_slice(&BOM);
                }
                chunk.end_head(begun, place, part_of_body);
            }
        }
        self.parts = parts;
        found
    }

    /// The bytes of text beside the header of a part. An event whose header leaves little room would become a flood of
    /// headers.
    fn room(&mut self, event: &Event, part: Part, chunk: &mut Chunk) -> Result<usize, String> {
        let start = chunk.text.len();
        self.header.write(&event.meta, Some(part), &mut chunk.text);
        let header = chunk.text.len() - start;
        chunk.text.truncate(start);
        match self.most.checked_sub(header) {
            Some(room) if room >= self.most / 4 => Ok(room),
            _ => Err(format!(
                "the header of the message alone has {header} bytes, which leaves too few of the {} of \
                 `max_message_bytes` to split the event; raise it",
                self.most
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use adr_core::{Meta, Severity, Timestamp};

    use super::*;
    use crate::CceSyslogConfig;

    struct Epoch;

    impl Clock for Epoch {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }
    }

    /// Leaving something out halves a text.
    struct Halving;

    impl Encoder for Halving {
        fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
            let part = if detail == Detail::Whole { 1 } else { 2 };
            out.extend_from_slice(&event.body[..event.body.len() / part]);
            Ok(())
        }
    }

    fn event(bytes: usize) -> Event {
        let kind = String::new().into();
        let meta = Meta { id: String::new().into(), time: None, tenant: "".into(), kind, severity: Severity::Low };
        Event { meta, body: vec![b'x'; bytes].into() }
    }

    #[test]
    fn what_is_rejected_and_what_was_huge_is_not_held_on_to() {
        let mut config = CceSyslogConfig { address: "192.0.2.7".parse().ok(), ..CceSyslogConfig::default() };
        config.encoding = Some(Encoding::Cef);
        let formatter =
            |config| Formatter::new(&Settings::try_from(config).unwrap(), Arc::new(Epoch), Box::new(Halving));
        let (mut chunk, mut rejected) = (Chunk::default(), Vec::new());

        let events: Vec<Event> = (0..100).map(|_| event(200_000)).collect();
        assert_eq!(formatter(config.clone()).format(&events, 0, &mut chunk, &mut rejected), 100);
        assert_eq!((rejected.len(), chunk.text.len()), (100, 0));
        assert!(chunk.text.capacity() < 2_000_000, "each is forgotten before the next is written");

        config.when_too_long = Some(TooLong::Shorten);
        let events: Vec<Event> = (0..10).map(|_| event(100_000)).collect();
        formatter(config.clone()).format(&events, 0, &mut chunk, &mut rejected);
        assert_eq!((chunk.len(), rejected.len()), (10, 100));
        assert!(chunk.text.len() < 10 * 51_000, "the long text does not stay beside the short one");

        config.max_message_bytes = Some(adr_core::Size(32 << 20));
        let mut formatter = formatter(config);
        formatter.format(&[event(20 << 20)], 0, &mut chunk, &mut rejected);
        assert!(chunk.text.capacity() >= 20 << 20);
        formatter.format(&[event(1)], 0, &mut chunk, &mut rejected);
        assert!(chunk.text.capacity() <= 2 << 20);
    }
}
