//! A small model of Directory Insights: documents in the order (millisecond, document id), each visible from its
//! own instant on, and what is unknown or goes wrong on switches.

use std::sync::{Arc, Mutex};

use adr_core::{BoxFuture, Timestamp};
use adr_source_jumpcloud::{Request, Response, Room, Transport, TransportError};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::ManualClock;

#[derive(Clone, Debug)]
pub(crate) struct Doc {
    pub(crate) millis: i64,
    pub(crate) doc: String,
    pub(crate) id: String,
    pub(crate) visible: i64,
    pub(crate) text: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Knobs {
    pub(crate) end_inclusive: bool,
    pub(crate) equal_allowed: bool,
    /// Rows the server gives at most, whatever was asked for.
    pub(crate) server_limit: u64,
    pub(crate) headers: bool,
    pub(crate) limit_header: bool,
    pub(crate) cursor_header: bool,
    pub(crate) cursor_on_empty: bool,
    /// In a thousand requests.
    pub(crate) faults: u32,
    pub(crate) refused_cursors: u32,
    pub(crate) repeated_cursors: u32,
    pub(crate) shuffled_pages: u32,
    /// Cursors end with their window's query: anything else than the very same query is refused.
    pub(crate) cursor_bound: bool,
    /// A window's later pages show what was visible when its first page was asked for.
    pub(crate) snapshot: bool,
    pub(crate) pretty: bool,
    pub(crate) date_header: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            end_inclusive: true,
            equal_allowed: true,
            server_limit: 10_000,
            headers: true,
            limit_header: true,
            cursor_header: true,
            cursor_on_empty: true,
            faults: 0,
            refused_cursors: 0,
            repeated_cursors: 0,
            shuffled_pages: 0,
            cursor_bound: true,
            snapshot: false,
            pretty: false,
            date_header: false,
        }
    }
}

pub(crate) struct Model {
    pub(crate) state: Mutex<State>,
    clock: Arc<ManualClock>,
}

pub(crate) struct State {
    /// In order.
    pub(crate) docs: Vec<Doc>,
    pub(crate) knobs: Knobs,
    pub(crate) requests: u64,
    /// The server's clock minus ours.
    pub(crate) skew: i64,
    random: SmallRng,
    queries: std::collections::HashSet<(String, String)>,
    /// When each query was asked for without a cursor, last.
    begun: std::collections::HashMap<String, i64>,
}

impl Model {
    pub(crate) fn new(clock: Arc<ManualClock>, knobs: Knobs, seed: u64) -> Arc<Self> {
        let state = State {
            docs: Vec::new(),
            knobs,
            requests: 0,
            skew: 0,
            random: SmallRng::seed_from_u64(seed),
            queries: std::collections::HashSet::new(),
            begun: std::collections::HashMap::new(),
        };
        Arc::new(Self { state: Mutex::new(state), clock })
    }

    pub(crate) fn add(&self, doc: Doc) {
        let docs = &mut self.state.lock().unwrap().docs;
        let at = docs.partition_point(|other| (other.millis, &other.doc) < (doc.millis, &doc.doc));
        docs.insert(at, doc);
    }
}

fn error(status: u16, message: &str) -> Response {
    Response { status, body: json!({ "message": message }).to_string().into_bytes(), ..Response::default() }
}

impl State {
    fn answer(&mut self, query: &Value, now: i64) -> Result<Response, TransportError> {
        self.requests += 1;
        let now = now + self.skew;
        if self.random.random_ratio(self.knobs.faults, 1000) {
            return match self.random.random_range(0..5) {
                0 => Err(TransportError::Timeout),
                1 => Err(TransportError::Cut("connection reset".to_owned())),
                2 => Ok(error(500, "We are experiencing technical difficulties")),
                3 => Ok(Response { status: 502, body: b"<html>".to_vec(), ..Response::default() }),
                _ => {
                    let mut response = error(429, "slow down");
                    response.headers.insert("retry-after", "7".parse().unwrap());
                    Ok(response)
                }
            };
        }
        let time = |name: &str| {
            query.get(name).map(|value| Timestamp::parse(value.as_str().unwrap().as_bytes()).unwrap().as_millis())
        };
        let (start, end) = (time("start_time").expect("start_time is required"), time("end_time"));
        assert_eq!(query["sort"], "ASC");
        if start > now {
            return Ok(error(400, "start_time is in the future"));
        }
        if let Some(end) = end
            && (start > end || (start == end && !self.knobs.equal_allowed))
        {
            return Ok(error(400, &format!("Start Time not after End Time {start} > {end}")));
        }
        let limit = query["limit"].as_u64().expect("a limit").min(self.knobs.server_limit);
        let mut unlimited = query.clone();
        unlimited.as_object_mut().unwrap().retain(|name, _| name != "search_after" && name != "limit");
        let mut shown = now;
        let after = match query.get("search_after") {
            None => {
                self.begun.insert(unlimited.to_string(), now);
                None
            }
            Some(cursor) => {
                let bound = self.queries.contains(&(cursor.to_string(), unlimited.to_string()));
                if self.random.random_ratio(self.knobs.refused_cursors, 1000) || (self.knobs.cursor_bound && !bound) {
                    return Ok(error(400, "search_after is invalid"));
                }
                if self.knobs.snapshot {
                    shown = self.begun.get(&unlimited.to_string()).copied().unwrap_or(now);
                }
                Some((cursor[0].as_i64().unwrap(), cursor[1].as_str().unwrap().to_owned()))
            }
        };
        let from = match &after {
            Some((millis, doc)) => self.docs.partition_point(|other| (other.millis, &other.doc) <= (*millis, doc)),
            None => 0,
        };
        let from = from.max(self.docs.partition_point(|other| other.millis < start));
        let mut rows: Vec<&Doc> = self.docs[from..]
            .iter()
            .take_while(|doc| end.is_none_or(|end| doc.millis < end || (self.knobs.end_inclusive && doc.millis == end)))
            .filter(|doc| doc.visible <= shown)
            .take(usize::try_from(limit).unwrap())
            .collect();
        let cursor = rows.last().map(|doc| json!([doc.millis, doc.doc]));
        if self.random.random_ratio(self.knobs.shuffled_pages, 1000) {
            for at in (1..rows.len()).rev() {
                rows.swap(at, self.random.random_range(0..=at));
            }
        }
        let mut response = Response { status: 200, ..Response::default() };
        let texts: Vec<&str> = rows.iter().map(|doc| doc.text.as_str()).collect();
        response.body = format!("[{}]", texts.join(",")).into_bytes();
        if self.knobs.pretty {
            let value: Value = serde_json::from_slice(&response.body).unwrap();
            response.body = serde_json::to_vec_pretty(&value).unwrap();
        }
        let headers = &mut response.headers;
        if self.knobs.headers {
            headers.insert("x-result-count", rows.len().into());
            if self.knobs.limit_header {
                headers.insert("x-limit", limit.into());
            }
            headers.insert("x-sort", "ASC".parse().unwrap());
            let cursor = cursor.or_else(|| query.get("search_after").filter(|_| self.knobs.cursor_on_empty).cloned());
            if let Some(mut cursor) = cursor.filter(|_| self.knobs.cursor_header) {
                if self.random.random_ratio(self.knobs.repeated_cursors, 1000) && query.get("search_after").is_some() {
                    cursor = query["search_after"].clone();
                }
                self.queries.insert((cursor.to_string(), unlimited.to_string()));
                headers.insert("x-search_after", cursor.to_string().parse().unwrap());
            }
        }
        if self.knobs.date_header {
            headers.insert("date", http_date(now).parse().unwrap());
        }
        Ok(response)
    }
}

fn http_date(millis: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = super::rfc3339(millis);
    let month: usize = text[5..7].parse().unwrap();
    format!("Xxx, {} {} {} {} GMT", &text[8..10], MONTHS[month - 1], &text[..4], &text[11..19])
}

impl Transport for Model {
    fn send<'a>(&'a self, request: Request, mut room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>> {
        let query: Value = serde_json::from_slice(&request.body).unwrap();
        let answer = self.state.lock().unwrap().answer(&query, self.clock.millis());
        Box::pin(async move {
            let mut answer = answer?;
            if answer.status == 200 {
                let body = std::mem::take(&mut answer.body);
                room.append(&mut answer.body, &body)?;
            }
            Ok(answer)
        })
    }
}
