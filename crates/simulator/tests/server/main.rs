//! The server over loopback, with a client that knows nothing of the simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use adr_core::{Clock, Timestamp};
use adr_simulator::{
    Directory, Fault, FaultKind, Generated, HeaderCase, Knobs, SIMULATED_CLIENT, SIMULATED_CLIENT_SECRET,
    SIMULATED_KEY, Server, SharedDirectory, SimulatorOptions, Span, When,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const NOW: Timestamp = Timestamp::from_secs(1_769_418_000);
const PATH: &str = "/insights/directory/v1/events";

/// A clock that a test sets.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

struct Running {
    server: Server,
    clock: Arc<TestClock>,
    options: SimulatorOptions,
    client: reqwest::Client,
}

async fn start(options: SimulatorOptions) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let clock = Arc::new(TestClock(AtomicI64::new(NOW.as_nanos())));
    let directory = SharedDirectory::new(options.directory(NOW).expect("a world"));
    let clock_of_server: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let server = Server::start(listener, directory, clock_of_server).expect("a server");
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    Running { server, clock, options, client: client.expect("a client") }
}

fn events(count: u64) -> SimulatorOptions {
    SimulatorOptions { events: count, ..SimulatorOptions::default() }
}

impl Running {
    fn query(&self, body: &Value) -> reqwest::RequestBuilder {
        let url = format!("{}{PATH}", self.server.base_url());
        self.client.post(url).header("x-api-key", SIMULATED_KEY).json(body).timeout(Duration::from_secs(20))
    }

    fn strike(&self, kind: FaultKind) {
        self.server.directory().lock().set_faults(vec![Fault::new(kind)]);
    }
}

fn everything() -> Value {
    json!({"service": ["all"], "start_time": "2025-12-01T00:00:00Z"})
}

#[tokio::test]
async fn a_client_pages_through_a_world() {
    let running = start(events(2_500)).await;
    let mut query = everything();
    query["limit"] = json!(1_000);
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let response = running.query(&query).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let cursor = response.headers()["x-search_after"].to_str().expect("text").to_owned();
        let page: Vec<Value> = response.json().await.expect("a page");
        sizes.push(page.len());
        ids.extend(page.iter().map(|event| event["id"].as_str().expect("an id").to_owned()));
        if page.len() < 1_000 {
            break;
        }
        query["search_after"] = serde_json::from_str(&cursor).expect("JSON");
    }
    assert_eq!(sizes, [1_000, 1_000, 500]);
    let directory = running.server.directory().lock();
    let org = directory.organizations().next().expect("one").0;
    assert!(directory.ledger(org).map(|entry| entry.id.expect("an id")).eq(ids));
}

#[tokio::test]
async fn bodies_are_the_models_bytes_with_and_without_gzip() {
    let running = start(events(300)).await;
    let request = adr_simulator::Request::post(PATH, everything().to_string()).with("x-api-key", SIMULATED_KEY);
    let expected = running.server.directory().lock().handle(NOW, &request).body.into_bytes();
    let body = || running.query(&everything()).send();
    let zipped = body().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(zipped, expected, "reqwest asks for gzip and unpacks it");
    let packed = raw(&running, "accept-encoding: deflate, gzip\r\n", &everything().to_string()).await;
    assert!(packed.contains("\r\nContent-Encoding: gzip\r\n"));
    assert!(packed.len() < expected.len() / 2);
    running.server.directory().lock().knobs = Knobs { gzip: false, ..Knobs::default() };
    let plain = raw(&running, "accept-encoding: gzip\r\n", &everything().to_string()).await;
    assert!(!plain.contains("Content-Encoding"));
    assert!(plain.len() > expected.len());
}

/// The raw answer to a raw request; the connection is closed behind it.
async fn raw(running: &Running, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(running.server.address()).await.expect("a connection");
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {SIMULATED_KEY}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn header_names_are_spelt_as_jumpcloud_spells_them() {
    let running = start(events(3)).await;
    let answer = raw(&running, "", &everything().to_string()).await;
    for name in [
        "\r\nX-Result-Count: 3\r\n",
        "\r\nX-Search_after: [",
        "\r\nX-Limit: 1000\r\n",
        "\r\nX-Sort: ASC\r\n",
        "\r\nX-Request-Id: ",
    ] {
        assert!(answer.contains(name), "{name} in {answer}");
    }
    running.strike(FaultKind::HeaderCase(HeaderCase::Lower));
    assert!(raw(&running, "", &everything().to_string()).await.contains("\r\nx-search_after: ["));
}

#[tokio::test]
async fn connections_break_as_said() {
    let running = start(events(400)).await;
    running.strike(FaultKind::Reset);
    assert!(running.query(&everything()).send().await.is_err());
    let mut stream = TcpStream::connect(running.server.address()).await.expect("a connection");
    let body = everything().to_string();
    let request = format!("POST {PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.expect("written");
    let error = stream.read_to_end(&mut Vec::new()).await.expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    running.strike(FaultKind::Cut(1_000));
    let answer = running.query(&everything()).header("accept-encoding", "identity").send().await.expect("the head");
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "the body breaks off");
    // Behind the last byte of the page as well: no answer is whole while this is on.
    running.strike(FaultKind::Cut(u64::MAX));
    let answer = running.query(&everything()).send().await.expect("the head");
    assert!(answer.bytes().await.is_err());
    running.server.directory().lock().set_faults(Vec::new());
    assert_eq!(running.query(&everything()).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn slow_answers_are_slow_and_hanging_ones_hang() {
    let running = start(events(20)).await;
    running.strike(FaultKind::Delay(Duration::from_millis(300)));
    let begun = Instant::now();
    running.query(&everything()).send().await.expect("an answer");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let size = running
        .query(&everything())
        .header("accept-encoding", "identity")
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body")
        .len();
    running.strike(FaultKind::SlowBody(size as u64 * 2));
    let begun = Instant::now();
    let answer = running.query(&everything()).header("accept-encoding", "identity").send().await.expect("an answer");
    assert_eq!(answer.bytes().await.expect("a body").len(), size);
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    running.strike(FaultKind::Delay(Duration::from_secs(86_400)));
    let error = running.query(&everything()).timeout(Duration::from_millis(200)).send().await.expect_err("a timeout");
    assert!(error.is_timeout());
}

#[tokio::test]
async fn errors_redirects_and_large_pages_arrive() {
    let running = start(events(50)).await;
    running.strike(FaultKind::Redirect("http://127.0.0.1:1".to_owned()));
    let answer = running.query(&everything()).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (307, &"http://127.0.0.1:1/insights/directory/v1/events".parse().expect("a value"))
    );
    running.strike(FaultKind::BadGateway);
    let answer = running.query(&everything()).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (502, &"text/html".parse().expect("a value"))
    );
    running.strike(FaultKind::Oversized(100_000_000));
    let mut answer =
        running.query(&everything()).header("accept-encoding", "identity").send().await.expect("an answer");
    let mut size = 0;
    while let Some(chunk) = answer.chunk().await.expect("a chunk") {
        size += chunk.len();
    }
    assert!(size > 100_000_000, "{size}");
}

#[tokio::test]
async fn a_service_account_works_over_http() {
    let running = start(events(5)).await;
    let url = format!("{}/oauth2/token", running.server.base_url());
    let form = [("grant_type", "client_credentials"), ("scope", "api")];
    let token = |secret: &str| running.client.post(&url).basic_auth(SIMULATED_CLIENT, Some(secret)).form(&form).send();
    let answer: Value = token(SIMULATED_CLIENT_SECRET).await.expect("an answer").json().await.expect("JSON");
    let bearer = answer["access_token"].as_str().expect("a token");
    let query = || {
        let url = format!("{}{PATH}", running.server.base_url());
        running
            .client
            .post(url)
            .bearer_auth(bearer)
            .header("x-org-id", running.options.organization_id(0))
            .json(&everything())
            .send()
    };
    let page: Vec<Value> = query().await.expect("an answer").json().await.expect("a page");
    assert_eq!(page.len(), 5);
    running.clock.0.fetch_add(3_600_000_000_000, Ordering::Relaxed);
    assert_eq!(query().await.expect("an answer").status(), 401, "the token has expired");
    assert_eq!(token("wrong").await.expect("an answer").status(), 401);
    let second = format!("{SIMULATED_CLIENT_SECRET}-2");
    assert_eq!(token(&second).await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn faults_are_switched_while_it_runs() {
    let running = start(events(5)).await;
    let url = |what: &str| format!("{}/__sim/{what}", running.server.base_url());
    let faults = json!(["500:times=1", "late:share=1"]);
    let refused = running.client.put(url("faults")).json(&faults).send().await.expect("an answer");
    assert_eq!(refused.status(), 400);
    let set = running.client.put(url("faults")).json(&json!(["500:times=1"])).send().await.expect("an answer");
    assert_eq!(set.status(), 200);
    assert_eq!(running.query(&everything()).send().await.expect("an answer").status(), 500);
    assert_eq!(running.query(&everything()).send().await.expect("an answer").status(), 200);
    let list: Value = running.client.get(url("faults")).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(list[0]["struck"], 1);
    running.client.post(url("faults")).json(&json!(["429:retry=9s"])).send().await.expect("an answer");
    assert_eq!(running.query(&everything()).send().await.expect("an answer").headers()["retry-after"], "9");
    running.client.delete(url("faults")).send().await.expect("an answer");
    assert_eq!(running.query(&everything()).send().await.expect("an answer").status(), 200);
    let ledger = running.client.get(url("ledger")).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(ledger.lines().count(), 5);
    let first: Value = serde_json::from_str(ledger.lines().next().expect("a line")).expect("JSON");
    assert!(first["id"].is_string() && first["timestamp"].is_string() && first["visible_at"].is_string());
    let tally: Value = running.client.get(url("tally")).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&tally["requests"], &tally["by_status"]["429"]), (&json!(4), &json!(1)));
    let keys = json!({"old": SIMULATED_KEY, "new": "another"});
    assert_eq!(running.client.post(url("keys")).json(&keys).send().await.expect("an answer").status(), 200);
    assert_eq!(running.query(&everything()).send().await.expect("an answer").status(), 401);
    assert_eq!(running.client.get(url("nothing")).send().await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn a_stopping_server_ends_its_answers() {
    let running = start(events(100)).await;
    running.strike(FaultKind::Delay(Duration::from_millis(400)));
    let query = running.query(&everything());
    let answer = tokio::spawn(async move { query.send().await.expect("an answer").bytes().await });
    // The request is in once the fault has struck.
    while running.server.directory().lock().tally().requests == 0 {
        tokio::task::yield_now().await;
    }
    let address = running.server.address();
    running.server.stop(Duration::from_secs(10)).await;
    assert!(answer.await.expect("no panic").expect("a body").len() > 50_000);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn past_the_deadline_a_server_stops_all_the_same() {
    let running = start(events(100)).await;
    running.strike(FaultKind::Delay(Duration::from_secs(3_600)));
    let query = running.query(&everything());
    let answer = tokio::spawn(async move { query.send().await });
    while running.server.directory().lock().tally().requests == 0 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    running.server.stop(Duration::from_millis(100)).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(answer.await.expect("no panic").is_err());
}

#[tokio::test]
async fn the_first_requests_can_be_struck_and_the_world_changed_meanwhile() {
    let running = start(events(0)).await;
    let org = running.options.organization_id(0);
    {
        let mut directory = running.server.directory().lock();
        directory.set_faults(vec![
            Fault::new(FaultKind::TooManyRequests(adr_simulator::RetryAfter::Absent)).when(When::first(2)),
        ]);
        let org = directory.organization(&org).expect("it is there");
        directory.insert(org, r#"{"id":"x"}"#, NOW, NOW);
    }
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(running.query(&everything()).send().await.expect("an answer").status().as_u16());
    }
    assert_eq!(statuses, [429, 429, 200]);
}

#[tokio::test]
async fn requests_that_are_too_large_are_refused() {
    let running = start(events(1)).await;
    let mut query = everything();
    query["q"] = json!("x".repeat(2_000_000));
    // The server may answer before it has read all; then the client may see the answer or the closed connection.
    if let Ok(answer) = running.query(&query).send().await {
        assert_eq!(answer.status(), 400);
    }
    assert_eq!(running.query(&everything()).send().await.expect("an answer").status(), 200);
}

/// The real sample events, where they lie beside the checkout, go through HTTP to the byte.
#[tokio::test]
async fn replayed_files_are_served_verbatim() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jumpcloud/corpus");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("no ../shared beside the checkout: the sample events are not replayed");
        return;
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "ndjson"))
        .collect();
    files.sort();
    let texts: Vec<(String, bytes::Bytes)> =
        files.iter().map(|path| (path.display().to_string(), std::fs::read(path).expect("a file").into())).collect();
    let running = start(SimulatorOptions { files: texts.clone(), ..SimulatorOptions::default() }).await;
    for (tenant, (name, text)) in (0..).zip(&texts) {
        let query = json!({"service": ["all"], "start_time": "2010-01-01T00:00:00Z"});
        let url = format!("{}{PATH}", running.server.base_url());
        let answer = running
            .client
            .post(url)
            .header("x-api-key", running.options.key_of(tenant))
            .json(&query)
            .send()
            .await
            .expect("an answer");
        let page = answer.text().await.expect("text");
        let mut lines: Vec<&str> =
            std::str::from_utf8(text).expect("UTF-8").lines().filter(|line| !line.is_empty()).collect();
        lines.sort_by_key(|line| page.find(*line).unwrap_or_else(|| panic!("{name}: a line is not served verbatim")));
        assert_eq!(page, format!("[{}]", lines.join(",")), "{name}");
    }
}

#[test]
fn a_generated_page_is_not_written_before_it_is_sent() {
    let mut directory = Directory::new(1);
    let org = directory.add_organization("5a2af2a82cf2b0010053ea41");
    directory.add_key("key", adr_simulator::Access::Organization(org));
    let generator = Arc::new(adr_simulator::EventGenerator::new(1));
    let span = Span { start: Timestamp::from_secs(1_769_000_000), end: NOW };
    directory.generate(org, Generated::new(generator, 0, "5a2af2a82cf2b0010053ea41", 10_000, span));
    let query = json!({"service": ["all"], "start_time": "2026-01-01T00:00:00Z", "limit": 10_000});
    let response =
        directory.handle(NOW, &adr_simulator::Request::post(PATH, query.to_string()).with("x-api-key", "key"));
    assert_eq!(response.header("x-result-count"), Some("10000"));
    assert_eq!(response.body.length(), None);
    let longest = response.body.into_chunks().map(|chunk| chunk.len()).max().expect("chunks");
    assert!(longest < 4 * adr_simulator::CHUNK, "{longest}");
}
