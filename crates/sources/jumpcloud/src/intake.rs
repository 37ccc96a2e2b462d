//! From a reply to events: split, told apart from what is known, measured against its window. Changes nothing.

use std::time::Duration;

use adr_core::{Event, Failure, FailureKind, Meta, Reservation, Severity, Tally, Timestamp};
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::value::RawValue;

use crate::client::Reply;
use crate::dedupe::{Dedupe, Known};
use crate::id_key::{HashKey, IdKey};
use crate::page::{self, Field, Row, SplitError};
use crate::progress::Window;
use crate::settings::Tenant;

/// What a reply is measured against.
pub(crate) struct Intake<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) dedupe: &'a Dedupe,
    pub(crate) hash_key: &'a HashKey,
    pub(crate) window: &'a Window,
    /// The rows asked for.
    pub(crate) asked: u32,
    pub(crate) now: Timestamp,
}

/// What is in a reply.
pub(crate) struct Taken {
    /// The events that are new.
    pub(crate) events: Vec<Event>,
    /// The ids to remember.
    pub(crate) ids: Vec<Sighting>,
    pub(crate) tally: Tally,
    /// The window after this page: its position, and whether it is in order still.
    pub(crate) position: Timestamp,
    pub(crate) sorted: bool,
    /// Whether there may be more.
    pub(crate) full: bool,
    /// Where the next page begins, if that is somewhere else than this one.
    pub(crate) cursor: Option<Box<RawValue>>,
    /// The server's time, where ours is ahead of it.
    pub(crate) server_time: Option<Timestamp>,
}

/// An id to remember.
pub(crate) struct Sighting {
    pub(crate) key: IdKey,
    /// When its event happened, if it says so legibly.
    pub(crate) time: Option<Timestamp>,
    /// The slice it belongs to.
    pub(crate) slice: i64,
}

/// The time in a cursor, `[epoch_ms, id]`, whose number may be written as a string; none if it looks otherwise.
fn cursor_millis(cursor: &str) -> Option<i64> {
    let inside = cursor.trim_start().strip_prefix('[')?.trim_start();
    let digits = inside.strip_prefix('"').unwrap_or(inside);
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    digits[..end].parse().ok()
}

/// Why a reply is no page.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) failure: Failure,
    /// Asking for fewer rows may help.
    pub(crate) smaller_may_do: bool,
    /// The cursor leads nowhere: the window must go on without it.
    pub(crate) give_up_cursor: bool,
}

/// A row, and what its event's time is.
struct Dated {
    row: Row,
    time: Option<Timestamp>,
}

impl Intake<'_> {
    pub(crate) fn take(&self, reply: Reply, memory: Reservation) -> Result<Taken, Unreadable> {
        let Reply { body: mut text, count, limit, descending, cursor, date } = reply;
        let mut memory = memory;
        let mut rows = self.split(&text)?;
        if rows.iter().any(|row| row.breaks) {
            // Both texts are held for a moment.
            memory.resize(text.capacity() + text.len());
            text = page::compact(&text);
            rows = self.split(&text)?;
        }
        let bytes = text.len();
        self.check_count(count, rows.len())?;
        self.check_direction(&rows, &text)?;
        let rows: Vec<Dated> = rows.into_iter().map(|row| Dated { time: time_of(&row, &text), row }).collect();

        let mut after = self.window.clone();
        after.advance(rows.iter().filter_map(|dated| dated.time), descending);
        let received = rows.len();
        let cursor = cursor.filter(|next| self.window.cursor.as_ref().is_none_or(|sent| sent.get() != next.get()));
        let (fresh, ids) = self.sift(rows, &text);
        let moved = !fresh.is_empty() || after.resume_at() > self.window.start;
        let full = received > 0
            && match limit {
                Some(limit) => received as u64 >= limit.min(u64::from(self.asked)),
                // A server may cap the rows without a word: then only a page without anything new is the last.
                None => received >= self.asked as usize || cursor.is_some() || moved,
            };
        let tally =
            Tally { received: received as u64, duplicates: (received - fresh.len()) as u64, bytes: bytes as u64 };
        Ok(Taken {
            events: self.events(fresh, text, memory),
            ids,
            tally,
            position: after.position,
            sorted: after.sorted,
            full,
            cursor,
            server_time: date.filter(|date| date.plus(Duration::from_secs(5)) < self.now),
        })
    }

    fn split(&self, text: &[u8]) -> Result<Vec<Row>, Unreadable> {
        match page::split(text) {
            Ok(rows) => Ok(rows),
            // One row was asked for: whatever stands in the array is that row.
            Err(error) if self.asked == 1 && error != SplitError::NoArray => match page::whole(text) {
                Some(row) => Ok(vec![row]),
                None => Err(unreadable(error, text)),
            },
            Err(error) => Err(unreadable(error, text)),
        }
    }

    fn check_count(&self, count: Option<u64>, rows: usize) -> Result<(), Unreadable> {
        match count {
            Some(count) if count > rows as u64 => Err(Unreadable {
                failure: Failure::new(
                    FailureKind::Protocol,
                    format!("the API says X-Result-Count {count} and sends {rows} events: asking again"),
                ),
                smaller_may_do: false,
                give_up_cursor: false,
            }),
            _ => Ok(()),
        }
    }

    /// A page that a cursor led to never begins before what that cursor has passed. A server that forgets the cursor
    /// gives old rows, whose ids may be forgotten by now: they must not be delivered again.
    fn check_direction(&self, rows: &[Row], text: &[u8]) -> Result<(), Unreadable> {
        // Only a cursor that is what it looks like, the time of the last row, says anything.
        let sent = self.window.cursor.as_deref().and_then(|cursor| cursor_millis(cursor.get()));
        let telling = self.window.sorted && sent == Some(self.window.position.as_millis());
        let first = rows.iter().find_map(|row| time_of(row, text));
        if telling && first.is_some_and(|first| first.floor_to_millis() < self.window.position) {
            let message =
                "the API went back to an earlier page: going on from the last delivered instant, without its cursor";
            let failure = Failure::new(FailureKind::Protocol, message);
            return Err(Unreadable { failure, smaller_may_do: false, give_up_cursor: true });
        }
        Ok(())
    }

    /// Tells the new rows from those known already, from before or from this very page.
    fn sift(&self, rows: Vec<Dated>, text: &[u8]) -> (Vec<Dated>, Vec<Sighting>) {
        let places = self.places(&rows);
        let mut here = self.dedupe.page_ids(rows.len());
        let mut fresh = Vec::with_capacity(rows.len());
        let mut ids = Vec::with_capacity(rows.len());
        for (dated, place) in rows.into_iter().zip(places) {
            let key = self.hash_key.of(&dated.row, text);
            let slice = Dedupe::slice_of(place, self.now);
            if !here.insert(key) {
                continue;
            }
            match self.dedupe.find(&key, slice) {
                Known::Yes => continue,
                Known::NotForLong => ids.push(Sighting { key, time: dated.time, slice }),
                Known::No => {
                    ids.push(Sighting { key, time: dated.time, slice });
                    fresh.push(dated);
                }
            }
        }
        (fresh, ids)
    }

    /// Where in time each row stands: at its own time, or at most at that of the next one that has any; at the end
    /// of the page, at the end of what was asked for.
    fn places(&self, rows: &[Dated]) -> Vec<Timestamp> {
        let mut next = self.window.end.unwrap_or(self.now).max(self.window.position);
        let mut places: Vec<Timestamp> = rows
            .iter()
            .rev()
            .map(|dated| {
                next = dated.time.unwrap_or(next);
                next
            })
            .collect();
        places.reverse();
        places
    }

    fn events(&self, fresh: Vec<Dated>, text: Vec<u8>, memory: Reservation) -> Vec<Event> {
        let kept: usize = fresh.iter().map(|dated| dated.row.body.len()).sum();
        let (fresh, text) = if kept * 4 < text.capacity() { few(fresh, &text, kept) } else { (fresh, text) };
        if fresh.is_empty() {
            return Vec::new();
        }
        let text = memory.hold(text);
        fresh
            .into_iter()
            .map(|Dated { row, time }| Event {
                meta: Meta {
                    id: text_of(&row, Field::Id, &text),
                    time,
                    tenant: self.tenant.name.clone(),
                    kind: text_of(&row, Field::EventType, &text),
                    severity: Severity::Unknown,
                },
                body: text.slice(row.body),
            })
            .collect()
    }
}

/// The few new rows of a page in a text of their own: they do not keep the whole page in memory.
fn few(mut fresh: Vec<Dated>, text: &[u8], kept: usize) -> (Vec<Dated>, Vec<u8>) {
    let mut own = Vec::with_capacity(kept);
    for Dated { row, .. } in &mut fresh {
        let (from, to) = (row.body.start, own.len());
        own.extend_from_slice(&text[row.body.clone()]);
        row.body = to..own.len();
        for field in &mut row.fields {
            if field.end > field.start {
                *field = field.start - from + to..field.end - from + to;
            }
        }
    }
    (fresh, own)
}

fn unreadable(error: SplitError, text: &[u8]) -> Unreadable {
    let smaller_may_do = text.trim_ascii_end().ends_with(b"]");
    let failure =
        Failure::new(FailureKind::Protocol, format!("a page of {} bytes cannot be read: {error}", text.len()));
    let failure = if smaller_may_do { failure.after(Duration::from_secs(1)) } else { failure };
    Unreadable { failure, smaller_may_do, give_up_cursor: false }
}

fn time_of(row: &Row, text: &[u8]) -> Option<Timestamp> {
    let inside = row.plain(Field::Timestamp, text)?;
    Timestamp::parse(&text[inside]).ok()
}

/// The text of a field: a slice of the page, unless it has escapes. A number or `true` is its own text.
fn text_of(row: &Row, field: Field, text: &Bytes) -> ByteString {
    if let Some(inside) = row.plain(field, text) {
        return ByteString::try_from(text.slice(inside)).unwrap_or_default();
    }
    match row.raw(field, text) {
        Some([b'"', ..]) => {
            let raw = row.raw(field, text).unwrap_or_default();
            serde_json::from_slice::<String>(raw).map(ByteString::from).unwrap_or_default()
        }
        None | Some(b"null" | [b'{' | b'[', ..]) => ByteString::new(),
        Some(_) => ByteString::try_from(text.slice(row.fields[field as usize].clone())).unwrap_or_default(),
    }
}
