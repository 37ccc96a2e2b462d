//! A transport that answers what a test has written down, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use adr_core::BoxFuture;
use adr_source_jumpcloud::{Request, Response, Room, Transport, TransportError};
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Result<Response, TransportError>>>,
    pub(crate) asked: Mutex<Vec<Request>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Response, TransportError>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() })
    }

    pub(crate) fn then(&self, answer: Result<Response, TransportError>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// The JSON bodies of the requests for events.
    pub(crate) fn queries(&self) -> Vec<Value> {
        let events = |request: &Request| {
            request.url.ends_with("/events").then(|| serde_json::from_slice(&request.body).unwrap())
        };
        self.requests().iter().filter_map(events).collect()
    }
}

impl Transport for Script {
    fn send<'a>(&'a self, request: Request, mut room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().expect("the script has an answer to this request");
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

pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut response = Response { status, body: body.as_bytes().to_vec(), ..Response::default() };
    for (name, value) in headers {
        response.headers.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    response
}

/// A page with every header the API documents.
pub(crate) fn page(rows: &[String], limit: usize, cursor: &str) -> Response {
    let headers = [
        ("X-Result-Count", rows.len().to_string()),
        ("X-Limit", limit.to_string()),
        ("X-Sort", "ASC".to_owned()),
        ("X-Search_after", cursor.to_owned()),
        ("X-Request-Id", "0dc4cbae-8f3c-4d1b-9a67-0123456789ab".to_owned()),
    ];
    let headers: Vec<(&str, &str)> =
        headers.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str())).collect();
    response(200, &headers, &format!("[{}]", rows.join(",")))
}

pub(crate) fn event(id: &str, millis: i64) -> String {
    format!(
        r#"{{"id":"{id}","service":"sso","event_type":"sso_auth","organization":"5a2af2a82cf2b0010053ea41","timestamp":"{}","@version":"1"}}"#,
        super::rfc3339(millis)
    )
}
