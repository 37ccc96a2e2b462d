//! A receiver on loopback that answers as it is told.

use std::collections::VecDeque;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// A status, headers, a text. With 2xx the events are taken.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Takes the events, and never answers.
    TakenInSilence,
    /// Panics, so that the connection ends without an answer.
    Cut,
}

/// How requests are judged that no answer was told for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// 413 for more bytes than this.
    pub(crate) most_bytes: Option<usize>,
    /// This status where a line has this text.
    pub(crate) bad: Option<(u16, &'static str)>,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) told: VecDeque<Told>,
    pub(crate) rules: Rules,
    /// The lines of all requests that were taken, in order.
    pub(crate) taken: Vec<String>,
    /// Of each request: its headers, its lines.
    pub(crate) requests: Vec<(HeaderMap, usize)>,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Seen>>,
    /// Told of every request.
    pub(crate) arrived: Arc<Notify>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (seen, arrived): (Arc<Mutex<Seen>>, Arc<Notify>) = Default::default();
        let router = Router::new().fallback(answer).with_state((seen.clone(), arrived.clone()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { address, seen, arrived, server }
    }

    pub(crate) fn tell(&self, told: Told) {
        self.seen.lock().expect("sound").told.push_back(told);
    }

    pub(crate) fn taken(&self) -> Vec<String> {
        self.seen.lock().expect("sound").taken.clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().expect("sound").requests.len()
    }
}

type Shared = (Arc<Mutex<Seen>>, Arc<Notify>);

async fn answer(State((seen, arrived)): State<Shared>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    assert_eq!(head.method, "POST");
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let gzip = head.headers.get("content-encoding").is_some_and(|coding| coding == "gzip");
    let mut text = String::new();
    if gzip {
        flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).expect("gzip");
    } else {
        text = String::from_utf8(body.to_vec()).expect("text");
    }
    assert!(text.ends_with('\n'));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let told = {
        let mut seen = seen.lock().expect("sound");
        seen.requests.push((head.headers, lines.len()));
        let told = seen.told.pop_front().unwrap_or_else(|| judged(&seen.rules, &text));
        if matches!(told, Told::Answer(200..=299, ..) | Told::TakenInSilence) {
            seen.taken.extend(lines);
        }
        told
    };
    arrived.notify_one();
    match told {
        Told::Answer(status, headers, text) => {
            let mut response = (StatusCode::from_u16(status).expect("a status"), text).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().expect("a value"));
            }
            response
        }
        Told::TakenInSilence => std::future::pending().await,
        Told::Cut => panic!("told to end the connection"),
    }
}

fn judged(rules: &Rules, text: &str) -> Told {
    let status = match (rules.most_bytes, rules.bad) {
        (Some(most), _) if text.len() > most => 413,
        (_, Some((status, bad))) if text.contains(bad) => status,
        _ => 200,
    };
    Told::Answer(status, Vec::new(), if status == 200 { String::new() } else { "bad\u{7} line".to_owned() })
}
