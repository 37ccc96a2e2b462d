//! What Prometheus gets to read.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adr_telemetry::{Exposition, Metrics, Readings, TENANTS, Tenant, names};
use support::readings;

fn metrics(readings: Readings) -> Metrics {
    Metrics::new(Arc::new(move || readings.clone()), TENANTS)
}

fn value<'a>(text: &'a str, series: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[test]
fn what_was_read_is_told_under_vectors_names() {
    let text = metrics(readings()).prometheus();
    let labels = r#"component_id="out",component_kind="sink",component_type="cce_syslog""#;
    let told = |name: &str| value(&text, &format!("jumpcloud_adr_{name}{{{labels}}}")).map(str::to_owned);
    for (name, expected) in [
        ("component_received_events_total", "90"),
        ("component_received_event_bytes_total", "9000"),
        ("component_sent_events_total", "70"),
        ("component_sent_event_bytes_total", "7000"),
        ("component_rejected_events_total", "5"),
        ("component_failed_events_total", "3"),
        ("component_in_flight_events", "12"),
        ("buffer_size_events", "12"),
        ("component_retries_total", "4"),
        ("component_stalled", "1"),
        ("component_conservation_violations_total", "0"),
    ] {
        assert_eq!(told(name).as_deref(), Some(expected), "{name}\n{text}");
    }
    for (series, expected) in [
        (r#"jumpcloud_adr_build_info{version="1.2.3"}"#, "1"),
        ("jumpcloud_adr_uptime_seconds", "61.5"),
        ("jumpcloud_adr_reloaded_total", "2"),
        ("jumpcloud_adr_memory_limit_bytes", "1000000"),
        (
            r#"jumpcloud_adr_component_discarded_events_total{component_id="adr",component_kind="transform",component_type="adr",intentional="true"}"#,
            "6",
        ),
        (
            r#"jumpcloud_adr_component_errors_total{component_id="out",component_kind="sink",component_type="cce_syslog",error_type="timeout",stage="sending"}"#,
            "7",
        ),
        (r#"jumpcloud_adr_source_lag_time_seconds{component_id="jc"}"#, "120"),
        (r#"jumpcloud_adr_tenants{state="active"}"#, "1"),
        (r#"jumpcloud_adr_tenants{state="paused"}"#, "0"),
        (r#"jumpcloud_adr_tenant_state{component_id="jc",state="active",tenant="acme"}"#, "1"),
        (r#"jumpcloud_adr_tenant_complete_lag_seconds{component_id="jc",tenant="acme"}"#, "20.5"),
        (r#"jumpcloud_adr_tenant_last_poll_age_seconds{component_id="jc",tenant="glob\"ex\\\n"}"#, "3"),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series}\n{text}");
    }
    assert_eq!(
        value(&text, r#"jumpcloud_adr_tenant_complete_lag_seconds{component_id="jc",tenant="glob\"ex\\\n"}"#),
        None,
        "not known yet"
    );
    assert!(text.contains("# TYPE jumpcloud_adr_component_sent_events_total counter\n"), "{text}");
}

#[test]
fn every_name_is_told_once_and_in_order() {
    let text = metrics(readings()).prometheus();
    let told: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(told, names());
    let mut series: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    let all = series.len();
    series.sort_unstable();
    series.dedup();
    assert_eq!(series.len(), all, "no series twice");
}

#[test]
fn openmetrics_is_given_to_those_who_ask_for_it() {
    let text = metrics(readings()).text(Exposition::OpenMetrics);
    assert!(text.contains("# TYPE jumpcloud_adr_component_sent_event_bytes counter\n# UNIT jumpcloud_adr_component_sent_event_bytes bytes\njumpcloud_adr_component_sent_event_bytes_total{"), "{text}");
    assert!(text.contains("# UNIT jumpcloud_adr_uptime_seconds seconds\n") && text.ends_with("# EOF\n"), "{text}");
    let asked = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4";
    assert_eq!(Exposition::accepted(Some(asked)), Exposition::OpenMetrics);
    assert_eq!(Exposition::accepted(Some("*/*")), Exposition::accepted(None));
}

#[test]
fn a_scrape_is_one_reading() {
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    let read = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        readings()
    };
    let metrics = Metrics::new(Arc::new(read), TENANTS);
    metrics.prometheus();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn series_are_bounded_and_nothing_of_the_rest_is_lost() {
    let tenant = |n: u64| Tenant {
        source: "jc".into(),
        tenant: format!("t{n}").into(),
        state: "idle",
        events: n,
        ..Tenant::default()
    };
    let tenants: Vec<Tenant> = (0..5000).map(tenant).collect();
    let text = metrics(Readings { tenants, ..readings() }).prometheus();
    let events: Vec<u64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("jumpcloud_adr_tenant_events_total{")?.rsplit_once(' ')?.1.parse().ok())
        .collect();
    assert_eq!((events.len(), events.iter().sum::<u64>()), (TENANTS + 1, (0..5000).sum()));
    assert_eq!(value(&text, r#"jumpcloud_adr_tenants{state="idle"}"#), Some("5000"));
}
