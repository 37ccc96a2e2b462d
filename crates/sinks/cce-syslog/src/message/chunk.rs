use std::io::IoSlice;
use std::ops::Range;

use adr_core::Event;

/// Messages that are written together: fewer system calls, and a bound on what is held while one of them stalls. As many
/// share a delivery.
pub(crate) const MOST_MESSAGES: usize = 256;
const MOST_BYTES: usize = 1 << 20;

/// Formatted messages of a batch. Holds their heads, and the bodies that were written anew; a body that goes as it is
/// stays in its event.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Heads with their framing, and encoded bodies.
    pub(super) text: Vec<u8>,
    pieces: Vec<Piece>,
    /// What stands after the last message, and before every other.
    separator: &'static [u8],
    bytes: usize,
}

#[derive(Debug)]
struct Piece {
    event: usize,
    /// In `text`: the framing before the head, and the head.
    frame: usize,
    head: Range<usize>,
    body: Body,
}

/// Where a message's body stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// In its event's own text.
    Event(Range<usize>),
    /// In the chunk's text.
    Chunk(Range<usize>),
}

/// One message without framing: the head and the body after it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The place of its event in the batch.
    pub event: usize,
    /// Header and byte order mark.
    pub head: &'a [u8],
    /// The event's text or a part of it.
    pub body: &'a [u8],
}

#[expect(clippy::len_without_is_empty, reason = "no message is empty: it has a header")]
impl Message<'_> {
    /// Bytes of the message.
    pub fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }
}

impl Body {
    pub(super) fn len(&self) -> usize {
        let (Self::Event(place) | Self::Chunk(place)) = self;
        place.len()
    }

    /// A part of it, counted from its own start.
    pub(super) fn part(&self, part: &Range<usize>) -> Self {
        let shift = |place: &Range<usize>| place.start + part.start..place.start + part.end;
        match self {
            Self::Event(place) => Self::Event(shift(place)),
            Self::Chunk(place) => Self::Chunk(shift(place)),
        }
    }
}

impl Chunk {
    /// The whole text for a stream, framing included, in as few slices as it takes; appended to `out`.
    pub fn slices<'a>(&'a self, events: &'a [Event], out: &mut Vec<IoSlice<'a>>) {
        for piece in &self.pieces {
            out.push(IoSlice::new(&self.text[piece.frame..piece.head.end]));
            out.push(IoSlice::new(self.body(&piece.body, &events[piece.event])));
        }
        if !self.pieces.is_empty() && !self.separator.is_empty() {
            out.push(IoSlice::new(self.separator));
        }
    }

    /// The messages one by one, without framing.
    pub fn messages<'a>(&'a self, events: &'a [Event]) -> impl Iterator<Item = Message<'a>> + Clone {
        self.pieces.iter().map(|piece| Message {
            event: piece.event,
            head: &self.text[piece.head.clone()],
            body: self.body(&piece.body, &events[piece.event]),
        })
    }

    /// Bytes of the whole text, framing included.
    pub fn bytes(&self) -> usize {
        self.bytes + if self.pieces.is_empty() { 0 } else { self.separator.len() }
    }

    /// Messages.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.pieces.len() >= MOST_MESSAGES || self.bytes >= MOST_BYTES
    }

    /// Forgets everything, and the memory that one huge event has needed.
    pub(super) fn clear(&mut self, separator: &'static [u8]) {
        self.text.clear();
        self.text.shrink_to(2 * MOST_BYTES);
        self.pieces.clear();
        self.pieces.shrink_to(2 * MOST_MESSAGES);
        self.separator = separator;
        self.bytes = 0;
    }

    /// The text of a body.
    pub(super) fn body<'a>(&'a self, body: &Body, event: &'a Event) -> &'a [u8] {
        match body {
            Body::Event(place) => &event.body[place.clone()],
            Body::Chunk(place) => &self.text[place.clone()],
        }
    }

    /// Begins a head at the end of the text. What parts it from the message before is written here.
    pub(super) fn begin_head(&mut self, room_for_length: usize) -> Begun {
        let frame = self.text.len();
        if room_for_length > 0 {
            self.text.resize(frame + room_for_length, b' ');
        } else if !self.pieces.is_empty() {
            self.text.extend_from_slice(self.separator);
        }
        Begun { frame, head: self.text.len() }
    }

    /// Ends the head that was begun last: the message is complete with its body.
    pub(super) fn end_head(&mut self, begun: Begun, event: usize, body: Body) {
        let head = begun.head..self.text.len();
        let mut frame = begun.frame;
        if begun.head > begun.frame && self.separator.is_empty() {
            frame = write_length(&mut self.text[..begun.head], head.len() + body.len());
        }
        self.bytes += head.end - frame + body.len();
        self.pieces.push(Piece { event, frame, head, body });
    }
}

/// A head that is being written: where its framing and where itself begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub(super) frame: usize,
    pub(super) head: usize,
}

/// The longest length that [`write_length`] writes, and the space after it.
pub(super) const LENGTH: usize = 21;

/// Writes `length` and a space so that they end where `before` ends; returns where they begin.
fn write_length(before: &mut [u8], mut length: usize) -> usize {
    let mut place = before.len() - 1;
    before[place] = b' ';
    loop {
        place -= 1;
        before[place] = b'0' + u8::try_from(length % 10).expect("one digit");
        length /= 10;
        if length == 0 {
            return place;
        }
    }
}
