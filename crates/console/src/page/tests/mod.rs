//! The page asked as a browser asks it, against a desk that says what a test wants.

mod forms;
mod html;
mod looks;
mod pages;
mod provider;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use adr_core::{BoxFuture, ExposeSecret, Timestamp};
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{Role, Visitor, routes};
use crate::desk::{Change, Desk, Done, Graph, GraphNode, Refused, Sample};
use crate::devices::{DeviceStatus, History, Occurrence, Point, State};

/// Says what a test wants, and remembers what it was asked to change.
#[derive(Default)]
pub(super) struct Said {
    pub(super) devices: Vec<DeviceStatus>,
    pub(super) occurrences: Vec<Occurrence>,
    pub(super) sample: Option<Sample>,
    pub(super) graph: Graph,
    pub(super) is_fixed: bool,
    pub(super) refusal: Option<Refused>,
    pub(super) changes: Mutex<Vec<(String, Change)>>,
    /// How often it was asked for all devices.
    pub(super) lists: AtomicUsize,
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_secs(1_800_000_000)
}

impl Desk for Said {
    fn devices(&self) -> Vec<DeviceStatus> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.devices.clone()
    }

    fn device(&self, id: &str) -> Option<DeviceStatus> {
        self.devices.iter().find(|device| device.id == id).cloned()
    }

    fn history(&self, _: &str) -> Option<History> {
        let end = now().as_nanos() / 1_000_000_000;
        let points = |every: i64| {
            let point = |index| Point { at: end - index * every, rate: index as f32, lag: Some(60) };
            (0..20).rev().map(point).collect()
        };
        Some(History { hour: points(10), day: points(300) })
    }

    fn occurrences(&self, _: &str) -> Vec<Occurrence> {
        self.occurrences.clone()
    }

    fn sample(&self, _: &str) -> Option<Sample> {
        self.sample.clone()
    }

    fn graph(&self) -> Graph {
        self.graph.clone()
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn takes_changes(&self) -> bool {
        !self.is_fixed
    }

    fn change(self: Arc<Self>, who: String, change: Change) -> BoxFuture<'static, Result<Done, Refused>> {
        Box::pin(async move {
            self.changes.lock().unwrap().push((who, change));
            let done = Done { id: "acme".to_owned(), message: "it is <done>".to_owned() };
            self.refusal.clone().map_or(Ok(done), Err)
        })
    }
}

/// A device in a state.
pub(super) fn device(id: &str, state: State) -> DeviceStatus {
    let before = |seconds| Some(now().minus(std::time::Duration::from_secs(seconds)).to_string());
    DeviceStatus {
        id: id.to_owned(),
        name: format!("{id} Inc."),
        device_type: "JumpCloud".to_owned(),
        cce: "192.0.2.5".to_owned(),
        org_id: "5a2af2a82cf2b0010053ea41".to_owned(),
        is_read: state != State::Paused,
        state,
        status: state.label().to_owned(),
        since: before(600),
        last_event: before(12),
        last_poll: before(5),
        complete_until: before(65),
        lag_seconds: Some(65),
        caught_up_in_seconds: Some(90),
        ..DeviceStatus::default()
    }
}

/// A desk with a device in each state, and something of everything.
pub(super) fn full() -> Said {
    let occurrence = Occurrence {
        since: now().to_string(),
        at: now().to_string(),
        kind: "timeout".to_owned(),
        message: "no answer".to_owned(),
        over: None,
    };
    let mut devices: Vec<_> = State::ALL.into_iter().map(|state| device(state.as_str(), state)).collect();
    devices[0].provider = Some("Northwind".to_owned());
    for device in &mut devices[1..3] {
        device.last_error = Some(occurrence.clone());
    }
    let node = |name: &str, inputs: &[&str]| GraphNode {
        name: name.to_owned(),
        kind: "transform".to_owned(),
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
        ..GraphNode::default()
    };
    Said {
        devices,
        occurrences: vec![occurrence.clone(), Occurrence { over: Some(now().to_string()), ..occurrence }],
        sample: Some(Sample { raw: r#"{"a":[1,"b"]}"#.to_owned(), mapped: None }),
        graph: Graph { nodes: vec![node("a", &[]), node("route", &["a"]), node("b", &["route.high", "a"])] },
        ..Said::default()
    }
}

pub(super) const CSRF: &str = "right";

pub(super) fn administrator() -> Option<Visitor> {
    Some(Visitor { name: Some("jane".to_owned()), role: Role::Administrator, csrf: CSRF.to_owned() })
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

pub(super) async fn ask(desk: &Arc<Said>, visitor: Option<Visitor>, request: Request<Body>) -> Answer {
    answer(routes(desk.clone()), visitor, request).await
}

pub(super) async fn answer(routes: axum::Router, visitor: Option<Visitor>, mut request: Request<Body>) -> Answer {
    request.extensions_mut().extend(
        visitor
            .map(|visitor| {
                let mut extensions = http::Extensions::new();
                extensions.insert(visitor);
                extensions
            })
            .unwrap_or_default(),
    );
    let response = routes.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, text }
}

pub(super) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub(super) fn post(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

/// Of a change what can be compared: its name, and the secret that came with it.
pub(super) fn told(change: &Change) -> (String, String) {
    match change {
        Change::Add(form) => (format!("add {}", form.device_name), form.secret_key.expose_secret().to_owned()),
        Change::Try(form) => (format!("try {}", form.device_name), form.secret_key.expose_secret().to_owned()),
        Change::Test(id) => (format!("test {id}"), String::new()),
        Change::RotateKey { id, secret, expires } => {
            (format!("rotate {id} {expires}"), secret.expose_secret().to_owned())
        }
        Change::Pause(id) => (format!("pause {id}"), String::new()),
        Change::Resume(id) => (format!("resume {id}"), String::new()),
        Change::Remove(id) => (format!("remove {id}"), String::new()),
    }
}
