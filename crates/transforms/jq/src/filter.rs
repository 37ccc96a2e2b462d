//! The transform `filter`.

use adr_core::{Event, Failure, Output, Transform, Verdict};

use crate::condition::{Condition, Verdict as Said};
use crate::config::FilterConfig;
use crate::regexes::Regexes;

/// Checked settings of a filter.
#[derive(Clone, Debug)]
pub struct FilterSettings {
    condition: Condition,
}

impl TryFrom<FilterConfig> for FilterSettings {
    type Error = Failure;

    fn try_from(config: FilterConfig) -> Result<Self, Failure> {
        Ok(Self { condition: Condition::new(config)? })
    }
}

/// Forwards the events for which its condition holds, byte for byte, and discards the others.
#[derive(Debug)]
pub struct Filter {
    condition: Condition,
    regexes: Regexes,
}

impl Filter {
    /// A filter for one worker.
    pub fn new(settings: &FilterSettings) -> Self {
        Self { condition: settings.condition.clone(), regexes: Regexes::default() }
    }
}

impl Transform for Filter {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        match self.condition.of(event, &self.regexes) {
            Said::Holds => out.forward(event.clone()),
            Said::HoldsNot => out.discard(),
            Said::Failed(reason) => out.reject(event.clone(), reason),
        }
    }
}
