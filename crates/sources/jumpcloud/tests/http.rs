//! The real transport against real sockets: what a server or the network may do to a request.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::Budget;
use adr_source_jumpcloud::{HttpOptions, HttpTransport, Request, Response, Room, Transport, TransportError};
use axum::Router;
use axum::body::Body;
use axum::extract::Request as Incoming;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::any;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn transport(timeout: Duration) -> HttpTransport {
    HttpTransport::new(&HttpOptions::with_timeout(timeout)).unwrap()
}

fn request(url: String) -> Request {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-api-key", support::KEY.parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    Request { method: http::Method::POST, url, headers, body: Bytes::from_static(b"{\"service\":[\"all\"]}") }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A server that says exactly these bytes to whoever connects, then waits or goes.
async fn says(bytes: &'static [u8], stay: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(bytes).await;
            let _ = socket.flush().await;
            if stay {
                tokio::spawn(async move {
                    let _ = socket.read(&mut buffer).await;
                });
            }
        }
    });
    format!("http://{address}")
}

async fn get(url: String, room: Room<'_>) -> Result<Response, TransportError> {
    transport(Duration::from_secs(10)).send(request(url), room).await
}

const PLENTY: usize = 1 << 20;

#[tokio::test]
async fn the_request_arrives_as_it_was_made() {
    let (sender, mut seen) = tokio::sync::mpsc::channel(1);
    let url = serve(Router::new().fallback(any(move |incoming: Incoming| {
        let sender = sender.clone();
        async move {
            let (parts, body) = incoming.into_parts();
            let body = axum::body::to_bytes(body, PLENTY).await.unwrap();
            sender.send((parts, body)).await.unwrap();
            ([("X-Search_after", "[1,\"a\"]")], "[]")
        }
    })))
    .await;
    let answer = get(format!("{url}/v1/events"), Room::fixed(PLENTY)).await.unwrap();
    let (parts, body) = seen.recv().await.unwrap();
    assert_eq!((parts.method.as_str(), parts.uri.path()), ("POST", "/v1/events"));
    assert_eq!(parts.headers["x-api-key"], support::KEY);
    assert_eq!(parts.headers["user-agent"], concat!("jumpcloud-adr/", env!("CARGO_PKG_VERSION")));
    assert!(parts.headers["accept-encoding"].to_str().unwrap().contains("gzip"));
    assert_eq!(body, r#"{"service":["all"]}"#);
    assert_eq!(
        (answer.status, &answer.body[..], answer.headers["x-search_after"].to_str().unwrap()),
        (200, &b"[]"[..], "[1,\"a\"]")
    );
}

#[tokio::test]
async fn a_header_keeps_its_name_however_it_is_spelled_on_the_wire() {
    for head in ["X-Search_after: [1]", "X-Search_After: [1]", "x-SEARCH_after:[1]"] {
        let text = format!("HTTP/1.1 200 OK\r\n{head}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]");
        let answer = get(says(text.leak().as_bytes(), false).await, Room::fixed(PLENTY)).await.unwrap();
        assert_eq!(answer.headers["x-search_after"], "[1]", "{head}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_stays_here() {
    for status in [301, 302, 303, 307, 308] {
        let (sender, mut visited) = tokio::sync::mpsc::channel::<()>(8);
        let elsewhere = serve(Router::new().fallback(any(move || {
            let sender = sender.clone();
            async move { sender.send(()).await.unwrap() }
        })))
        .await;
        let target = format!("{elsewhere}/steal");
        let to = target.clone();
        let url = serve(Router::new().fallback(any(move || async move {
            (StatusCode::from_u16(status).unwrap(), [("location", to.clone())]).into_response()
        })))
        .await;
        let answer = get(url, Room::fixed(PLENTY)).await.unwrap();
        assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (status, &*target));
        assert!(visited.try_recv().is_err(), "{status}: nobody goes there");
    }
}

/// A gzip stream of stored blocks: enough to prove that it is unpacked.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = text.chunks(65_535).peekable();
    while let Some(chunk) = chunks.next() {
        out.push(u8::from(chunks.peek().is_none()));
        let length = u16::try_from(chunk.len()).unwrap();
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    let crc = text.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    });
    out.extend_from_slice(&(!crc).to_le_bytes());
    out.extend_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
    out
}

async fn gzipped(text: Vec<u8>) -> String {
    serve(Router::new().fallback(any(move || async move { ([("content-encoding", "gzip")], gzip(&text)) }))).await
}

#[tokio::test]
async fn gzip_is_unpacked_and_the_cap_counts_what_comes_out() {
    let text = format!("[{}]", "1,".repeat(100_000));
    let answer = get(gzipped(text.clone().into_bytes()).await, Room::fixed(PLENTY)).await.unwrap();
    assert!(answer.body == text.as_bytes());
    let error = get(gzipped(text.into_bytes()).await, Room::fixed(100_000)).await.unwrap_err();
    assert_eq!(error, TransportError::TooLarge { cap: 100_000 });
}

#[tokio::test]
async fn a_body_cut_short_is_an_error_whatever_framing_it_has() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{}]"[..],
        &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n[{}]\r\n"[..],
        &b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 12\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x00"
            [..],
        &b"HTTP/1.1 200"[..],
        &b""[..],
    ] {
        let error = get(says(bytes, false).await, Room::fixed(PLENTY)).await.unwrap_err();
        assert!(matches!(error, TransportError::Cut(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_declared_length_over_the_cap_is_refused_before_it_is_read() {
    let url = says(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n[", true).await;
    let error = get(url, Room::fixed(PLENTY)).await.unwrap_err();
    assert_eq!(error, TransportError::TooLarge { cap: PLENTY });
}

async fn endless() -> String {
    serve(Router::new().fallback(any(|| async {
        let chunks = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 16_384])));
        Body::from_stream(chunks)
    })))
    .await
}

#[tokio::test]
async fn an_endless_body_stops_at_the_cap_and_the_budget_never_holds_more() {
    let budget = Budget::new(8 << 20);
    let mut memory = budget.reserve(64 << 10).await;
    let error = get(endless().await, Room::reserved(&mut memory, PLENTY)).await.unwrap_err();
    assert_eq!(error, TransportError::TooLarge { cap: PLENTY });
    assert!(budget.peak() <= PLENTY, "{}", budget.peak());
}

#[tokio::test]
async fn a_body_that_does_not_fit_into_the_budget_is_left_and_says_what_it_needs() {
    let budget = Budget::new(1 << 20);
    let others = budget.reserve(700 << 10).await;
    let mut memory = budget.reserve(64 << 10).await;
    let error = get(endless().await, Room::reserved(&mut memory, 32 << 20)).await.unwrap_err();
    let TransportError::NoRoom { wanted } = error else { panic!("{error:?}") };
    assert!(wanted > memory.bytes() && budget.peak() <= 1 << 20);
    drop(others);
}

#[tokio::test]
async fn a_body_grows_into_the_budget_and_is_held_at_its_size() {
    let text = "x".repeat(900_000);
    let body = text.clone();
    let url = serve(Router::new().fallback(any(move || async move { body }))).await;
    let budget = Budget::new(8 << 20);
    let mut memory = budget.reserve(64 << 10).await;
    let answer = get(url, Room::reserved(&mut memory, 32 << 20)).await.unwrap();
    assert!(answer.body == text.as_bytes() && answer.body.capacity() <= memory.bytes());
    let held = memory.hold(answer.body);
    assert!((900_000..=1_100_000).contains(&budget.used()), "{}", budget.used());
    drop(held);
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn the_body_of_an_error_is_cut_off_and_does_not_hide_the_status() {
    let url = serve(Router::new().fallback(any(|| async { (StatusCode::BAD_GATEWAY, "x".repeat(1 << 20)) }))).await;
    let answer = get(url, Room::fixed(PLENTY)).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (502, Room::ERROR_BODY));
    let cut = says(b"HTTP/1.1 503 Gone\r\ncontent-length: 100\r\n\r\noops", false).await;
    let answer = get(cut, Room::fixed(PLENTY)).await.unwrap();
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn a_silent_server_times_out() {
    for bytes in [&b""[..], &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n[{}"[..]] {
        let url = says(bytes, true).await;
        let started = Instant::now();
        let error = transport(Duration::from_millis(200)).send(request(url), Room::fixed(PLENTY)).await.unwrap_err();
        assert_eq!(error, TransportError::Timeout);
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn no_connection_says_why_and_names_no_secret() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = get(format!("http://127.0.0.1:{port}/"), Room::fixed(PLENTY)).await.unwrap_err();
    let TransportError::Connect(why) = &error else { panic!("{error:?}") };
    assert!(why.to_lowercase().contains("refused") && !why.contains(support::KEY), "{why}");
}

#[tokio::test]
async fn plain_text_where_tls_is_expected_is_no_connection() {
    let url = says(b"HTTP/1.1 200 OK\r\n\r\n", false).await.replace("http://", "https://");
    assert!(matches!(get(url, Room::fixed(PLENTY)).await, Err(TransportError::Connect(_))));
}

#[test]
fn a_ca_file_that_is_none_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    for path in [empty, PathBuf::from("/nonexistent/ca.pem")] {
        let options = HttpOptions { ca_file: Some(path.clone()), ..HttpOptions::default() };
        let failure = HttpTransport::new(&options).unwrap_err();
        assert!(failure.message.contains(&path.display().to_string()), "{failure}");
    }
}

/// The whole source over a socket: pages that are too large shrink until they fit, and nothing is missing.
#[tokio::test]
async fn pages_too_large_for_the_cap_are_asked_for_in_smaller_parts() {
    const EVENTS: u64 = 300;
    let url = serve(Router::new().fallback(any(|incoming: Incoming| async move {
        let body = axum::body::to_bytes(incoming.into_body(), PLENTY).await.unwrap();
        let query: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let from = query["search_after"][0].as_u64().map_or(0, |last| last + 1);
        let to = (from + query["limit"].as_u64().unwrap()).min(EVENTS);
        let rows: Vec<String> =
            (from..to).map(|id| format!(r#"{{"id":"{id}","x":"{}"}}"#, "x".repeat(76_000))).collect();
        let headers = [("x-limit", query["limit"].to_string()), ("x-search_after", format!("[{}]", to.max(1) - 1))];
        (headers, format!("[{}]", rows.join(",")))
    })))
    .await;
    let clock = support::ManualClock::new(support::DAY);
    let raw = support::config(&format!(
        "secret_key: {{ env: K }}\nbase_url: {url}\noverlap: 0s\nstart: -1d\nmax_response_bytes: 1048576\nrequest_budget: 10000/s"
    ))
    .unwrap();
    let settings = adr_source_jumpcloud::Settings::try_from(raw).unwrap();
    let surroundings = support::surroundings(clock, Arc::new(transport(Duration::from_secs(10))));
    let lane = support::lane(&settings, &surroundings);
    let mut source = adr_core::Lane::open(&*lane, Vec::new()).unwrap();
    let budget = Budget::new(4 << 20);
    let (mut got, mut failures) = (0, 0);
    while got < EVENTS {
        let memory = budget.reserve(source.demand()).await;
        match source.next(memory).await {
            Ok(adr_core::Pull::Page(page)) => got += page.events.len() as u64,
            Ok(_) => panic!("{got} of {EVENTS}, and nothing more to do"),
            Err(failure) => {
                assert!(failure.message.contains("larger than 1048576 bytes"), "{failure}");
                failures += 1;
            }
        }
    }
    assert!((1..30).contains(&failures), "{failures}");
    assert!(budget.peak() <= 4 << 20);
}
