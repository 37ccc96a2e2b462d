//! A real Prometheus that scrapes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use adr_telemetry::{Exposition, Metrics, TENANTS};
use serde_json::Value;

use crate::support::readings;

/// As long as anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves the metrics: at `/metrics` in the format that is asked for, at `/plain` in the older one. Tells each scrape.
fn serve() -> (u16, mpsc::Receiver<(String, Exposition)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let (scrapes, told) = mpsc::sync_channel(1000);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines().map_while(Result::ok);
            let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let accept = head.iter().find(|line| line.to_ascii_lowercase().starts_with("accept:"));
            let accept = accept.filter(|_| path == "/metrics").map(String::as_str);
            let exposition = Exposition::accepted(accept);
            let text = Metrics::new(Arc::new(readings), TENANTS).text(exposition);
            let (kind, length) = (exposition.content_type(), text.len());
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            // Prometheus may have gone.
            let _ = stream.write_all((head + &text).as_bytes());
            let _ = scrapes.try_send((path, exposition));
        }
    });
    (port, told)
}

fn query(port: u16, query: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET /api/v1/query?query={query} HTTP/1.0\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let result = serde_json::from_str::<Value>(body).ok()?["data"]["result"].clone();
    Some(result).filter(|result| result.as_array().is_some_and(|list| !list.is_empty()))
}

pub(crate) fn in_both_formats(program: &Path) {
    let (port, scrapes) = serve();
    let folder = tempfile::tempdir().expect("a folder");
    let job = |name: &str| {
        format!(
            "  - job_name: {name}\n    metrics_path: /{name}\n    static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n"
        )
    };
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n{}{}",
        job("metrics"),
        job("plain")
    );
    let path = folder.path().join("prometheus.yaml");
    std::fs::write(&path, config).expect("writes");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let child = Command::new(program)
        .arg(format!("--config.file={}", path.display()))
        .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{free}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let _running = Prometheus(child);
    let mut seen = Vec::new();
    while !(seen.contains(&("/metrics".to_owned(), Exposition::OpenMetrics))
        && seen.contains(&("/plain".to_owned(), Exposition::Prometheus)))
    {
        seen.push(scrapes.recv_timeout(PATIENCE).expect("it scrapes"));
    }
    let begun = Instant::now();
    let of = |result: &Value, job: &str| {
        let one = result.as_array().into_iter().flatten().find(|one| one["metric"]["job"] == job).cloned();
        one.map(|one| one["value"][1].as_str().unwrap_or_default().to_owned())
    };
    for job in ["metrics", "plain"] {
        let counted = loop {
            let found = query(free, "jumpcloud_adr_component_sent_events_total%7Bcomponent_id=%22out%22%7D");
            match found.and_then(|result| of(&result, job)) {
                Some(value) => break value,
                // What was scraped is there in its time, without a word.
                None => std::thread::sleep(Duration::from_millis(50)),
            }
            assert!(begun.elapsed() < PATIENCE, "{job}: Prometheus refuses what it gets: {:?}", query(free, "up"));
        };
        assert_eq!(counted, "70");
        let taken = query(free, "scrape_samples_scraped").and_then(|result| of(&result, job));
        let lines = Metrics::new(Arc::new(readings), TENANTS).prometheus();
        let series = lines.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(taken, Some(series.to_string()), "{job}");
    }
}
