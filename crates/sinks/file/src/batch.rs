use adr_core::{Detail, Encoder, Event, Rejection};
use bytes::Bytes;

/// The lines of a delivery.
#[derive(Debug)]
pub(crate) enum Batch {
    /// Texts that are lines as they are, without a line feed.
    Bodies(Vec<Bytes>),
    /// Lines one after the other, with their line feeds.
    Text(Vec<u8>),
}

impl Batch {
    /// The lines of `events`, and the events that have none.
    pub(crate) fn new(events: &[Event], encoder: Option<&mut (dyn Encoder + 'static)>) -> (Self, Vec<Rejection>) {
        let Some(encoder) = encoder else {
            return (Self::Bodies(events.iter().map(|event| event.body.clone()).collect()), Vec::new());
        };
        let (mut text, mut rejected) = (Vec::new(), Vec::new());
        for (index, event) in events.iter().enumerate() {
            match encoder.encode(event, Detail::Whole, &mut text) {
                Ok(()) => text.push(b'\n'),
                Err(reason) => rejected.push(Rejection { index, reason: reason.into_owned() }),
            }
        }
        (Self::Text(text), rejected)
    }

    /// With the line feeds.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Bodies(bodies) => bodies.iter().map(|body| body.len() + 1).sum(),
            Self::Text(text) => text.len(),
        };
        bytes as u64
    }
}
