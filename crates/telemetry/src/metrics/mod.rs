//! Metrics: one table of them, told as Prometheus text and over OTLP.

mod sample;
mod table;
mod tenants;
mod text;

use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use sample::Family;
pub(crate) use table::{Metric, Shape, TABLE};
use tenants::Cap;
pub use text::Exposition;

use crate::readings::Observed;

/// How many tenants have series of their own.
pub const TENANTS: usize = 2000;

/// What every name of ours begins with.
pub const PREFIX: &str = "jumpcloud_adr_";

/// The metrics of a process.
pub struct Metrics {
    observed: Arc<dyn Observed>,
    cap: Mutex<Cap>,
    tenants: usize,
}

impl Metrics {
    /// Those of what is observed. Tenants above `tenants` (usually [`TENANTS`]) are told together, as `tenant="other"`.
    pub fn new(observed: Arc<dyn Observed>, tenants: usize) -> Self {
        Self { observed, cap: Mutex::new(Cap::new(tenants)), tenants }
    }

    /// As Prometheus reads them: its text format 0.0.4.
    pub fn prometheus(&self) -> String {
        self.text(Exposition::Prometheus)
    }

    /// In one of the two text formats.
    pub fn text(&self, exposition: Exposition) -> String {
        text::write(&self.families(), exposition)
    }

    /// The most series that a metric can have for its tenants.
    pub(crate) fn tenants(&self) -> usize {
        self.tenants
    }

    /// Every metric of the table with its values, from one reading.
    pub(crate) fn families(&self) -> Vec<Family> {
        let readings = self.observed.read();
        let tenants = self.cap.lock().unwrap_or_else(PoisonError::into_inner).apply(&readings.tenants);
        let view = table::View::new(&readings, &tenants);
        TABLE.iter().map(|metric| Family { metric, samples: metric.read(&view) }).collect()
    }
}

/// The names that the Prometheus text can have, in its order: for a test that compares them with what is written about
/// them.
pub fn names() -> Vec<String> {
    TABLE.iter().map(Metric::prometheus_name).collect()
}
