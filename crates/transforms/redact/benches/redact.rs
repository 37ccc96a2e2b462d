//! How fast ADR events are redacted, against `serde_json::Value` in and out on the same bytes in the same run:
//! `cargo bench -p adr-transform-redact`. Prints one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use adr_core::{
    Budget, Event, Failure, Meta, Output, SecretRef, SecretString, Secrets, Severity, Timestamp, Transform,
};
use adr_simulator::EventGenerator;
use adr_transform::AdrConfig;
use adr_transform_redact::{Factory, Redact, RedactConfig, Settings};

const EVENTS: u64 = 10_000;
const RUNS: usize = 15;
const TENANT: &str = "5f0c1d2e3f4a5b6c7d8e9f01";

struct MadeUp;

impl Secrets for MadeUp {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok("a made-up secret for measuring".into())
    }
}

/// The simulator's realistic mix as ADR events.
fn events(include_raw: bool) -> Vec<Event> {
    let (generator, mut adr) = (EventGenerator::new(7), AdrConfig { include_raw }.build());
    let mut event = |number: u64| {
        let time = Timestamp::from_secs(1_767_225_600).plus(Duration::from_millis(number * 250));
        let mut text = Vec::new();
        let mapped = adr.map(&generator.event(number, time, TENANT).0, TENANT, &mut text).unwrap();
        let part = |range| std::str::from_utf8(&text[range]).unwrap().into();
        let (id, kind, tenant) = (part(mapped.id), part(mapped.kind), TENANT.into());
        Event { meta: Meta { id, time: None, tenant, kind, severity: Severity::Low }, body: text.into() }
    };
    (0..EVENTS).map(&mut event).collect()
}

fn redact(settings: &str) -> Redact {
    let config: RedactConfig = serde_json::from_str(settings).unwrap();
    Factory::new(Settings::try_from(config).unwrap(), &MadeUp).unwrap().build()
}

fn best(mut run: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..RUNS).map(timed).min().unwrap()
}

fn main() {
    for include_raw in [false, true] {
        let events = events(include_raw);
        let bytes: usize = events.iter().map(|event| event.body.len()).sum();
        println!("{EVENTS} ADR events of {} bytes, include_raw: {include_raw}", bytes / events.len());
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let line = |name: &str, time: Duration, touched: usize| {
            let seconds = time.as_secs_f64();
            let (each, rate) = (seconds * 1e9 / EVENTS as f64, bytes as f64 / seconds / 1e6);
            println!("  {name:<52}{each:>7.0} ns an event {rate:>6.0} MB/s, {touched} of them changed");
        };
        let mut text = Vec::with_capacity(2 * bytes);
        let value = best(|| {
            text.clear();
            for event in &events {
                let value: serde_json::Value = serde_json::from_slice(&event.body).unwrap();
                serde_json::to_writer(&mut text, &value).unwrap();
            }
            black_box(&text);
        });
        line("serde_json::Value in and out", value, 0);
        for (name, settings) in [
            ("a field that no event has", r#"{"remove":["no.such"]}"#),
            ("user.name, there alone", r#"{"remove":["user.name"],"everywhere":false}"#),
            ("user.name, everywhere", r#"{"remove":["user.name"]}"#),
            (
                "names, mail and addresses, hashed everywhere",
                r#"{"hash":["user.name","user.email_addr","actor.user.name","actor.user.email_addr","src_endpoint.ip"],"key":{"env":"K"}}"#,
            ),
        ] {
            let mut redact = redact(settings);
            let mut changed = 0;
            let time = best(|| {
                let mut out = Output::with_capacity(2 * bytes, events.len());
                for event in &events {
                    let _verdict = redact.apply(event, &mut out);
                }
                let product = out.finish(Budget::new(1).nothing());
                let both = events.iter().zip(&product.events);
                changed = both.filter(|(before, after)| before.body.as_ptr() != after.body.as_ptr()).count();
            });
            line(name, time, changed);
        }
    }
    hostile();
}

/// An event full of values to be looked for, in its own words and once more as one text.
fn hostile() {
    for values in [2_000, 8_000, 32_000] {
        let values: Vec<String> = (0..values).map(|n| format!("value-{n}")).collect();
        let text = serde_json::json!({ "unmapped": values, "message": values.join(" ") }).to_string();
        let meta =
            Meta { id: "i".into(), time: None, tenant: TENANT.into(), kind: "k".into(), severity: Severity::Low };
        let event = Event { meta, body: text.into() };
        let mut redact = redact(r#"{"remove":["unmapped"]}"#);
        let time = best(|| {
            let mut out = Output::with_capacity(2 * event.body.len(), 1);
            let _verdict = redact.apply(&event, &mut out);
            black_box(out.finish(Budget::new(1).nothing()));
        });
        println!("one event of {} bytes with {} values: {time:.1?}", event.body.len(), values.len());
    }
}
