use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::store::Generated;

/// The body of a response: a list of pieces that are put together only while it is read.
///
/// A page of stored events shares their texts; a page of generated events is written as it is sent, so that a
/// page costs no memory before the network takes it.
#[derive(Clone, Default)]
pub struct Body {
    pieces: Vec<Piece>,
}

/// One part of a body.
#[derive(Clone)]
pub(crate) enum Piece {
    Text(Bytes),
    Row(Arc<Generated>, u64),
    Blanks(u64),
}

impl Piece {
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => out.extend_from_slice(text),
            Self::Row(rows, index) => rows.write_text(*index, out),
            Self::Blanks(count) => out.resize(out.len() + usize::try_from(*count).unwrap_or(0), b' '),
        }
    }
}

/// How much [`Chunks`] gives at a time, unless one stored event is longer.
pub const CHUNK: usize = 128 * 1024;

impl Body {
    /// All of it, in one piece.
    pub fn into_bytes(mut self) -> Bytes {
        if let [Piece::Text(_)] = self.pieces.as_slice()
            && let Some(Piece::Text(text)) = self.pieces.pop()
        {
            return text;
        }
        let mut whole = Vec::with_capacity(usize::try_from(self.length().unwrap_or(0)).unwrap_or(0));
        for piece in &self.pieces {
            piece.append_to(&mut whole);
        }
        whole.into()
    }

    /// Piece by piece, about [`CHUNK`] bytes at a time.
    pub fn into_chunks(self) -> Chunks {
        Chunks { pieces: self.pieces.into_iter(), blanks: 0 }
    }

    /// How many bytes it has, if that is known without writing it.
    pub fn length(&self) -> Option<u64> {
        self.pieces.iter().try_fold(0, |sum, piece| match piece {
            Piece::Text(text) => Some(sum + text.len() as u64),
            Piece::Row(..) => None,
            Piece::Blanks(count) => Some(sum + count),
        })
    }

    /// A JSON array of these elements.
    pub(crate) fn array(elements: impl ExactSizeIterator<Item = Piece>) -> Self {
        let mut pieces = Vec::with_capacity(elements.len() * 2 + 2);
        pieces.push(Piece::Text(Bytes::from_static(b"[")));
        for (index, element) in elements.enumerate() {
            if index > 0 {
                pieces.push(Piece::Text(Bytes::from_static(b",")));
            }
            pieces.push(element);
        }
        pieces.push(Piece::Text(Bytes::from_static(b"]")));
        Self { pieces }
    }

    /// Spreads so many blanks behind the elements, where JSON allows them.
    pub(crate) fn pad(&mut self, bytes: u64) {
        let gaps = (self.pieces.len() / 2).max(1) as u64;
        let mut padded = Vec::with_capacity(self.pieces.len() * 2);
        let mut seen = 0;
        for (index, piece) in self.pieces.drain(..).enumerate() {
            padded.push(piece);
            if index % 2 == 0 && seen < gaps {
                let blanks = bytes / gaps + u64::from(seen < bytes % gaps);
                padded.push(Piece::Blanks(blanks));
                seen += 1;
            }
        }
        self.pieces = padded;
    }
}

impl From<Bytes> for Body {
    fn from(text: Bytes) -> Self {
        Self { pieces: vec![Piece::Text(text)] }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} pieces)", self.pieces.len())
    }
}

/// The chunks of a [`Body`].
#[derive(Debug)]
pub struct Chunks {
    pieces: std::vec::IntoIter<Piece>,
    blanks: u64,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Row(_, index) => write!(f, "Row({index})"),
            Self::Blanks(count) => write!(f, "Blanks({count})"),
        }
    }
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut text = Vec::with_capacity(CHUNK + CHUNK / 8);
        while text.len() < CHUNK {
            if self.blanks > 0 {
                let now = usize::try_from(self.blanks).unwrap_or(CHUNK).min(CHUNK);
                text.resize(text.len() + now, b' ');
                self.blanks -= now as u64;
                continue;
            }
            match self.pieces.next() {
                Some(Piece::Text(piece)) => text.extend_from_slice(&piece),
                Some(Piece::Row(rows, index)) => rows.write_text(index, &mut text),
                Some(Piece::Blanks(count)) => self.blanks = count,
                None => break,
            }
        }
        (!text.is_empty()).then(|| Bytes::from(text))
    }
}
