use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use opentelemetry_sdk::metrics::{Instrument, Stream};

use crate::metrics::{Family, Metric, Metrics, Shape, TABLE};

/// Series of a metric that is not told for each tenant: there may be transforms and sinks for each, and kinds of error for each of
/// these.
const SERIES: usize = 65_536;

/// Sources whose tenants may be too many.
const SOURCES: usize = 64;

/// One collection's values, and where they come from. The SDK asks one instrument after the other, always from the first on: with
/// it everything is read anew, so that all values of a collection are of one moment.
struct Collection {
    metrics: Arc<Metrics>,
    last: Mutex<Arc<[Family]>>,
}

impl Collection {
    fn families(&self, first: bool) -> Arc<[Family]> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if first {
            *last = self.metrics.families().into();
        }
        last.clone()
    }

    fn tell(&self, place: usize, mut observe: impl FnMut(f64, &[KeyValue])) {
        let families = self.families(place == 0);
        let Some(family) = families.get(place) else { return };
        for (labels, value) in &family.samples {
            let labels: Vec<KeyValue> =
                labels.iter().map(|(name, value)| KeyValue::new(*name, value.clone())).collect();
            observe(*value, &labels);
        }
    }
}

/// Makes an instrument of each metric.
pub(crate) fn register(meter: &Meter, metrics: Arc<Metrics>) {
    let collection = Arc::new(Collection { metrics, last: Mutex::new(Arc::default()) });
    for (place, metric) in TABLE.iter().enumerate() {
        let (name, help, unit, of) = (metric.family_name(), metric.help, metric.unit, collection.clone());
        let whole = {
            let of = of.clone();
            move |observer: &dyn AsyncInstrument<u64>| {
                of.tell(place, |value, labels| observer.observe(value as u64, labels));
            }
        };
        let real = move |observer: &dyn AsyncInstrument<f64>| {
            of.tell(place, |value, labels| observer.observe(value, labels));
        };
        match metric.shape {
            Shape::Counter => {
                let instrument = meter.u64_observable_counter(name).with_description(help);
                let _ = instrument.with_unit(unit).with_callback(whole).build();
            }
            Shape::Sum => {
                let instrument = meter.f64_observable_counter(name).with_description(help);
                let _ = instrument.with_unit(unit).with_callback(real).build();
            }
            Shape::Gauge => {
                let instrument = meter.f64_observable_gauge(name).with_description(help);
                let _ = instrument.with_unit(unit).with_callback(real).build();
            }
        }
    }
}

/// What the SDK itself admits: as many series as there can be, so that it never folds some together on its own.
pub(crate) fn view(tenants: usize) -> impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static {
    move |instrument| {
        let metric: Option<&Metric> = TABLE.iter().find(|metric| metric.family_name() == instrument.name());
        let limit = if metric.is_some_and(Metric::is_of_tenants) { tenants + SOURCES } else { SERIES };
        Stream::builder().with_cardinality_limit(limit).build().ok()
    }
}
