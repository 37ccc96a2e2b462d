//! What the tests share: a clock that stands still, a lane driven page by page, and two kinds of API: a scripted
//! one, and a model of the real one.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod driver;
pub(crate) mod model;
pub(crate) mod script;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adr_core::{Clock, Failure, SecretRef, SecretString, Secrets, Timestamp};
use adr_source_jumpcloud::{Jumpcloud, JumpcloudConfig, JumpcloudLane, Settings, Surroundings, Transport};

pub(crate) const KEY: &str = "canary_key_Zm9yIHRlc3RzIG9ubHk";

/// 2026-03-01T00:00:00Z
pub(crate) const DAY: i64 = 1_772_323_200_000;

/// A clock that moves when it is told to.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn new(millis: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(millis)))
    }

    pub(crate) fn millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, by: Duration) {
        // Rounded up: a wait is over when its last microsecond is.
        self.0.fetch_add(i64::try_from(by.as_micros().div_ceil(1000)).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis())
    }
}

/// Every secret is [`KEY`].
pub(crate) struct OneKey;

impl Secrets for OneKey {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok(KEY.to_owned().into())
    }
}

pub(crate) fn config(yaml: &str) -> Result<JumpcloudConfig, String> {
    serde_saphyr::from_str(yaml).map_err(|error| error.to_string())
}

/// The settings of a pipeline file's source, one tenant unless the text says otherwise.
pub(crate) fn settings(extra: &str) -> Settings {
    let yaml = format!(
        "secret_key: {{ env: KEY }}\nconfiguration: {{ org_id: 5a2af2a82cf2b0010053ea41 }}\nbase_url: http://127.0.0.1:9\n{extra}"
    );
    Settings::try_from(config(&yaml).unwrap()).unwrap()
}

pub(crate) fn surroundings(clock: Arc<ManualClock>, transport: Arc<dyn Transport>) -> Surroundings {
    Surroundings {
        clock,
        transport,
        secrets: Arc::new(OneKey),
        entropy: Arc::new(|_| [42; 16]),
        process_budget: None,
        once: false,
    }
}

pub(crate) fn lane(settings: &Settings, surroundings: &Surroundings) -> Arc<JumpcloudLane> {
    Jumpcloud::new("jumpcloud", settings, surroundings).lanes().next().unwrap().clone()
}

pub(crate) fn rfc3339(millis: i64) -> String {
    Timestamp::from_millis(millis).to_rfc3339_millis()
}
