//! A pipeline at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use adr_runtime::{Handle, LaneState, LaneStatus, Role, SinkStatus, Vitals};
use serde::{Deserialize, Serialize};

/// A pipeline at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Every component by its name, in the file's words. One that has gone away keeps its counts.
    pub components: BTreeMap<String, Component>,
    /// Every tenant of every source.
    pub lanes: Vec<Lane>,
}

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Events come from it.
    Source,
    /// It maps them.
    Transform,
    /// They go to it.
    Sink,
}

/// A component at one moment: counts of events and bytes since the process has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// What it is.
    pub kind: Kind,
    /// Events that came in.
    pub received: u64,
    /// Events that went out; of a sink: delivered.
    pub sent: u64,
    /// Bytes of these.
    pub sent_bytes: u64,
    /// Known already, not sent again.
    pub duplicates: u64,
    /// Dropped by the user's own configuration.
    pub discarded: u64,
    /// Kept in the dead letter.
    pub rejected: u64,
    /// In a batch that failed; read again by their lane.
    pub failed: u64,
    /// How often a batch was tried again.
    pub retries: u64,
    /// Events that came in and of which nothing is known yet.
    pub in_flight: u64,
    /// Of a sink: since when it delivers nothing although events wait.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stalled: Option<String>,
    /// Of a sink: why it delivers nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
}

/// A tenant of a source at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The source.
    pub source: String,
    /// The tenant.
    pub tenant: String,
    /// `starting`, `flowing`, `idle`, `retrying`, `finished` or `failed`.
    pub state: String,
    /// Why, where it does not work.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
    /// Since when it is in this state.
    pub since: String,
    /// The newest event time seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_event: Option<String>,
    /// When the other side last gave what was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answered: Option<String>,
    /// Everything that happened before is delivered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delivered_until: Option<String>,
    /// New events read.
    pub events: u64,
}

impl View {
    pub(crate) fn of(handle: &Handle) -> Self {
        let (lanes, sinks) = (handle.status().lanes(), handle.status().sinks());
        let component = |(name, vitals): (Arc<str>, Vitals)| (name.to_string(), component(&vitals, sinks.get(&name)));
        let lane = |(id, status): (adr_core::LaneId, LaneStatus)| {
            let (state, failure) = match status.state {
                LaneState::Starting => ("starting", None),
                LaneState::Flowing => ("flowing", None),
                LaneState::Idle => ("idle", None),
                LaneState::Retrying(failure) => ("retrying", Some(failure.to_string())),
                LaneState::Finished => ("finished", None),
                LaneState::Failed(failure) => ("failed", Some(failure.to_string())),
            };
            Lane {
                source: id.source.to_string(),
                tenant: id.tenant.to_string(),
                state: state.to_owned(),
                failure,
                since: status.since.to_string(),
                last_event: status.last_event.map(|time| time.to_string()),
                answered: status.answered.map(|time| time.to_string()),
                delivered_until: status.delivered_until.map(|time| time.to_string()),
                events: status.events,
            }
        };
        Self {
            components: handle.vitals().into_iter().map(component).collect(),
            lanes: lanes.into_iter().map(lane).collect(),
        }
    }
}

/// A component; of a sink that has gone away there is no status.
fn component(vitals: &Vitals, sink: Option<&SinkStatus>) -> Component {
    let counts = vitals.counts;
    Component {
        kind: match vitals.role {
            Role::Source => Kind::Source,
            Role::Transform => Kind::Transform,
            Role::Sink => Kind::Sink,
        },
        received: counts.received,
        sent: counts.sent,
        sent_bytes: counts.sent_bytes,
        duplicates: counts.duplicates,
        discarded: counts.discarded,
        rejected: counts.rejected,
        failed: counts.failed,
        retries: counts.retries,
        in_flight: counts.in_flight(),
        stalled: sink.and_then(|sink| sink.stalled).map(|since| since.to_string()),
        failure: sink.and_then(|sink| sink.failing.as_ref()).map(|failing| failing.failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use adr_runtime::{Counts, Failures};

    use super::*;

    #[test]
    fn a_component_is_what_it_is_also_without_lanes_and_once_it_has_gone_away() {
        for (role, kind) in [(Role::Source, Kind::Source), (Role::Transform, Kind::Transform), (Role::Sink, Kind::Sink)]
        {
            let (counts, failures) = (Counts::default(), Failures::default());
            let vitals = Vitals { role, counts, excess: 0, stalled: None, failures };
            assert_eq!(component(&vitals, None).kind, kind);
        }
    }
}
