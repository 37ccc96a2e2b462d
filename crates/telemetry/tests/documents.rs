//! docs/telemetry.md, the dashboard and the alert rules speak of the metrics that there are.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use adr_telemetry::{Metrics, PREFIX, TENANTS, names};
use serde_json::Value;
use support::{examples, readings};

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of a text that look like one of our metrics.
fn spoken_of(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let ours =
        |word: &&str| word.starts_with(PREFIX) || (word.starts_with("process_") && word.len() > "process_".len());
    words.filter(ours).map(str::to_owned).collect()
}

/// Each metric with its type and its labels, as it is scraped.
fn scraped() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let text = Metrics::new(Arc::new(readings), TENANTS).prometheus();
    let mut metrics: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, shape)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            metrics.insert(name.to_owned(), (shape.to_owned(), BTreeSet::new()));
        } else if !line.starts_with('#')
            && let Some((name, labels)) = line.split_once('{')
        {
            let labels = labels.split("=\"").filter_map(|part| part.rsplit([',', '{', '"']).next());
            let names = labels.filter(|label| !label.contains(['}', ' ', '\\']) && !label.is_empty());
            metrics.get_mut(name).expect("its type stands before it").1.extend(names.map(str::to_owned));
        }
    }
    metrics
}

#[test]
fn the_table_says_what_is_scraped_and_nothing_else() {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/telemetry.md"));
    let section = text.split("\n## ").find(|section| section.starts_with("Metrics\n")).expect("a section Metrics");
    let mut told = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, shape, labels, meaning] = cells[..] else { panic!("{row}") };
        let labels: BTreeSet<String> =
            labels.split_whitespace().map(|label| label.trim_matches('`').to_owned()).collect();
        assert!(!meaning.is_empty(), "{row}");
        assert!(told.insert(name.trim_matches('`').to_owned(), (shape.to_owned(), labels)).is_none(), "{name} twice");
    }
    assert_eq!(told, scraped());
    assert_eq!(told.into_keys().collect::<BTreeSet<_>>(), names().into_iter().collect());
}

#[test]
fn the_dashboard_and_the_rules_speak_of_metrics_that_there_are() {
    let known: BTreeSet<String> = names().into_iter().collect();
    for path in ["grafana/jumpcloud-adr.json", "prometheus/alerts.yaml", "prometheus/alerts_test.yaml"] {
        let spoken = spoken_of(&read(&examples().join(path)));
        assert!(spoken.len() > 5, "{path}: {spoken:?}");
        assert_eq!(spoken.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "{path}");
    }
}

/// Of what there is to see, the dashboard leaves nothing out but what others say as well.
#[test]
fn the_dashboard_shows_what_there_is() {
    let spoken = spoken_of(&read(&examples().join("grafana/jumpcloud-adr.json")));
    let left_out: Vec<String> = names().into_iter().filter(|name| !spoken.contains(name)).collect();
    let elsewhere = [
        "started_total",
        "reload_errors_total",
        "buffer_size_events",
        "tenant_duplicate_events_total",
        "tenant_opened_total",
    ];
    assert_eq!(left_out, elsewhere.map(|name| format!("{PREFIX}{name}")));
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(&read(&examples().join("grafana/jumpcloud-adr.json"))).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<i64> = panels.iter().filter_map(|panel| panel["id"].as_i64()).collect();
    assert_eq!(ids.len(), panels.len(), "each has a number of its own");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    assert!(variables.iter().any(|variable| variable["name"] == "datasource" && variable["type"] == "datasource"));
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(!panel["description"].as_str().unwrap_or_default().is_empty(), "{}", panel["title"]);
        let targets = panel["targets"].as_array().expect("targets");
        let right = targets.iter().all(|target| target["datasource"]["uid"] == "${datasource}");
        assert!(right && !targets.is_empty(), "{}", panel["title"]);
    }
}

/// Each rule says what is wrong and what to do.
#[test]
fn every_rule_says_what_to_do_and_is_tried() {
    let (rules, tests) = (examples().join("prometheus/alerts.yaml"), examples().join("prometheus/alerts_test.yaml"));
    let (rules, tests) = (read(&rules), read(&tests));
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() >= 7);
    for alert in alerts {
        let name = alert.lines().next().unwrap_or_default();
        assert!(["summary: ", "description: ", "severity: "].iter().all(|part| alert.contains(part)), "{name}");
        let tried = tests.contains(name)
            || tests.contains(&format!("{}|", &name["JumpcloudAdr".len()..]))
            || tests.contains(&format!("|{})", &name["JumpcloudAdr".len()..]));
        assert!(tried, "{name} is not in alerts_test.yaml");
    }
}
