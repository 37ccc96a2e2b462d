//! A real OpenTelemetry Collector that writes what it gets into a file.

use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_telemetry::{Metrics, Otlp, Settings, TENANTS, subscriber};
use serde_json::Value;

use crate::support::readings;

/// As long as anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

struct Collector {
    child: Child,
    folder: tempfile::TempDir,
    address: String,
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Collector {
    /// Starts it; it is ready when this returns.
    fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let out = folder.path().join("out.ndjson");
        let pipeline = "{ receivers: [otlp], exporters: [file] }";
        let config = format!(
            "receivers:\n  otlp: {{ protocols: {{ http: {{ endpoint: \"127.0.0.1:{port}\" }} }} }}\nexporters:\n  file: {{ path: \"{}\", \
             flush_interval: 100ms }}\nservice:\n  telemetry: {{ metrics: {{ level: none }} }}\n  pipelines: {{ metrics: {pipeline}, traces: \
             {pipeline}, logs: {pipeline} }}\n",
            out.display()
        );
        let path = folder.path().join("otelcol.yaml");
        std::fs::write(&path, config).expect("writes");
        let mut child = Command::new(program)
            .arg("--config")
            .arg(format!("file:{}", path.display()))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the collector starts");
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let (mut said, mut line) = (String::new(), String::new());
        while !line.contains("Everything is ready") {
            line.clear();
            let read = log.read_line(&mut line).expect("text");
            said.push_str(&line);
            assert!(read > 0, "the collector ended; where it knows no otlp, type tests/hosts/fetch: {said}");
        }
        // Else it would stand still once the pipe is full.
        std::thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Self { child, folder, address: format!("http://127.0.0.1:{port}") }
    }

    /// What it has written, once something of each kind is there.
    fn written(&self) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(self.folder.path().join("out.ndjson")).unwrap_or_default();
            if ["resourceMetrics", "resourceSpans", "resourceLogs"].iter().all(|kind| text.contains(kind))
                && text.ends_with('\n')
            {
                return text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            }
            assert!(begun.elapsed() < PATIENCE, "{text}");
            // The file has no event for it.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The parts of all that was written: `resourceMetrics`, `scopeMetrics`, `metrics` and so on.
fn parts<'a>(written: &'a [Value], path: [&str; 3]) -> Vec<&'a Value> {
    let list = |value: &'a Value, name: &str| value[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let resources = written.iter().flat_map(|line| list(line, path[0]));
    let scopes = resources.flat_map(|resource| list(resource, path[1]));
    scopes.flat_map(|scope| list(scope, path[2])).collect()
}

fn attribute<'a>(of: &'a Value, name: &str) -> &'a Value {
    let attributes = of["attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = attributes.iter().find(|pair| pair["key"] == name);
    found.and_then(|pair| pair["value"].as_object()?.values().next()).unwrap_or(&Value::Null)
}

pub(crate) fn gets_all_three(program: &Path) {
    let collector = Collector::start(program);
    let (subscriber, mut telemetry) = subscriber(&Settings::default(), io::sink()).expect("sets up");
    tracing::subscriber::with_default(subscriber, || {
        let otlp = Otlp { gzip: true, service_name: "adr-eu".to_owned(), ..Otlp::new(&collector.address) };
        telemetry.push(&otlp, Arc::new(Metrics::new(Arc::new(readings), TENANTS))).expect("these settings are right");
        let page =
            tracing::info_span!(target: "pages", parent: None, "page", source = "jc", tenant = "acme", events = 3_u64);
        let map = tracing::info_span!(target: "pages", parent: &page, "map");
        map.in_scope(|| tracing::error!(target: "adr_runtime", lane = "jc/acme", retries = 2, "delivery failed"));
        drop((map, page));
        telemetry.stop_push(PATIENCE);
    });
    let written = collector.written();
    let service = &written[0].as_object().and_then(|line| line.values().next()).expect("a kind")[0]["resource"];
    assert_eq!(attribute(service, "service.name"), "adr-eu");

    let metrics = parts(&written, ["resourceMetrics", "scopeMetrics", "metrics"]);
    let metric = |name: &str| *metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("{name}"));
    let sent = metric("jumpcloud_adr_component_sent_events");
    assert_eq!((&sent["unit"], &sent["sum"]["isMonotonic"]), (&"{event}".into(), &true.into()));
    let points = sent["sum"]["dataPoints"].as_array().expect("points");
    let of = |id: &str| points.iter().find(|point| attribute(point, "component_id") == id).expect("a point");
    assert_eq!((&of("out")["asInt"], attribute(of("out"), "component_type")), (&"70".into(), &"cce_syslog".into()));
    assert_eq!(of("jc")["asInt"], "100");
    let lag = &metric("jumpcloud_adr_tenant_complete_lag_seconds")["gauge"]["dataPoints"];
    assert_eq!((&lag[0]["asDouble"], attribute(&lag[0], "tenant")), (&20.5.into(), &"acme".into()));

    let spans = parts(&written, ["resourceSpans", "scopeSpans", "spans"]);
    let span = |name: &str| *spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{spans:?}"));
    let (page, map) = (span("page"), span("map"));
    assert_eq!((&map["parentSpanId"], &map["traceId"]), (&page["spanId"], &page["traceId"]));
    assert_eq!((attribute(page, "tenant"), attribute(page, "events")), (&"acme".into(), &"3".into()));

    let logs = parts(&written, ["resourceLogs", "scopeLogs", "logRecords"]);
    let [log] = &logs[..] else { panic!("{logs:?}") };
    assert_eq!((&log["body"]["stringValue"], &log["severityText"]), (&"delivery failed".into(), &"ERROR".into()));
    assert_eq!((attribute(log, "lane"), attribute(log, "retries")), (&"jc/acme".into(), &"2".into()));
    assert_eq!((&log["traceId"], &log["spanId"]), (&map["traceId"], &map["spanId"]));
}
