use adr_core::Timestamp;
use bytes::Bytes;

use super::auth::Scope;
use super::projection::project;
use super::query::EventQuery;
use super::refusal::Refusal;
use super::selection::Selection;
use crate::body::{Body, Piece};
use crate::faults::FaultKind;
use crate::knobs::EmptyPageCursor;
use crate::random::uuid;
use crate::store::Key;
use crate::{Directory, Response};

/// A page of events: the array, and the headers that say how to go on.
pub(super) fn answer(
    directory: &mut Directory,
    now: Timestamp,
    scope: &Scope,
    mut query: EventQuery,
    strikes: &[FaultKind],
) -> Result<Response, Refusal> {
    check_cursor(directory, now, &query)?;
    let asked = query.after.as_ref().map(|cursor| cursor.text.clone());
    if strikes.contains(&FaultKind::Stuck) {
        query.after = None;
    }
    let (mut elements, last) = select(directory, now, scope, &query);
    let count = elements.len();
    bend(&mut elements, &query, strikes);
    directory.tally.pages += 1;
    directory.tally.events += count as u64;
    let mut response = Response::json(200, Bytes::new());
    response.set("X-Result-Count", elements.len().to_string());
    response.body = Body::array(elements.into_iter());
    response.set("X-Limit", query.limit.to_string());
    response.set("X-Sort", if query.descending { "DESC" } else { "ASC" });
    let mut cursor = match last {
        Some(key) => Some(issue_cursor(directory, now, &key, &query)),
        None => match directory.knobs.cursor_on_empty_page {
            EmptyPageCursor::Echo => asked.clone(),
            EmptyPageCursor::Absent => None,
            EmptyPageCursor::EmptyArray => Some("[]".to_owned()),
            EmptyPageCursor::Null => Some("null".to_owned()),
        },
    };
    if strikes.contains(&FaultKind::RepeatedCursor) && asked.is_some() && count > 0 {
        cursor = asked;
    }
    if let Some(cursor) = cursor {
        response.set("X-Search_after", cursor);
    }
    sign(directory, &mut response);
    Ok(response)
}

/// `X-Request-Id`, which every answer of Directory Insights has.
pub(super) fn sign(directory: &mut Directory, response: &mut Response) {
    let id = uuid(directory.random.next(), directory.random.next());
    response.set("X-Request-Id", String::from_utf8_lossy(&id));
}

fn select(directory: &Directory, now: Timestamp, scope: &Scope, query: &EventQuery) -> (Vec<Piece>, Option<Key>) {
    let mut elements = Vec::new();
    let mut last = None;
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    for found in Selection::new(directory, scope, query, now).skip(skip).take(limit) {
        let mut piece = found.store.text(found.index);
        if let Some(fields) = &query.fields {
            let mut text = Vec::new();
            piece.append_to(&mut text);
            piece = Piece::Text(project(&text, fields).into());
        }
        elements.push(piece);
        last = Some(found.head.key);
    }
    (elements, last)
}

/// What faults do to the elements of a page.
fn bend(elements: &mut Vec<Piece>, query: &EventQuery, strikes: &[FaultKind]) {
    let middle = elements.len() / 2;
    for strike in strikes {
        let more = match strike {
            FaultKind::Garbage => "{\"id\":\"5a2af2a82cf2b0010053ea41\",\"event_type\":sso_auth,}".to_owned(),
            FaultKind::NotObject => "\"an element that is no object\"".to_owned(),
            FaultKind::NoId => format!(
                "{{\"event_type\":\"user_update\",\"service\":\"directory\",\"timestamp\":\"{}\"}}",
                query.start.to_rfc3339_millis()
            ),
            FaultKind::Unsorted => {
                elements.reverse();
                continue;
            }
            _ => continue,
        };
        elements.insert(middle, Piece::Text(more.into()));
    }
}

fn issue_cursor(directory: &mut Directory, now: Timestamp, key: &Key, query: &EventQuery) -> String {
    let doc = String::from_utf8_lossy(&key.doc).into_owned();
    let text = format!("[{},\"{doc}\"]", key.millis);
    if remembers_cursors(directory) {
        if let Some(lifetime) = directory.knobs.cursor_lifetime
            && directory.cursors.len() > 4096
        {
            directory.cursors.retain(|_, (issued, _)| now.since(*issued) <= lifetime);
        }
        directory.cursors.insert((key.millis, doc), (now, query.fingerprint));
    }
    text
}

fn check_cursor(directory: &Directory, now: Timestamp, query: &EventQuery) -> Result<(), Refusal> {
    let Some(cursor) = query.after.as_ref().filter(|_| remembers_cursors(directory)) else { return Ok(()) };
    let knobs = &directory.knobs;
    let issued = directory.cursors.get(&(cursor.millis, cursor.doc.clone()));
    let is_good = issued.is_some_and(|(at, fingerprint)| {
        knobs.cursor_lifetime.is_none_or(|lifetime| now.since(*at) <= lifetime)
            && (!knobs.cursor_bound_to_query || *fingerprint == query.fingerprint)
    });
    if is_good { Ok(()) } else { Err(Refusal::bad("search_after is not valid for this query any more")) }
}

fn remembers_cursors(directory: &Directory) -> bool {
    directory.knobs.cursor_lifetime.is_some() || directory.knobs.cursor_bound_to_query
}
