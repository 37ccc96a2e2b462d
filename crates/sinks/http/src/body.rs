use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use adr_core::{Detail, Encoder, Event, Failure, FailureKind, Rejection};
use bytes::Bytes;
use flate2::write::GzEncoder;
use tokio::task::spawn_blocking;

use crate::Compression;

/// The text of an event, and its place in its batch.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: Bytes,
    pub(crate) place: usize,
}

/// The lines of a batch, and the events that have none.
pub(crate) fn lines(events: &[Event], encoder: Option<&mut (dyn Encoder + 'static)>) -> (Vec<Line>, Vec<Rejection>) {
    let Some(encoder) = encoder else {
        let line = |(place, event): (usize, &Event)| Line { text: event.body.clone(), place };
        return (events.iter().enumerate().map(line).collect(), Vec::new());
    };
    let (mut text, mut spans, mut rejected) = (Vec::new(), Vec::with_capacity(events.len()), Vec::new());
    for (index, event) in events.iter().enumerate() {
        let start = text.len();
        match encoder.encode(event, Detail::Whole, &mut text) {
            Ok(()) => spans.push((index, start..text.len())),
            Err(reason) => rejected.push(Rejection { index, reason: reason.into_owned() }),
        }
    }
    let text = Bytes::from(text);
    (spans.into_iter().map(|(place, span)| Line { text: text.slice(span), place }).collect(), rejected)
}

/// How many bytes these lines have, with their line feeds.
pub(crate) fn size(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.text.len() + 1).sum()
}

/// How many of the first lines have at most `limit` bytes together; at least one.
pub(crate) fn fitting(lines: &[Line], limit: usize) -> usize {
    let mut bytes = 0;
    let fits = |line: &&Line| {
        bytes += line.text.len() + 1;
        bytes <= limit
    };
    lines.iter().take_while(fits).count().max(1).min(lines.len())
}

/// The body of a request. Compressing goes on a thread where it holds up nobody.
pub(crate) async fn body(
    lines: &Arc<Vec<Line>>,
    range: Range<usize>,
    compression: Compression,
) -> Result<Bytes, Failure> {
    if compression == Compression::None {
        let mut text = Vec::with_capacity(size(&lines[range.clone()]));
        for line in &lines[range] {
            text.extend_from_slice(&line.text);
            text.push(b'\n');
        }
        return Ok(text.into());
    }
    let lines = lines.clone();
    let compressed = spawn_blocking(move || gzip(&lines[range])).await;
    let bug = |error: &dyn std::fmt::Display| {
        Failure::new(FailureKind::Internal, format!("events cannot be compressed: {error}: this is a bug"))
    };
    compressed.map_err(|error| bug(&error))?.map_err(|error| bug(&error))
}

fn gzip(lines: &[Line]) -> io::Result<Bytes> {
    // Higher levels take three times as long for a tenth less.
    let mut encoder = GzEncoder::new(Vec::with_capacity(size(lines) / 4), flate2::Compression::fast());
    for line in lines {
        encoder.write_all(&line.text)?;
        encoder.write_all(b"\n")?;
    }
    Ok(encoder.finish()?.into())
}
