//! One tenant's requests for events: the query written, the answer's headers read, refusals told apart.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use adr_core::{Clock, Failure, Secrets, Timestamp};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::auth::Auth;
use crate::refusal;
use crate::settings::Tenant;
use crate::transport::{Request, Response, Room, Transport, TransportError};

/// Asks `/events` for one tenant.
pub(crate) struct Client {
    tenant: Arc<Tenant>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    auth: Auth,
    url: String,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// Inclusive.
    pub(crate) start: Timestamp,
    /// The window's end, or none.
    pub(crate) end: Option<Timestamp>,
    pub(crate) limit: u32,
    /// The JSON of the cursor, exactly as the API gave it.
    pub(crate) cursor: Option<Box<RawValue>>,
}

/// A page as it came, with what its headers say.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) body: Vec<u8>,
    /// `X-Result-Count`: rows in this page.
    pub(crate) count: Option<u64>,
    /// `X-Limit`: rows that a full page has.
    pub(crate) limit: Option<u64>,
    /// `X-Sort` says something else than ascending.
    pub(crate) descending: bool,
    /// `X-Search_after`: where the next page begins.
    pub(crate) cursor: Option<Box<RawValue>>,
    /// `Date`: the server's time.
    pub(crate) date: Option<Timestamp>,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The query is called wrong, and it had a cursor: that may be the reason.
    CursorRefused(Failure),
    /// The page is too large or too slow in coming.
    TooMuch(Failure),
    /// The memory budget has no room for this many bytes right now.
    NoRoom(usize, Failure),
    /// Anything else.
    Failed(Failure),
}

impl FetchError {
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::CursorRefused(failure)
            | Self::TooMuch(failure)
            | Self::NoRoom(_, failure)
            | Self::Failed(failure) => failure,
        }
    }
}

#[derive(Serialize)]
struct EventQuery<'a> {
    service: &'a [String],
    start_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    limit: u32,
    sort: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_after: Option<&'a RawValue>,
}

impl Client {
    pub(crate) fn new(
        tenant: Arc<Tenant>,
        transport: Arc<dyn Transport>,
        secrets: Arc<dyn Secrets>,
        sound: Arc<AtomicBool>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let auth = Auth::new(Arc::clone(&tenant), secrets, sound, Arc::clone(&clock));
        let url = format!("{}/events", tenant.base_url);
        Self { tenant, transport, clock, auth, url }
    }

    /// One page. A token is fetched when needed, and renewed once if it is refused.
    pub(crate) async fn fetch(&mut self, query: &Query, mut room: Room<'_>) -> Result<Reply, FetchError> {
        let place = || match &self.tenant.org_id {
            Some(org) => format!("{} (organization {org})", self.tenant.device_name),
            None => self.tenant.device_name.to_string(),
        };
        let (place, body) = (place(), self.body(query));
        let failed = |failure: Failure| FetchError::Failed(failure.at(&place));
        let mut response = self.send(&body, &mut room).await.map_err(|error| error.at(&place))?;
        let bearer = self.auth.is_bearer();
        if response.status == 401 && bearer && self.auth.refused() {
            tracing::debug!(tenant = &*self.tenant.name, "the token was refused, asking for another");
            response = self.send(&body, &mut room).await.map_err(|error| error.at(&place))?;
        }
        match response.status {
            200 => Ok(reply(response)),
            status => {
                let mut failure = refusal::of_events(&response, &self.url, bearer, self.clock.now());
                failure.message = self.auth.redact(failure.message);
                if status == 401 {
                    self.auth.refused();
                }
                if status == 400 && query.cursor.is_some() {
                    return Err(FetchError::CursorRefused(failure.at(&place)));
                }
                Err(failed(failure))
            }
        }
    }

    fn body(&self, query: &Query) -> Bytes {
        let query = EventQuery {
            service: &self.tenant.services,
            start_time: query.start.to_rfc3339_millis(),
            end_time: query.end.map(Timestamp::to_rfc3339_millis),
            limit: query.limit,
            sort: "ASC",
            search_after: query.cursor.as_deref(),
        };
        serde_json::to_vec(&query).expect("texts and numbers always serialise").into()
    }

    async fn send(&mut self, body: &Bytes, room: &mut Room<'_>) -> Result<Response, FetchError> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(org) = &self.tenant.org_id {
            let org = HeaderValue::from_str(org).expect("an organization id is checked to be letters and digits");
            headers.insert(HeaderName::from_static("x-org-id"), org);
        }
        self.auth.apply(&mut headers, &*self.transport).await.map_err(FetchError::Failed)?;
        let request = Request { method: Method::POST, url: self.url.clone(), headers, body: body.clone() };
        let result = self.transport.send(request, room.reborrow()).await;
        match &result {
            Ok(response) => {
                tracing::debug!(
                    tenant = &*self.tenant.name,
                    status = response.status,
                    bytes = response.body.len(),
                    "answered"
                );
            }
            Err(error) => tracing::debug!(tenant = &*self.tenant.name, %error, "not answered"),
        }
        result.map_err(|error| {
            let failure = refusal::of_transport(&error, &self.url);
            match error {
                TransportError::TooLarge { .. } | TransportError::Timeout => FetchError::TooMuch(failure),
                TransportError::NoRoom { wanted } => FetchError::NoRoom(wanted, failure),
                _ => FetchError::Failed(failure),
            }
        })
    }
}

impl FetchError {
    fn at(self, place: &str) -> Self {
        match self {
            Self::CursorRefused(failure) => Self::CursorRefused(failure.at(place)),
            Self::TooMuch(failure) => Self::TooMuch(failure.at(place)),
            Self::NoRoom(wanted, failure) => Self::NoRoom(wanted, failure.at(place)),
            Self::Failed(failure) => Self::Failed(failure.at(place)),
        }
    }
}

fn reply(response: Response) -> Reply {
    let text = |name: &'static str| response.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |name| text(name).and_then(|text| text.parse().ok());
    Reply {
        count: number("x-result-count"),
        limit: number("x-limit"),
        descending: text("x-sort").is_some_and(|sort| !sort.is_empty() && !sort.eq_ignore_ascii_case("asc")),
        cursor: text("x-search_after").and_then(cursor),
        date: text("date").and_then(refusal::http_date),
        body: response.body,
    }
}

/// A cursor is a JSON array with something in it; whatever is in it, it goes back as it came.
pub(crate) fn cursor(text: &str) -> Option<Box<RawValue>> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    if elements.is_empty() { None } else { RawValue::from_string(text.to_owned()).ok() }
}
