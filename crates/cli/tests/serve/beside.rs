//! What stands beside the page for programs, and what is pushed to a collector.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{CANARY, run};
use crate::scene::{LIMIT, Scene};

/// The address of the page, once the log says it.
fn page(scene: &Scene) -> String {
    let begun = Instant::now();
    loop {
        if let Some((_, rest)) = scene.log().split_once("the page is there address=") {
            return rest.split_whitespace().next().expect("an address").to_owned();
        }
        assert!(begun.elapsed() < LIMIT, "no page: {}", scene.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn what_programs_read_stands_beside_the_page() {
    let mut scene = Scene::new(200, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    scene.serve();
    scene.state("acme", "active");
    let address = page(&scene);
    for path in ["/livez", "/readyz", "/health"] {
        assert!(get(&address, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    let org = scene.options.organization_id(0);
    let metrics = get(&address, "/metrics");
    for line in [
        format!("jumpcloud_adr_tenant_state{{component_id=\"jumpcloud\",state=\"active\",tenant=\"{org}\"}} 1"),
        "jumpcloud_adr_tenants{state=\"active\"} 1".to_owned(),
        "jumpcloud_adr_component_sent_events_total{component_id=\"cce.192-0-2-5\",component_kind=\"sink\",component_type=\"file\"}"
            .to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    assert!(get(&address, "/status").contains("\"Connected/Active\""));
    let html = get(&address, "/devices/acme");
    assert!(html.contains("Acme") && !html.contains(CANARY), "{html}");
}

#[test]
fn a_device_that_is_not_read_is_told_all_the_same() {
    let mut scene = Scene::new(200, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    assert_eq!(scene.add("Bolt", "192.0.2.6", 1).code, Some(0));
    scene.serve();
    scene.state("acme", "active");
    scene.state("bolt", "active");
    let address = page(&scene);
    assert!(get(&address, "/metrics").contains("jumpcloud_adr_tenants{state=\"active\"} 2\n"));
    assert_eq!(scene.device(&["pause", "acme"], "").code, Some(0));
    scene.state("acme", "paused");
    std::fs::write(scene.path().join("devices/bolt.yaml"), "device_name: [\n").expect("writes");
    scene.state("bolt", "failed");
    let metrics = get(&address, "/metrics");
    for (number, state) in [(0, "paused"), (1, "failed")] {
        let org = scene.options.organization_id(number);
        let series = format!("{{component_id=\"jumpcloud\",state=\"{state}\",tenant=\"{org}\"}} 1");
        assert!(metrics.contains(&format!("jumpcloud_adr_tenant_state{series}")), "{series}\n{metrics}");
        assert!(metrics.contains(&format!("jumpcloud_adr_tenants{{state=\"{state}\"}} 1\n")), "{metrics}");
    }
    let sink = "{component_id=\"cce.192-0-2-5\",component_kind=\"sink\",component_type=\"file\"}";
    assert!(metrics.contains(&format!("jumpcloud_adr_component_sent_events_total{sink}")), "it has gone: {metrics}");
}

#[test]
fn away_from_loopback_it_starts_with_tls_alone() {
    let scene = Scene::new(1, false);
    let mut command = scene.command(&["serve", "--state-dir", "state", "--listen", "0.0.0.0:0"]);
    let done = run(&mut command);
    assert_eq!(done.code, Some(78), "{}", done.stderr);
    assert!(done.stderr.contains("without TLS"), "{}", done.stderr);
}

#[test]
fn metrics_traces_and_logs_are_pushed_where_the_variables_say() {
    let scene = Scene::new(200, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", collector.local_addr().expect("an address"));
    let mut command = scene.command(&["serve", "--state-dir", "state", "--listen", "127.0.0.1:0"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url).env("OTEL_METRIC_EXPORT_INTERVAL", "500");
    let mut serving = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut missing = BTreeSet::from(["/v1/metrics", "/v1/traces", "/v1/logs"]);
    for stream in collector.incoming() {
        let mut stream = stream.expect("a connection");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let mut head = [0; 64];
        let read = stream.read(&mut head).unwrap_or_default();
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        missing.retain(|path| !head.starts_with(&format!("POST {path} ")));
        // It shall come again on a connection of its own.
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        if missing.is_empty() {
            break;
        }
    }
    let _ = serving.kill();
    let _ = serving.wait();
    assert!(missing.is_empty());
}
