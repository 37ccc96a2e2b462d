//! What is pushed over OTLP, as a receiver decodes it.

#[path = "support/receiver.rs"]
mod receiver;
mod support;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::SecretString;
use adr_telemetry::{Metrics, Otlp, Readings, Settings, TENANTS, Tenant, register, subscriber};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use receiver::{Receiver, attribute, text};
use support::readings;

/// Runs `what` with logging and a push to `receiver`, then ends both.
fn pushed(receiver: &Receiver, settings: &Settings, change: impl FnOnce(&mut Otlp), what: impl FnOnce()) {
    let (subscriber, mut telemetry) = subscriber(settings, io::sink()).expect("sets up");
    tracing::subscriber::with_default(subscriber, || {
        let mut otlp = Otlp::new(&receiver.address);
        change(&mut otlp);
        let metrics = Arc::new(Metrics::new(Arc::new(readings), TENANTS));
        telemetry.push(&otlp, metrics).expect("these settings are right");
        what();
        telemetry.stop_push(Duration::from_secs(20));
        drop(telemetry);
    });
}

fn page() {
    let page = tracing::info_span!(target: "pages", parent: None, "page", source = "jc", tenant = "acme", events = 3_u64, outcome = tracing::field::Empty);
    let map = tracing::info_span!(target: "pages", parent: &page, "map");
    map.in_scope(|| tracing::warn!(target: "adr_runtime", lane = "jc/acme", retries = 2, "delivery failed"));
    drop(map);
    page.record("outcome", "delivered");
}

/// Series and values of the Prometheus text that do not change from one moment to the next.
fn series(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("process_"));
    let pairs = lines.filter_map(|line| line.rsplit_once(' '));
    pairs.map(|(series, value)| (series.to_owned(), value.parse().expect("a number"))).collect()
}

#[test]
fn metrics_arrive_as_they_are_scraped() {
    let receiver = Receiver::start(200);
    pushed(&receiver, &Settings::default(), |_| (), || ());
    let mut arrived = BTreeMap::new();
    for metric in receiver.metrics() {
        let (points, total) = match metric.data.expect("data") {
            metric::Data::Gauge(gauge) => (gauge.data_points, ""),
            metric::Data::Sum(sum) => {
                assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{} rises, cumulatively", metric.name);
                (sum.data_points, "_total")
            }
            other => panic!("{}: {other:?}", metric.name),
        };
        for point in points {
            let escaped = |text: String| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let mut labels: Vec<String> = point
                .attributes
                .iter()
                .map(|pair| format!("{}=\"{}\"", pair.key, escaped(text(pair.value.as_ref()))))
                .collect();
            labels.sort();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let value = match point.value.expect("a value") {
                number_data_point::Value::AsDouble(value) => value,
                number_data_point::Value::AsInt(value) => value as f64,
            };
            if !metric.name.starts_with("process_") {
                arrived.insert(format!("{}{total}{labels}", metric.name), value);
            }
        }
    }
    let scraped = series(&Metrics::new(Arc::new(readings), TENANTS).prometheus());
    assert!(scraped.len() > 60, "{scraped:#?}");
    assert_eq!(arrived, scraped);
    let units: BTreeMap<String, String> =
        receiver.metrics().into_iter().map(|metric| (metric.name, metric.unit)).collect();
    assert_eq!(units["jumpcloud_adr_component_sent_event_bytes"], "By");
    assert_eq!(units["jumpcloud_adr_tenant_complete_lag_seconds"], "s");
}

/// Scenario: more tenants than have series of their own.
/// Guarantees: the SDK folds none of what is left together on its own.
#[test]
fn as_many_series_arrive_as_are_scraped() {
    let receiver = Receiver::start(200);
    let (subscriber, mut telemetry) = subscriber(&Settings::default(), io::sink()).expect("sets up");
    let one = |n: u64| Tenant { source: "jc".into(), tenant: format!("t{n}").into(), events: n, ..Tenant::default() };
    let many = move || Readings { tenants: (0..3000).map(one).collect(), ..readings() };
    tracing::subscriber::with_default(subscriber, || {
        let metrics = Arc::new(Metrics::new(Arc::new(many), 2500));
        telemetry.push(&Otlp::new(&receiver.address), metrics).expect("these settings are right");
        telemetry.stop_push(Duration::from_secs(20));
    });
    let metric = receiver.metrics().into_iter().find(|metric| metric.name == "jumpcloud_adr_tenant_events");
    let Some(metric::Data::Sum(sum)) = metric.and_then(|metric| metric.data) else { panic!("a sum") };
    assert_eq!(sum.data_points.len(), 2501);
    assert!(sum.data_points.iter().all(|point| attribute(&point.attributes, "otel.metric.overflow").is_none()));
}

#[test]
fn a_page_arrives_as_a_trace_and_its_log_lines_belong_to_it() {
    let receiver = Receiver::start(200);
    pushed(&receiver, &Settings::default(), |_| (), page);
    let spans = receiver.spans();
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let (page, map) = (find("page"), find("map"));
    assert_eq!(spans.len(), 2);
    assert_eq!((&map.parent_span_id, &map.trace_id), (&page.span_id, &page.trace_id));
    assert!(page.parent_span_id.is_empty(), "the page is the root");
    for (name, value) in [("source", "jc"), ("tenant", "acme"), ("events", "3"), ("outcome", "delivered")] {
        assert_eq!(attribute(&page.attributes, name).as_deref(), Some(value), "{page:?}");
    }
    let logs = receiver.logs();
    let [(scope, record)] = &logs[..] else { panic!("{logs:?}") };
    assert_eq!(scope, "adr_runtime");
    assert_eq!((text(record.body.as_ref()).as_str(), record.severity_text.as_str()), ("delivery failed", "WARN"));
    assert_eq!(record.severity_number, 13);
    assert_eq!(attribute(&record.attributes, "lane").as_deref(), Some("jc/acme"));
    assert_eq!(attribute(&record.attributes, "retries").as_deref(), Some("2"));
    assert_eq!((&record.trace_id, &record.span_id), (&map.trace_id, &map.span_id));
    assert!(record.time_unix_nano > 0);
}

#[test]
fn a_registered_secret_never_leaves() {
    register(&SecretString::from("jca_0tlp_c4n4ry"));
    register(&SecretString::from("50515253"));
    let receiver = Receiver::start(200);
    pushed(
        &receiver,
        &Settings { verbosity: 3, ..Settings::default() },
        |_| (),
        || {
            let secret = "jca_0tlp_c4n4ry";
            let span = tracing::info_span!(target: "pages", parent: None, "page", key = secret, pin = 50_515_253, otel.status_code = "error", otel.status_message = secret, otel.name = format!("page of {secret}"), list = ?[secret]);
            let _span = span.enter();
            tracing::info!(target: "adr_x", key = secret, pin = 50_515_253, list = ?[secret], "the key is {secret}");
        },
    );
    assert_eq!((receiver.spans().len(), receiver.logs().len()), (1, 1));
    for post in receiver.posts() {
        let body = String::from_utf8_lossy(&post.body);
        assert!(!body.contains("c4n4ry") && !body.contains("50515253"), "{}: {body}", post.path);
    }
    let span = receiver.spans().remove(0);
    assert_eq!(span.name, "page of [secret]");
    assert_eq!(attribute(&span.attributes, "pin").as_deref(), Some("[secret]"), "{span:?}");
    assert_eq!(attribute(&receiver.logs()[0].1.attributes, "pin").as_deref(), Some("[secret]"));
    // A span's number that is one, too.
    assert!(!format!("{span:?}").contains("50515253"), "{span:?}");
}

#[test]
fn headers_are_sent_bodies_are_compressed_and_the_resource_is_told() {
    let receiver = Receiver::start(200);
    let change = |otlp: &mut Otlp| {
        otlp.headers.push(("api-key".to_owned(), SecretString::from("k3y")));
        otlp.gzip = true;
        otlp.service_name = "adr-eu".to_owned();
        otlp.attributes.push(("service.instance.id".to_owned(), "one".to_owned()));
    };
    pushed(&receiver, &Settings::default(), change, page);
    let posts = receiver.posts();
    let mut paths: Vec<&str> = posts.iter().map(|post| &*post.path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/v1/logs", "/v1/metrics", "/v1/traces"]);
    for post in &posts {
        assert_eq!(post.header("api-key"), Some("k3y"));
        assert_eq!(post.header("content-encoding"), Some("gzip"));
        assert_eq!(post.header("content-type"), Some("application/x-protobuf"));
        let body = String::from_utf8_lossy(&post.body);
        assert!(body.contains("adr-eu") && body.contains("service.instance.id"), "{}", post.path);
    }
}

#[test]
fn a_signal_that_is_off_is_not_pushed_and_of_so_many_pages_so_many_are_kept() {
    let receiver = Receiver::start(200);
    let change = |otlp: &mut Otlp| (otlp.metrics, otlp.logs, otlp.sampling) = (None, None, 0.5);
    pushed(&receiver, &Settings::default(), change, || (0..400).for_each(|_| page()));
    assert!(receiver.posts().iter().all(|post| post.path == "/v1/traces"));
    let pages = receiver.spans().iter().filter(|span| span.name == "page").count();
    assert!((100..300).contains(&pages), "{pages} of 400");
    assert_eq!(receiver.spans().len(), 2 * pages, "whole traces or none");
}

/// Scenario: everything is logged, that of the libraries too.
/// Guarantees: what the push itself makes the HTTP client say is not pushed, and only pages make spans.
#[test]
fn pushing_makes_nothing_to_push() {
    let receiver = Receiver::start(200);
    pushed(
        &receiver,
        &Settings { verbosity: 3, ..Settings::default() },
        |_| (),
        || {
            for target_is_a_library in [true, false] {
                if target_is_a_library {
                    tracing::warn!(target: "hyper_util::client", "connecting");
                    tracing::warn!(target: "reqwest::connect", "connecting");
                    tracing::warn!(target: "opentelemetry_sdk", "exporting");
                    tracing::warn!(target: "adr_telemetry::otlp::client", "failing");
                }
                tracing::info_span!(target: "adr_runtime", "lane")
                    .in_scope(|| tracing::info!(target: "hyper", "in it"));
            }
            tracing::info!(target: "jumpcloud_adr", "ours");
        },
    );
    let bodies: Vec<String> = receiver.logs().iter().map(|(_, record)| text(record.body.as_ref())).collect();
    assert_eq!(bodies, ["ours"]);
    assert_eq!(receiver.spans(), []);
}

/// Scenario: the other side takes a request and answers nothing, or is not there.
/// Guarantees: nobody waits for it: not who logs, not for longer than is said the end.
#[test]
fn the_other_sides_silence_is_not_waited_for() {
    for silent in [true, false] {
        let receiver = Receiver::start(0);
        let (subscriber, mut telemetry) = subscriber(&Settings::default(), io::sink()).expect("sets up");
        tracing::subscriber::with_default(subscriber, || {
            let mut otlp = Otlp::new(if silent { &receiver.address } else { "http://127.0.0.1:1" });
            otlp.timeout = Duration::from_secs(600);
            otlp.interval = Duration::from_millis(50);
            telemetry.push(&otlp, Arc::new(Metrics::new(Arc::new(readings), TENANTS))).expect("is no error");
            if silent {
                receiver.until(1);
            }
            let begun = Instant::now();
            (0..20_000).for_each(|_| page());
            let logged = begun.elapsed();
            telemetry.stop_push(Duration::from_millis(500));
            let took = begun.elapsed();
            assert!(took < logged + Duration::from_secs(5), "logged in {logged:?}, ended after {took:?}");
            assert!(logged < Duration::from_secs(20), "{logged:?}");
        });
    }
}

#[test]
fn a_second_push_takes_the_place_of_the_first() {
    let (first, second) = (Receiver::start(200), Receiver::start(200));
    let (subscriber, mut telemetry) = subscriber(&Settings::default(), io::sink()).expect("sets up");
    tracing::subscriber::with_default(subscriber, || {
        let metrics = Arc::new(Metrics::new(Arc::new(readings), TENANTS));
        page();
        telemetry.push(&Otlp::new(&first.address), metrics.clone()).expect("right");
        page();
        assert!(telemetry.push(&Otlp::new("nowhere"), metrics.clone()).is_err(), "then all is as before");
        page();
        telemetry.push(&Otlp::new(&second.address), metrics).expect("right");
        page();
        telemetry.stop_push(Duration::from_secs(20));
        page();
    });
    let pages = |receiver: &Receiver| receiver.spans().iter().filter(|span| span.name == "page").count();
    assert_eq!((pages(&first), pages(&second)), (2, 1));
}

/// Guarantees: what was logged over and over is pushed as it is written, the count of it at the end too.
#[test]
fn repeats_are_pushed_as_they_are_written() {
    let receiver = Receiver::start(200);
    let (subscriber, mut telemetry) = subscriber(&Settings::default(), io::sink()).expect("sets up");
    tracing::subscriber::with_default(subscriber, || {
        let metrics = Arc::new(Metrics::new(Arc::new(readings), TENANTS));
        telemetry.push(&Otlp::new(&receiver.address), metrics).expect("right");
        (0..9).for_each(|_| tracing::warn!(target: "adr_runtime", "again"));
        drop(telemetry);
    });
    let told: Vec<_> = receiver.logs().iter().map(|(_, record)| attribute(&record.attributes, "suppressed")).collect();
    assert_eq!(told, [None, Some("8".to_owned())]);
}

/// Scenario: a push begins, is changed and ends inside an async runtime, as it does in the program.
/// Guarantees: nothing of it minds, also where a setting is wrong after clients were made for others.
#[test]
fn it_may_be_done_inside_an_async_runtime() {
    let receiver = Receiver::start(200);
    let (subscriber, mut telemetry) = subscriber(&Settings::default(), io::sink()).expect("sets up");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let metrics = Arc::new(Metrics::new(Arc::new(readings), TENANTS));
            let right = Otlp::new(&receiver.address);
            let wrong = Otlp { logs: Some("nowhere".to_owned()), ..right.clone() };
            assert!(telemetry.push(&wrong, metrics.clone()).is_err());
            telemetry.push(&right, metrics.clone()).expect("right");
            page();
            telemetry.push(&right, metrics).expect("right");
            page();
            drop(telemetry);
        });
    });
    assert_eq!(receiver.spans().len(), 4);
}
