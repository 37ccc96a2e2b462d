//! What a filter by meta, a filter by condition and a remap cost an event, on the simulator's realistic mix.

use std::hint::black_box;
use std::time::Duration;

use adr_core::{Budget, Event, Meta, Output, Severity, Timestamp, Transform};
use adr_simulator::EventGenerator;
use adr_transform_jq::{Filter, FilterConfig, FilterSettings, Remap, RemapConfig, RemapSettings};
use criterion::{Criterion, Throughput};

const TENANT: &str = "5f0c1d2e3f4a5b6c7d8e9f01";

/// 1,000 events, about 1 KB each; every second one is of the kind `odd`.
fn events() -> Vec<Event> {
    let generator = EventGenerator::new(7);
    let event = |number: u64| {
        let time = Timestamp::from_secs(1_767_225_600).plus(Duration::from_millis(number * 250));
        let (text, _) = generator.event(number, time, TENANT);
        let kind = if number.is_multiple_of(2) { "even" } else { "odd" };
        let meta = Meta {
            id: "id".into(),
            time: Some(time),
            tenant: TENANT.into(),
            kind: kind.into(),
            severity: Severity::Low,
        };
        Event { meta, body: text.into() }
    };
    (0..1_000).map(event).collect()
}

fn filter(config: FilterConfig) -> Box<dyn Transform> {
    Box::new(Filter::new(&FilterSettings::try_from(config).expect("the settings are right")))
}

fn condition(text: &str) -> Box<dyn Transform> {
    filter(FilterConfig { condition: Some(text.to_owned()), ..FilterConfig::default() })
}

fn remap(program: &str) -> Box<dyn Transform> {
    let config = RemapConfig { program: Some(program.to_owned()), ..RemapConfig::default() };
    Box::new(Remap::new(&RemapSettings::try_from(config).expect("the program is right")))
}

fn main() {
    let events = events();
    let budget = Budget::new(1 << 30);
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("jq");
    group.throughput(Throughput::Elements(events.len() as u64)).sample_size(20);
    let kinds = FilterConfig { kinds: Some(vec!["odd".to_owned()]), ..FilterConfig::default() };
    let both = FilterConfig { condition: Some(".success == false".to_owned()), ..kinds.clone() };
    for (name, mut transform) in [
        ("filter by meta", filter(kinds)),
        ("filter by meta, then by condition", filter(both)),
        ("filter by condition", condition(".success == false")),
        (
            "filter by six conditions",
            condition(
                "(.event_type | test(\"^(user|admin)_\")) and .success != false and (.client_ip // \"\" | startswith(\"10.\") | not) \
             and (.initiated_by.type? == \"user\" or .service == \"directory\")",
            ),
        ),
        ("filter true", condition("true")),
        ("remap .", remap(".")),
        (
            "remap three fields",
            remap("del(.useragent) | .env = \"prod\" | .who = (.initiated_by.email? // \"nobody\")"),
        ),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut out = Output::with_capacity(2 << 20, events.len());
                for event in &events {
                    let _verdict = transform.apply(event, &mut out);
                }
                black_box(out.finish(budget.nothing()))
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
