//! What a lane's events go through: the running transforms and sinks they reach.

use std::collections::BTreeMap;
use std::sync::Arc;

use adr_core::LaneId;

use crate::port::Port;
use crate::step::Step;
use crate::topology::{Feed, Route};

/// The ways of a source's lanes.
#[derive(Default)]
pub(crate) struct Ways {
    /// Of tenants that have components of their own.
    pub(crate) own: BTreeMap<Arc<str>, Arc<Plan>>,
    /// Of all others, if they have one.
    pub(crate) others: Option<Arc<Plan>>,
}

impl Ways {
    /// The way of a lane.
    pub(crate) fn of(&self, lane: &LaneId) -> Option<&Arc<Plan>> {
        self.own.get(&lane.tenant).or(self.others.as_ref())
    }

    /// The same, made of the plans of `was` wherever these lead the very same way.
    pub(crate) fn keeping(self, was: &Self) -> Self {
        let keep = |plan: Arc<Plan>, was: Option<&Arc<Plan>>| match was {
            Some(was) if was.is_same(&plan) => was.clone(),
            _ => plan,
        };
        let own = self.own.into_iter().map(|(tenant, plan)| {
            let before = was.own.get(&tenant).or(was.others.as_ref());
            (tenant, keep(plan, before))
        });
        Self { own: own.collect(), others: self.others.map(|plan| keep(plan, was.others.as_ref())) }
    }
}

/// The way of a lane's events through what runs.
#[derive(Default)]
pub(crate) struct Plan {
    /// Transforms in order, and which texts flow in.
    pub(crate) steps: Vec<(Arc<Step>, Vec<Feed>)>,
    /// Sinks, and which texts flow in.
    pub(crate) sinks: Vec<(Arc<Port>, Vec<Feed>)>,
    /// The one sink among them that owns the lane's checkpoint: its place in `sinks`.
    pub(crate) transactional: Option<usize>,
}

impl Plan {
    /// The route, with what stands at each of its indices.
    pub(crate) fn new(route: Route, steps: &[Arc<Step>], ports: &[Arc<Port>]) -> Self {
        Self {
            steps: route.steps.into_iter().map(|(index, feeds)| (steps[index].clone(), feeds)).collect(),
            sinks: route.sinks.into_iter().map(|(index, feeds)| (ports[index].clone(), feeds)).collect(),
            transactional: route.transactional,
        }
    }

    /// Whether events would go the very same way.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        fn same<T>(one: &[(Arc<T>, Vec<Feed>)], other: &[(Arc<T>, Vec<Feed>)]) -> bool {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| Arc::ptr_eq(&one.0, &other.0) && one.1 == other.1)
        }
        same(&self.steps, &other.steps) && same(&self.sinks, &other.sinks) && self.transactional == other.transactional
    }

    /// The sink that owns the lane's checkpoint, if one does.
    pub(crate) fn owner(&self) -> Option<&Port> {
        self.transactional.map(|place| &*self.sinks[place].0)
    }
}
