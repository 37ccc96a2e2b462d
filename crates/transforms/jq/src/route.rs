//! The transform `route`: one node of the graph for each output that somebody reads.
//!
//! Nodes know nothing of each other, and yet an event on which conditions fail must come to the dead letter once. So all
//! of them evaluate by the same rule: the first route, in the order of the settings, that somebody reads and whose
//! condition fails, rejects the event; other routes on which it fails discard it. `_unmatched` takes a failure for a
//! match, but rejects the event itself where nobody reads any route that failed.

use std::sync::Arc;

use adr_core::{Event, Failure, FailureKind, Output, Transform, Verdict};

use crate::condition::{Condition, Verdict as Said};
use crate::config::RouteConfig;
use crate::regexes::Regexes;

/// The output for events that fit no route.
pub const UNMATCHED: &str = "_unmatched";

/// Checked settings of a route.
#[derive(Clone, Debug)]
pub struct RouteSettings {
    routes: Arc<[(String, Condition)]>,
}

impl TryFrom<RouteConfig> for RouteSettings {
    type Error = Failure;

    fn try_from(config: RouteConfig) -> Result<Self, Failure> {
        let failure = |message: String| Err(Failure::fatal(FailureKind::Config, message));
        if config.routes.0.is_empty() {
            return failure("`routes` is empty: give at least one output".to_owned());
        }
        let mut routes = Vec::with_capacity(config.routes.0.len());
        for (name, route) in config.routes.0 {
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
            if name.is_empty() || name.starts_with('_') || !name.chars().all(allowed) {
                return failure(format!(
                    "`{name}` cannot name an output of `routes`: give letters, digits, - and _, not _ at the beginning"
                ));
            }
            let condition = Condition::new(route).map_err(|failure| Failure {
                message: format!("`{name}` of the routes, {}", failure.message),
                ..failure
            })?;
            routes.push((name, condition));
        }
        Ok(Self { routes: routes.into() })
    }
}

impl RouteSettings {
    /// The names of the outputs, in the order of the settings, `_unmatched` last.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(name, _)| name.as_str()).chain([UNMATCHED])
    }

    /// A transform for one worker that forwards the events of one output and discards the others; `None` if there is
    /// no such output. `read` says of each output whether a node is run for it, and must say the same to all of them.
    pub fn output(&self, name: &str, read: impl Fn(&str) -> bool) -> Option<RouteBranch> {
        let index = self.outputs().position(|output| output == name)?;
        Some(RouteBranch {
            routes: self.routes.clone(),
            read: self.routes.iter().map(|(name, _)| read(name)).collect(),
            own: (index < self.routes.len()).then_some(index),
            regexes: Regexes::default(),
        })
    }
}

/// The transform behind one output of a route.
#[derive(Debug)]
pub struct RouteBranch {
    routes: Arc<[(String, Condition)]>,
    /// Which of the routes somebody reads.
    read: Box<[bool]>,
    /// Whose events it forwards; none for `_unmatched`.
    own: Option<usize>,
    regexes: Regexes,
}

impl RouteBranch {
    fn said(&self, route: usize, event: &Event) -> Said {
        self.routes[route].1.of(event, &self.regexes)
    }

    /// The event failed here; whether it does so on an earlier route too, which rejects it.
    fn failed_before(&self, own: usize, event: &Event) -> bool {
        (0..own).any(|route| self.read[route] && matches!(self.said(route, event), Said::Failed(_)))
    }

    fn unmatched(&self, event: &Event, out: &mut Output) -> Verdict {
        let mut failed = None;
        let mut kept = false;
        for route in 0..self.routes.len() {
            match self.said(route, event) {
                Said::Holds => return out.discard(),
                Said::HoldsNot => {}
                Said::Failed(reason) => {
                    kept |= self.read[route];
                    failed.get_or_insert_with(|| self.reason(route, &reason));
                }
            }
        }
        match failed {
            None => out.forward(event.clone()),
            Some(_) if kept => out.discard(),
            Some(reason) => out.reject(event.clone(), reason),
        }
    }

    fn reason(&self, route: usize, reason: &str) -> String {
        format!("route {}: {reason}", self.routes[route].0)
    }
}

impl Transform for RouteBranch {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let Some(own) = self.own else { return self.unmatched(event, out) };
        match self.said(own, event) {
            Said::Holds => out.forward(event.clone()),
            Said::HoldsNot => out.discard(),
            Said::Failed(_) if self.failed_before(own, event) => out.discard(),
            Said::Failed(reason) => out.reject(event.clone(), self.reason(own, &reason)),
        }
    }
}
