//! What metrics are made of: a running pipeline, read at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_console::State;
use adr_core::{Budget, LaneId, Timestamp};
use adr_runtime::{Handle, LaneStatus, Role, Vitals};
use adr_telemetry::{Component, Errors, Kind, Observed, Process, Readings, Tenant};

use crate::desk::PipelineDesk;

/// A running pipeline.
pub(crate) struct Pipe {
    pub(crate) handle: Handle,
    pub(crate) desk: Arc<PipelineDesk>,
    pub(crate) budget: Budget,
    pub(crate) started: Instant,
}

impl Observed for Pipe {
    fn read(&self) -> Readings {
        let (status, states) = (self.handle.status(), self.desk.board().states());
        let now = status.now();
        let types = self.desk.types();
        let (reloads, reload_errors) = self.desk.reloads();
        let bytes = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Readings {
            process: Process {
                version: env!("CARGO_PKG_VERSION"),
                uptime: self.started.elapsed(),
                reloads,
                reload_errors,
                memory_used: bytes(self.budget.used()),
                memory_limit: bytes(self.budget.limit()),
            },
            components: self.handle.vitals().into_iter().map(|found| component(found, &types)).collect(),
            tenants: status.lanes().into_iter().map(|found| tenant(found, now, &states)).collect(),
            states: State::ALL.iter().map(|state| state.as_str()).collect(),
        }
    }
}

fn component((id, vitals): (Arc<str>, Vitals), types: &BTreeMap<Arc<str>, &'static str>) -> Component {
    let Vitals { role, counts, excess, stalled, failures } = vitals;
    let errors =
        failures.iter().map(|((stage, kind), count)| Errors { error_type: kind, stage: stage.as_str(), count: *count });
    Component {
        kind: match role {
            Role::Source => Kind::Source,
            Role::Transform => Kind::Transform,
            Role::Sink => Kind::Sink,
        },
        // One that has gone away keeps its counts, and has no type any more.
        component_type: types.get(&id).copied().unwrap_or("gone").into(),
        id,
        received_events: counts.received,
        received_bytes: counts.received_bytes,
        sent_events: counts.sent,
        sent_bytes: counts.sent_bytes,
        duplicates: counts.duplicates,
        discarded: counts.discarded,
        rejected: counts.rejected,
        failed: counts.failed,
        retries: counts.retries,
        in_flight: counts.in_flight(),
        excess,
        stalled: stalled.is_some(),
        errors: errors.collect(),
    }
}

fn tenant((lane, status): (LaneId, LaneStatus), now: Timestamp, states: &BTreeMap<LaneId, State>) -> Tenant {
    let age = |then: Option<Timestamp>| -> Option<Duration> { then.map(|then| now.since(then)) };
    Tenant {
        state: states.get(&lane).copied().unwrap_or_default().as_str(),
        source: lane.source,
        tenant: lane.tenant,
        events: status.events,
        duplicates: status.duplicates,
        opened: status.opened,
        failures: status.failures,
        last_event_age: age(status.last_event),
        read_lag: age(status.read_until),
        complete_lag: age(status.delivered_until),
        last_poll_age: age(status.answered),
    }
}
