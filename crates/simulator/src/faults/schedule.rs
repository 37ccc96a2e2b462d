use super::kind::{Endpoint, FaultKind};
use crate::random::Random;

/// A fault: what, when, where and for whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Which of the requests it could strike it does strike.
    pub when: When,
    /// Only at these endpoints; empty: at every query, that is `/events` and what is below it.
    pub at: Vec<Endpoint>,
    /// Only for the organization with this id; for all if absent.
    pub organization: Option<String>,
}

/// Which requests are struck, counted among those that match. All conditions must hold; without any, every one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct When {
    /// Not the first so many.
    pub after: u64,
    /// Then only each so-manieth.
    pub every: Option<u64>,
    /// And only among the first so many.
    pub first: Option<u64>,
    /// With this probability.
    pub share: Option<f64>,
    /// At most so often.
    pub times: Option<u64>,
}

impl Fault {
    /// Strikes every query of everybody.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, when: When::default(), at: Vec::new(), organization: None }
    }

    /// The same, on this schedule.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// The same, at this endpoint.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.at.push(endpoint);
        self
    }

    /// The same, for this organization only.
    #[must_use]
    pub fn only_for(mut self, organization: &str) -> Self {
        self.organization = Some(organization.to_owned());
        self
    }

    fn matches(&self, endpoint: Endpoint, organization: Option<&str>) -> bool {
        let is_here = if self.at.is_empty() {
            !matches!(endpoint, Endpoint::Token | Endpoint::Console)
        } else {
            self.at.contains(&endpoint)
        };
        is_here && self.organization.as_deref().is_none_or(|own| organization == Some(own))
    }
}

impl When {
    /// The first so many.
    pub fn first(count: u64) -> Self {
        Self { first: Some(count), ..Self::default() }
    }

    /// Each so-manieth.
    pub fn every(count: u64) -> Self {
        Self { every: Some(count), ..Self::default() }
    }

    /// With this probability.
    pub fn share(share: f64) -> Self {
        Self { share: Some(share), ..Self::default() }
    }

    /// `number` counts from 1.
    fn holds(&self, number: u64, struck: u64, random: &mut Random) -> bool {
        let Some(number) = number.checked_sub(self.after).filter(|number| *number > 0) else { return false };
        self.every.is_none_or(|every| every > 0 && number.is_multiple_of(every))
            && self.first.is_none_or(|first| number <= first)
            && self.times.is_none_or(|times| struck < times)
            && self.share.is_none_or(|share| random.chance(share))
    }
}

/// The faults that are on, and how far each has counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
}

#[derive(Clone, Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    struck: u64,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self { armed: faults.into_iter().map(Armed::new).collect() }
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        self.armed.push(Armed::new(fault));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.armed.iter().map(|armed| (&armed.fault, armed.struck))
    }

    /// What strikes this request.
    pub(crate) fn strike(
        &mut self,
        endpoint: Endpoint,
        organization: Option<&str>,
        random: &mut Random,
    ) -> Vec<FaultKind> {
        let mut strikes = Vec::new();
        for armed in &mut self.armed {
            if !armed.fault.matches(endpoint, organization) {
                continue;
            }
            armed.seen += 1;
            if armed.fault.when.holds(armed.seen, armed.struck, random) {
                armed.struck += 1;
                strikes.push(armed.fault.kind.clone());
            }
        }
        strikes
    }
}

impl Armed {
    fn new(fault: Fault) -> Self {
        Self { fault, seen: 0, struck: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: When) -> Vec<u64> {
        let mut faults = Faults::new(vec![Fault::new(FaultKind::Reset).when(when)]);
        let mut random = Random::new(1);
        (1..=12).filter(|_| !faults.strike(Endpoint::Events, None, &mut random).is_empty()).collect()
    }

    #[test]
    fn schedules_combine() {
        assert_eq!(struck(When::default()).len(), 12);
        assert_eq!(struck(When::first(2)), [1, 2]);
        assert_eq!(struck(When::every(5)), [5, 10]);
        assert_eq!(struck(When { after: 3, every: Some(4), ..When::default() }), [7, 11]);
        assert_eq!(struck(When { after: 3, first: Some(2), ..When::default() }), [4, 5]);
        assert_eq!(struck(When { every: Some(2), times: Some(3), ..When::default() }), [2, 4, 6]);
        assert_eq!(struck(When::every(0)), [0; 0]);
        assert!((2..=10).contains(&struck(When::share(0.5)).len()));
    }

    #[test]
    fn a_fault_strikes_queries_unless_it_is_aimed() {
        let everywhere = Fault::new(FaultKind::Reset);
        assert!(everywhere.matches(Endpoint::Count, None) && !everywhere.matches(Endpoint::Token, None));
        let aimed = Fault::new(FaultKind::Reset).at(Endpoint::Token).only_for("a");
        assert!(aimed.matches(Endpoint::Token, Some("a")));
        assert!(!aimed.matches(Endpoint::Token, Some("b")) && !aimed.matches(Endpoint::Token, None));
        assert!(!aimed.matches(Endpoint::Events, Some("a")));
    }
}
