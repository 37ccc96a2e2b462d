//! How far a tenant has been read: two marks, and the window that is being read.
//!
//! - The **watermark** W: every event that was visible when it was asked for, with a time before W, was read.
//! - The **settled mark** Z, at or before W: every event with a time before Z was asked for at least `overlap` after
//!   its time. What becomes visible within `overlap` of its time is never missed below Z, so Z need not be looked
//!   behind again. Sweeps carry Z forward, and so does the tail where nothing lies between the two marks.
//!
//! All instants are whole milliseconds, as the API sorts by them.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id_key::HashKey;

/// The key of the progress record.
pub(crate) const KEY: &[u8] = b"c";

const FORMAT: u32 = 1;

/// Ids are kept for so long before the settled mark as well: a server that rounds instants, rather than cutting
/// them off, may give an event again that lies just before the start asked for.
const MARGIN: Duration = Duration::from_secs(1);

/// A tenant's durable progress.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) watermark: Timestamp,
    pub(crate) settled: Timestamp,
    /// The tail's window, while it has more pages.
    pub(crate) tail: Option<Window>,
}

/// A pinned stretch of time that is read page by page.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Inclusive.
    pub(crate) start: Timestamp,
    /// `None`: open, with all that lies in the future.
    pub(crate) end: Option<Timestamp>,
    /// When the first page was asked for: what became visible later may be missing.
    pub(crate) opened: Timestamp,
    /// Everything before it was read, as long as the pages come in order.
    pub(crate) position: Timestamp,
    /// Where the last page began that led on.
    pub(crate) page_start: Timestamp,
    /// False once a page came out of order: then the position stays.
    pub(crate) sorted: bool,
    /// Where the next page begins; belongs to this very query.
    pub(crate) cursor: Option<Box<RawValue>>,
    /// Known rows in a row.
    pub(crate) barren: usize,
}

impl Window {
    pub(crate) fn new(start: Timestamp, end: Option<Timestamp>, opened: Timestamp) -> Self {
        Self { start, end, opened, position: start, page_start: start, sorted: true, cursor: None, barren: 0 }
    }

    /// Takes in where a page's rows lie, and what the server says of their order.
    pub(crate) fn advance(&mut self, times: impl IntoIterator<Item = Timestamp>, descending: bool) {
        let mut last = self.position;
        let mut sorted = self.sorted && !descending;
        for time in times {
            let time = time.floor_to_millis();
            sorted &= time >= last;
            last = time;
        }
        self.sorted = sorted;
        if sorted {
            // A server that ignores the end does not lead the position past it.
            self.position = self.end.map_or(last, |end| last.min(end)).max(self.position);
        }
    }

    /// Where to go on without a cursor. Nothing can be asked from a start in the future.
    pub(crate) fn resume_at(&self) -> Timestamp {
        self.position.min(self.opened)
    }
}

impl Progress {
    pub(crate) fn new(start: Timestamp) -> Self {
        let start = start.floor_to_millis();
        Self { watermark: start, settled: start, tail: None }
    }

    /// Everything before it was read once.
    pub(crate) fn front(&self) -> Timestamp {
        self.tail.as_ref().map_or(self.watermark, |window| window.position)
    }

    /// Carries the settled mark over what a window has just covered: from `covered_from`, at or before which all is
    /// settled, to `covered_to`.
    pub(crate) fn settle(
        &mut self,
        covered_from: Timestamp,
        covered_to: Timestamp,
        opened: Timestamp,
        overlap: Duration,
    ) {
        if self.settled >= covered_from {
            let to = covered_to.min(opened.minus(overlap).floor_to_millis()).min(self.front());
            self.settled = self.settled.max(to);
        }
    }

    /// Events before it are never asked for again: their ids need not be kept. A server that repeats a cursor gives the
    /// tail's last page again, settled or not.
    pub(crate) fn keep_from(&self) -> Timestamp {
        Self::margin(self.tail.as_ref().map_or(self.settled, |tail| self.settled.min(tail.page_start)))
    }

    /// The earliest instant that a server may mean by a start.
    pub(crate) fn margin(start: Timestamp) -> Timestamp {
        start.minus(MARGIN)
    }

    /// The window is given up: what it delivered stays delivered, the rest is asked for anew.
    pub(crate) fn give_up_tail(&mut self) {
        self.watermark = self.front();
        self.tail = None;
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    v: u32,
    watermark: i64,
    settled: i64,
    hash_key: String,
    /// What was asked for so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<WindowRecord>,
}

#[derive(Serialize, Deserialize)]
struct WindowRecord {
    start: i64,
    end: i64,
    opened: i64,
    position: i64,
    #[serde(default)]
    page_start: Option<i64>,
    sorted: bool,
    /// The query that the cursor belongs to.
    services: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Writes the progress record.
pub(crate) fn encode(progress: &Progress, key: &HashKey, services: &[String]) -> Vec<u8> {
    let window = progress.tail.as_ref().map(|window| WindowRecord {
        start: window.start.as_millis(),
        end: window.end.unwrap_or(window.position).as_millis(),
        opened: window.opened.as_millis(),
        position: window.position.as_millis(),
        page_start: Some(window.page_start.as_millis()),
        sorted: window.sorted,
        services: services.to_vec(),
        cursor: window.cursor.clone(),
    });
    let hash_key = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let record = Record {
        v: FORMAT,
        watermark: progress.watermark.as_millis(),
        settled: progress.settled.as_millis(),
        hash_key,
        services: services.to_vec(),
        window,
    };
    serde_json::to_vec(&record).expect("texts and numbers always serialise")
}

/// Reads a progress record. A cursor of another query is left out: its window then goes on from its position.
pub(crate) fn decode(value: &[u8], services: &[String]) -> Result<(Progress, HashKey), Failure> {
    let damaged = || {
        Failure::fatal(
            FailureKind::Storage,
            "the checkpoint is damaged: restore the state directory from a copy, or remove it to read again from `start`",
        )
    };
    let Version { v } = serde_json::from_slice(value).map_err(|_| damaged())?;
    if v != FORMAT {
        return Err(Failure::fatal(
            FailureKind::Storage,
            format!("the checkpoint has format {v}, this version knows format {FORMAT}: run the version that wrote it"),
        ));
    }
    let record: Record = serde_json::from_slice(value).map_err(|_| damaged())?;
    let millis = Timestamp::from_millis;
    let more: Vec<&String> = services.iter().filter(|service| !record.services.contains(service)).collect();
    if !more.is_empty() && !record.services.is_empty() && record.services != ["all"] {
        tracing::warn!(
            services = ?more, watermark = %millis(record.watermark),
            "services were added: their events before the watermark were not read, and will not be; to read them, run \
             once more with a state directory of its own"
        );
    }
    let mut progress = Progress { watermark: millis(record.watermark), settled: millis(record.settled), tail: None };
    if let Some(window) = record.window {
        progress.tail = Some(Window {
            start: millis(window.start),
            end: Some(millis(window.end)),
            opened: millis(window.opened),
            position: millis(window.position),
            page_start: millis(window.page_start.unwrap_or(window.position)),
            sorted: window.sorted,
            cursor: window.cursor,
            barren: 0,
        });
        if window.services != services {
            progress.give_up_tail();
        }
    }
    Ok((progress, hash_key(&record.hash_key).ok_or_else(damaged)?))
}

fn hash_key(text: &str) -> Option<HashKey> {
    let mut key = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(HashKey(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + millis)
    }

    #[test]
    fn what_is_written_is_read() {
        let services = ["all".to_owned()];
        let mut progress = Progress::new(at(0));
        let mut window = Window::new(at(1), Some(at(9)), at(10));
        window.cursor = RawValue::from_string(r#"[ 1576181718000,"a" ]"#.to_owned()).ok();
        window.advance([at(4), at(5)], false);
        progress.tail = Some(window);
        let value = encode(&progress, &HashKey([0xab; 16]), &services);
        let (read, key) = decode(&value, &services).expect("a record");
        assert_eq!(format!("{read:?}"), format!("{progress:?}"), "the cursor's spaces as well");
        assert!(key == HashKey([0xab; 16]));

        let (other, _) = decode(&value, &["sso".to_owned()]).expect("a record");
        assert!(other.tail.is_none(), "a cursor belongs to its query");
        assert_eq!(other.watermark, at(5), "what it delivered stays delivered");
    }

    #[test]
    fn a_damaged_or_newer_record_is_refused() {
        let newer = decode(br#"{"v":2,"anything":true}"#, &[]).expect_err("newer");
        assert!(newer.message.contains("format 2"), "{newer}");
        for text in ["", "{}", r#"{"v":1}"#, r#"{"v":1,"watermark":1,"settled":1,"hash_key":"00"}"#] {
            assert_eq!(decode(text.as_bytes(), &[]).expect_err(text).kind, FailureKind::Storage);
        }
    }

    #[test]
    fn a_page_out_of_order_stops_the_position_for_good() {
        let mut window = Window::new(at(0), Some(at(100)), at(200));
        window.advance([at(10), at(20)], false);
        window.advance([at(30), at(25), at(40)], false);
        window.advance([at(50)], false);
        assert_eq!(window.position, at(20));
        let mut window = Window::new(at(0), Some(at(100)), at(200));
        window.advance([at(10), at(500)], false);
        assert_eq!(window.position, at(100));
        window.advance([at(10)], true);
        assert!(!window.sorted);
    }

    #[test]
    fn the_settled_mark_never_leaves_a_gap_and_never_runs_ahead() {
        let overlap = Duration::from_millis(50);
        let mut progress = Progress::new(at(0));
        progress.watermark = at(100);
        progress.settle(at(0), at(80), at(200), overlap);
        assert_eq!(progress.settled, at(80));
        progress.settle(at(90), at(100), at(500), overlap);
        assert_eq!(progress.settled, at(80), "80 to 90 is not covered");
        progress.settle(at(80), at(100), at(140), overlap);
        assert_eq!(progress.settled, at(90), "no later than the overlap before the window was opened");
        progress.settle(at(90), at(9999), at(900), overlap);
        assert_eq!(progress.settled, at(100), "no later than the watermark");
    }
}
