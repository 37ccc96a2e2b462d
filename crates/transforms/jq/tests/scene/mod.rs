//! Events, and what transforms make of them.
#![allow(dead_code, reason = "each test uses its part")]

use adr_core::{Budget, Event, Meta, Output, Product, Severity, Timestamp, Transform};
use adr_transform_jq::{Filter, FilterConfig, FilterSettings, Remap, RemapConfig, RemapSettings};

pub(crate) fn event(body: &str) -> Event {
    Event {
        meta: Meta {
            id: "old-id".into(),
            time: Some(Timestamp::from_secs(1_767_225_600)),
            tenant: "Acme".into(),
            kind: "sso_auth".into(),
            severity: Severity::Medium,
        },
        body: body.to_owned().into_bytes().into(),
    }
}

pub(crate) fn run(transform: &mut dyn Transform, event: &Event) -> Product {
    let mut out = Output::default();
    let _verdict = transform.apply(event, &mut out);
    out.finish(Budget::new(1 << 30).nothing())
}

pub(crate) fn filter(condition: &str) -> Filter {
    let config = FilterConfig { condition: Some(condition.to_owned()), ..FilterConfig::default() };
    Filter::new(&FilterSettings::try_from(config).unwrap())
}

pub(crate) fn remap(program: &str) -> Remap {
    let config = RemapConfig { program: Some(program.to_owned()), ..RemapConfig::default() };
    Remap::new(&RemapSettings::try_from(config).unwrap_or_else(|failure| panic!("{program}: {failure}")))
}

/// The bodies that a program makes of an event, or the reason why it does not.
pub(crate) fn made(program: &str, body: &str) -> Result<Vec<String>, String> {
    let product = run(&mut remap(program), &event(body));
    match product.rejected.into_iter().next() {
        Some(rejected) => Err(rejected.reason),
        None => Ok(product.events.iter().map(|event| String::from_utf8(event.body.to_vec()).unwrap()).collect()),
    }
}

/// The one value that a program gives, as `{"v": ..}`.
pub(crate) fn value(program: &str, body: &str) -> String {
    let made = made(&format!("{{v: ({program})}}"), body).unwrap_or_else(|reason| panic!("{program}: {reason}"));
    let [one] = &made[..] else { panic!("{program}: {made:?}") };
    one.strip_prefix("{\"v\":").and_then(|text| text.strip_suffix('}')).unwrap().to_owned()
}
