//! The table of metrics. docs/telemetry.md says the same for people, and a test compares the two.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::PREFIX;
use super::sample::Labels;
use super::tenants::Told;
use crate::process::Usage;
use crate::readings::{Component, Kind, Readings, Tenant};

/// What one collection is made of.
pub(crate) struct View<'a> {
    readings: &'a Readings,
    tenants: &'a [Told],
    usage: Usage,
}

/// How values behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Whole numbers that only rise.
    Counter,
    /// Any numbers that only rise.
    Sum,
    /// Any numbers.
    Gauge,
}

/// A metric.
#[derive(Debug)]
pub(crate) struct Metric {
    /// Without prefix and `_total`.
    name: &'static str,
    pub(crate) shape: Shape,
    /// In the words of OTLP (UCUM): `s`, `By`, `{event}`, or nothing.
    pub(crate) unit: &'static str,
    pub(crate) help: &'static str,
    of: Of,
}

/// Where values come from.
#[derive(Debug)]
enum Of {
    /// Each component; None where it has no such value.
    Component(fn(&Component) -> Option<f64>),
    /// The errors of each component.
    Errors,
    /// What a component has discarded, with the label that Vector gives it.
    Discarded,
    /// Each tenant.
    Tenant(fn(&Tenant) -> Option<f64>),
    /// The tenant that is furthest behind, of each source.
    Furthest(fn(&Tenant) -> Option<f64>),
    /// The state that each tenant is in.
    State,
    /// How many tenants are in each state.
    States,
    /// The process.
    Process(fn(&View<'_>) -> Option<f64>),
    /// The version.
    Build,
}

impl<'a> View<'a> {
    pub(crate) fn new(readings: &'a Readings, tenants: &'a [Told]) -> Self {
        Self { readings, tenants, usage: Usage::now() }
    }
}

use Shape::{Counter, Gauge, Sum};

const fn metric(name: &'static str, shape: Shape, unit: &'static str, of: Of, help: &'static str) -> Metric {
    Metric { name, shape, unit, help, of }
}

const EVENTS: &str = "{event}";

/// All metrics, in the order in which they are told.
pub(crate) static TABLE: &[Metric] = &[
    metric("build_info", Gauge, "", Of::Build, "1, with the version that runs."),
    metric(
        "uptime_seconds",
        Gauge,
        "s",
        Of::Process(|of| seconds(Some(of.readings.process.uptime))),
        "Since the process started.",
    ),
    metric("started", Counter, "", Of::Process(|_| Some(1.0)), "Starts of this process: 1."),
    metric(
        "reloaded",
        Counter,
        "",
        Of::Process(|of| count(of.readings.process.reloads)),
        "Changes of the configuration while it ran.",
    ),
    metric(
        "reload_errors",
        Counter,
        "",
        Of::Process(|of| count(of.readings.process.reload_errors)),
        "Changes of the configuration that were refused.",
    ),
    metric(
        "memory_used_bytes",
        Gauge,
        "By",
        Of::Process(|of| count(of.readings.process.memory_used)),
        "Memory that events in flight hold.",
    ),
    metric(
        "memory_limit_bytes",
        Gauge,
        "By",
        Of::Process(|of| count(of.readings.process.memory_limit)),
        "Memory that events in flight may hold.",
    ),
    metric(
        "process_resident_memory_bytes",
        Gauge,
        "By",
        Of::Process(|of| of.usage.resident),
        "Memory of the whole process.",
    ),
    metric("process_cpu_seconds", Sum, "s", Of::Process(|of| of.usage.cpu), "Processor time of the whole process."),
    metric("process_open_fds", Gauge, "", Of::Process(|of| of.usage.open_files), "Open files and sockets."),
    metric("process_threads", Gauge, "", Of::Process(|of| of.usage.threads), "Threads."),
    metric(
        "component_received_events",
        Counter,
        EVENTS,
        Of::Component(|of| count(of.received_events)),
        "Events that came in.",
    ),
    metric(
        "component_received_event_bytes",
        Counter,
        "By",
        Of::Component(|of| count(of.received_bytes)),
        "Bytes of the events that came in.",
    ),
    metric(
        "component_sent_events",
        Counter,
        EVENTS,
        Of::Component(|of| count(of.sent_events)),
        "Events that went on, each once; of a sink: that are delivered.",
    ),
    metric(
        "component_sent_event_bytes",
        Counter,
        "By",
        Of::Component(|of| count(of.sent_bytes)),
        "Bytes of the events that went out.",
    ),
    metric(
        "component_duplicate_events",
        Counter,
        EVENTS,
        Of::Component(|of| count(of.duplicates)),
        "Events that were known already and not sent again.",
    ),
    metric(
        "component_discarded_events",
        Counter,
        EVENTS,
        Of::Discarded,
        "Events dropped because the configuration says so.",
    ),
    metric(
        "component_rejected_events",
        Counter,
        EVENTS,
        Of::Component(|of| count(of.rejected)),
        "Events kept in the dead letter.",
    ),
    metric(
        "component_failed_events",
        Counter,
        EVENTS,
        Of::Component(|of| count(of.failed)),
        "Events of batches that did not get through; they are read again.",
    ),
    metric(
        "component_in_flight_events",
        Gauge,
        EVENTS,
        Of::Component(|of| count(of.in_flight)),
        "Events that came in and of which nothing is known yet.",
    ),
    metric(
        "buffer_size_events",
        Gauge,
        EVENTS,
        Of::Component(|of| (of.kind == Kind::Sink).then_some(of.in_flight as f64)),
        "Events that wait at a sink.",
    ),
    metric("component_errors", Counter, "", Of::Errors, "Failures, by kind and stage."),
    metric("component_retries", Counter, "", Of::Component(|of| count(of.retries)), "Batches that were tried again."),
    metric(
        "component_stalled",
        Gauge,
        "",
        Of::Component(|of| count(of.stalled.into())),
        "1 while it has input and stands still.",
    ),
    metric(
        "component_conservation_violations",
        Counter,
        EVENTS,
        Of::Component(|of| count(of.excess)),
        "Events by which more became of them than came in: anything but 0 is a bug.",
    ),
    metric(
        "source_lag_time_seconds",
        Gauge,
        "s",
        Of::Furthest(|of| seconds(of.read_lag)),
        "Since the instant before which everything is read, of the tenant that is furthest behind.",
    ),
    metric("tenants", Gauge, "", Of::States, "Tenants by state."),
    metric("tenant_state", Gauge, "", Of::State, "1, with the state that the tenant is in."),
    metric("tenant_events", Counter, EVENTS, Of::Tenant(|of| count(of.events)), "New events read."),
    metric(
        "tenant_duplicate_events",
        Counter,
        EVENTS,
        Of::Tenant(|of| count(of.duplicates)),
        "Events read again that were known.",
    ),
    metric(
        "tenant_opened",
        Counter,
        "",
        Of::Tenant(|of| count(of.opened)),
        "How often the tenant was opened; each failure that ends it opens it anew.",
    ),
    metric(
        "tenant_consecutive_failures",
        Gauge,
        "",
        Of::Tenant(|of| count(of.failures)),
        "Calls in a row that have failed.",
    ),
    metric(
        "tenant_last_event_age_seconds",
        Gauge,
        "s",
        Of::Tenant(|of| seconds(of.last_event_age)),
        "Since the newest event's time.",
    ),
    metric(
        "tenant_last_poll_age_seconds",
        Gauge,
        "s",
        Of::Tenant(|of| seconds(of.last_poll_age)),
        "Since the other side last answered.",
    ),
    metric(
        "tenant_complete_lag_seconds",
        Gauge,
        "s",
        Of::Tenant(|of| seconds(of.complete_lag)),
        "Since the instant before which everything is delivered.",
    ),
];

impl Metric {
    /// As OTLP has it, and the name of an OpenMetrics family.
    pub(crate) fn family_name(&self) -> String {
        // What every program tells of its process has the same name in all of them.
        if self.name.starts_with("process_") { self.name.to_owned() } else { format!("{PREFIX}{}", self.name) }
    }

    /// As series have it.
    pub(crate) fn prometheus_name(&self) -> String {
        let total = if self.shape == Gauge { "" } else { "_total" };
        format!("{}{total}", self.family_name())
    }

    /// Whether it has a series for each tenant.
    pub(crate) fn is_of_tenants(&self) -> bool {
        matches!(self.of, Of::Tenant(_) | Of::State)
    }

    pub(crate) fn read(&self, view: &View<'_>) -> Vec<(Labels, f64)> {
        let View { readings, tenants, .. } = view;
        match &self.of {
            Of::Component(value) => {
                let one = |of: &Component| Some((component(of), value(of)?));
                readings.components.iter().filter_map(one).collect()
            }
            Of::Errors => {
                let one = |of: &Component| {
                    let labels = component(of);
                    let errors = of.errors.iter().map(move |errors| {
                        let mut labels = labels.clone();
                        labels.push(("error_type", errors.error_type.into()));
                        labels.push(("stage", errors.stage.into()));
                        (labels, errors.count as f64)
                    });
                    errors.collect::<Vec<_>>()
                };
                readings.components.iter().flat_map(one).collect()
            }
            Of::Discarded => {
                let one = |of: &Component| {
                    let mut labels = component(of);
                    labels.push(("intentional", "true".into()));
                    (labels, of.discarded as f64)
                };
                readings.components.iter().map(one).collect()
            }
            Of::Tenant(value) => {
                let one = |of: &Told| Some((tenant(&of.tenant), value(&of.tenant)?));
                tenants.iter().filter_map(one).collect()
            }
            Of::Furthest(value) => {
                let mut furthest: BTreeMap<&Arc<str>, f64> = BTreeMap::new();
                for of in &readings.tenants {
                    if let Some(value) = value(of) {
                        furthest.entry(&of.source).and_modify(|most| *most = most.max(value)).or_insert(value);
                    }
                }
                furthest.into_iter().map(|(source, value)| (vec![("component_id", source.clone())], value)).collect()
            }
            Of::State => {
                let one = |of: &Told| {
                    let mut labels = tenant(&of.tenant);
                    labels.insert(1, ("state", of.tenant.state.into()));
                    (labels, 1.0)
                };
                tenants.iter().filter(|of| !of.several && !of.tenant.state.is_empty()).map(one).collect()
            }
            Of::States => {
                let mut counts: BTreeMap<&str, u64> = readings.states.iter().map(|state| (*state, 0)).collect();
                readings.tenants.iter().for_each(|of| *counts.entry(of.state).or_default() += 1);
                let told = counts.into_iter().filter(|(state, _)| !state.is_empty());
                told.map(|(state, tenants)| (vec![("state", state.into())], tenants as f64)).collect()
            }
            Of::Process(value) => value(view).map(|value| (Labels::new(), value)).into_iter().collect(),
            Of::Build => vec![(vec![("version", readings.process.version.into())], 1.0)],
        }
    }
}

fn component(of: &Component) -> Labels {
    let kind = of.kind.as_str().into();
    vec![("component_id", of.id.clone()), ("component_kind", kind), ("component_type", of.component_type.clone())]
}

fn tenant(of: &Tenant) -> Labels {
    vec![("component_id", of.source.clone()), ("tenant", of.tenant.clone())]
}

fn count(value: u64) -> Option<f64> {
    Some(value as f64)
}

fn seconds(value: Option<Duration>) -> Option<f64> {
    value.map(|value| value.as_secs_f64())
}
