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
            tenants: tenants(status.lanes(), states, now),
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
        // One that has just come may not be known for a moment.
        component_type: types.get(&id).copied().unwrap_or("unknown").into(),
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

/// Every lane, and every device that has none: it is paused, or cannot be read.
fn tenants(lanes: BTreeMap<LaneId, LaneStatus>, mut states: BTreeMap<LaneId, State>, now: Timestamp) -> Vec<Tenant> {
    let mut tenants = Vec::with_capacity(lanes.len().max(states.len()));
    for (lane, status) in lanes {
        // A lane that is no device's has no state.
        let state = states.remove(&lane).map_or("", State::as_str);
        tenants.push(tenant(lane, &status, state, now));
    }
    let unread = |(LaneId { source, tenant }, state): (LaneId, State)| Tenant {
        source,
        tenant,
        state: state.as_str(),
        ..Tenant::default()
    };
    tenants.extend(states.into_iter().map(unread));
    tenants
}

fn tenant(lane: LaneId, status: &LaneStatus, state: &'static str, now: Timestamp) -> Tenant {
    let age = |then: Option<Timestamp>| -> Option<Duration> { then.map(|then| now.since(then)) };
    Tenant {
        state,
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

#[cfg(test)]
mod tests {
    use adr_runtime::LaneState;

    use super::*;

    #[test]
    fn a_device_without_a_lane_is_told_and_a_lane_that_is_no_device_has_no_state() {
        let now = Timestamp::from_secs(1_800_000_000);
        let status = |events| LaneStatus {
            state: LaneState::Flowing,
            since: now,
            answered: Some(now),
            read_until: None,
            delivered_until: None,
            last_event: None,
            events,
            duplicates: 0,
            opened: 1,
            failures: 0,
            unsaved: None,
        };
        let lane = LaneId::new;
        let lanes = [(lane("jc", "acme"), status(7)), (lane("stdin", "stdin"), status(9))].into();
        let states = [(lane("jc", "acme"), State::Active), (lane("jc", "bolt"), State::Paused)].into();
        let told = tenants(lanes, states, now);
        let told: Vec<_> = told.iter().map(|told| (&*told.tenant, told.state, told.events)).collect();
        assert_eq!(told, [("acme", "active", 7), ("stdin", "", 9), ("bolt", "paused", 0)]);
    }
}
