//! Events, and the transform around them.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use adr_core::{
    Budget, Event, Failure, FailureKind, Meta, Output, Product, SecretRef, SecretString, Secrets, Severity, Transform,
};
use adr_transform_redact::{Factory, Redact, RedactConfig, Settings};

/// What the variable KEY holds; SHORT holds too little, and there are no others.
pub(crate) const SECRET: &str = "a made-up secret for tests";

pub(crate) struct Variables;

impl Secrets for Variables {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        match reference {
            SecretRef::Env(name) if name == "KEY" => Ok(SECRET.into()),
            SecretRef::Env(name) if name == "SHORT" => Ok("too little".into()),
            _ => Err(Failure::fatal(FailureKind::Config, format!("{reference} is missing"))),
        }
    }
}

pub(crate) fn settings(text: &str) -> Result<Settings, String> {
    let config: RedactConfig = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Settings::try_from(config).map_err(|failure| failure.message)
}

pub(crate) fn redact(text: &str) -> Result<Redact, String> {
    Factory::new(settings(text)?, &Variables).map(|factory| factory.build()).map_err(|failure| failure.message)
}

pub(crate) fn event(id: &str, kind: &str, text: &str) -> Event {
    let meta = Meta { id: id.into(), time: None, tenant: "t".into(), kind: kind.into(), severity: Severity::Low };
    Event { meta, body: bytes::Bytes::copy_from_slice(text.as_bytes()) }
}

pub(crate) fn product(redact: &mut Redact, events: &[Event]) -> Product {
    let mut out = Output::default();
    for event in events {
        let _verdict = redact.apply(event, &mut out);
    }
    out.finish(Budget::new(1).nothing())
}

/// The one event that comes of a text.
pub(crate) fn redacted(settings: &str, text: &str) -> String {
    let product = product(&mut redact(settings).unwrap(), &[event("", "", text)]);
    assert!(product.rejected.is_empty(), "{:?}", product.rejected);
    String::from_utf8(product.events[0].body.to_vec()).unwrap()
}
