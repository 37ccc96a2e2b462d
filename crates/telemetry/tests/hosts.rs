//! What others make of our telemetry: Prometheus with its `promtool`, and a real OpenTelemetry Collector.
//!
//! `prometheus` and `promtool` are used when they are on the `PATH` (Debian's package `prometheus` has both), the Collector also when
//! `tests/hosts/fetch` has built it. The trials of what is missing are reported as ignored; with
//! `JUMPCLOUD_ADR_HOSTS_REQUIRED` naming it (`otelcol,prometheus,promtool`) they fail instead.

mod collector;
mod scraped;
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use adr_telemetry::{Metrics, TENANTS};
use libtest_mimic::{Arguments, Trial};
use support::{examples, readings};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("promtool", "finds_nothing_wrong_with_the_metrics", metrics_are_right),
        trial("promtool", "finds_nothing_wrong_with_the_alert_rules", rules_are_right),
        trial("promtool", "understands_the_dashboard", dashboard_is_right),
        trial("promtool", "sees_the_alerts_fire_and_keep_silent", alerts_fire),
        trial("prometheus", "scrapes_both_formats", scraped::in_both_formats),
        trial("otelcol", "gets_metrics_a_trace_and_a_log", collector::gets_all_three),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[expect(clippy::disallowed_methods, reason = "how CI asks for hosts that must be there")]
#[expect(clippy::print_stderr, reason = "says what is skipped")]
fn trial(program: &'static str, name: &str, test: fn(&Path)) -> Trial {
    let path = support::program(program);
    let required = std::env::var("JUMPCLOUD_ADR_HOSTS_REQUIRED").unwrap_or_default().contains(program);
    let missing = path.is_none();
    if missing {
        eprintln!("SKIPPED: {program} is not on the PATH; type tests/hosts/fetch, or install the package prometheus");
    }
    let run = move || {
        let path: PathBuf = path.ok_or_else(|| format!("{program} is not here"))?;
        test(&path);
        Ok(())
    };
    Trial::test(format!("{program}_{name}"), run).with_ignored_flag(missing && !required)
}

/// Runs it, and gives whether it liked what it got, and what it said.
fn run(program: &Path, arguments: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.success(), said)
}

fn metrics_are_right(promtool: &Path) {
    let text = Metrics::new(Arc::new(readings), TENANTS).prometheus();
    assert_eq!(run(promtool, &["check", "metrics"], &text), (true, String::new()));
}

fn rules_are_right(promtool: &Path) {
    let rules = examples().join("prometheus/alerts.yaml");
    let (right, said) = run(promtool, &["check", "rules", "--lint=all", "--lint-fatal", &rules.to_string_lossy()], "");
    assert!(right, "{said}");
}

fn alerts_fire(promtool: &Path) {
    let tests = examples().join("prometheus/alerts_test.yaml");
    let (right, said) = run(promtool, &["test", "rules", &tests.to_string_lossy()], "");
    assert!(right, "{said}");
}

/// Each query of the dashboard, as a rule of its own.
fn dashboard_is_right(promtool: &Path) {
    let text = std::fs::read_to_string(examples().join("grafana/jumpcloud-adr.json")).expect("is there");
    let dashboard: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let rule = |(number, target): (usize, &serde_json::Value)| {
        let query = target["expr"].as_str().expect("a query").replace("$__rate_interval", "5m");
        serde_json::json!({ "record": format!("query:{number}"), "expr": query })
    };
    let rules: Vec<_> = targets.enumerate().map(rule).collect();
    assert!(rules.len() > 20, "{rules:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.yaml");
    let group = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    std::fs::write(&path, group.to_string()).expect("writes");
    let (right, said) = run(promtool, &["check", "rules", "--lint=none", &path.to_string_lossy()], "");
    assert!(right, "{said}");
}
