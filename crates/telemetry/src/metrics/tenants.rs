//! So many tenants have series of their own; the rest are told together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::readings::Tenant;

/// What the rest are called.
pub(crate) const OTHER: &str = "other";

type Key = (Arc<str>, Arc<str>);

/// Who has series of his own: who came first, for as long as he is there, so that no series jumps.
#[derive(Debug)]
pub(crate) struct Cap {
    most: usize,
    own: BTreeSet<Key>,
    /// What the rest of a source have done, also those that are gone: a counter never falls.
    rest: BTreeMap<Arc<str>, Done>,
    /// What was last seen of each of the rest.
    seen: BTreeMap<Key, Done>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Done {
    events: u64,
    duplicates: u64,
    opened: u64,
}

/// A tenant as metrics tell it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) tenant: Tenant,
    /// It stands for several: no state is that of all of them.
    pub(crate) several: bool,
}

impl Cap {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, own: BTreeSet::new(), rest: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// The tenants to tell.
    pub(crate) fn apply(&mut self, tenants: &[Tenant]) -> Vec<Told> {
        let key = |tenant: &Tenant| (tenant.source.clone(), tenant.tenant.clone());
        let there: BTreeSet<Key> = tenants.iter().map(key).collect();
        self.own.retain(|key| there.contains(key));
        self.seen.retain(|key, _| there.contains(key));
        let mut told = Vec::with_capacity(tenants.len().min(self.most + 1));
        let mut others: BTreeMap<Arc<str>, Tenant> = BTreeMap::new();
        for tenant in tenants {
            let key = key(tenant);
            // One that is called like the rest would have their series.
            let fits = self.own.contains(&key) || (&*tenant.tenant != OTHER && self.own.len() < self.most);
            if fits {
                self.seen.remove(&key);
                self.own.insert(key);
                told.push(Told { tenant: tenant.clone(), several: false });
                continue;
            }
            let seen = self.seen.insert(key, Done::of(tenant)).unwrap_or_default();
            self.rest.entry(tenant.source.clone()).or_default().add(Done::of(tenant), seen);
            let other = others.entry(tenant.source.clone()).or_insert_with(|| Tenant {
                source: tenant.source.clone(),
                tenant: OTHER.into(),
                ..Tenant::default()
            });
            other.failures = other.failures.max(tenant.failures);
            worst(&mut other.last_event_age, tenant.last_event_age);
            worst(&mut other.read_lag, tenant.read_lag);
            worst(&mut other.complete_lag, tenant.complete_lag);
            worst(&mut other.last_poll_age, tenant.last_poll_age);
        }
        for (source, mut tenant) in others {
            let Done { events, duplicates, opened } = self.rest.get(&source).copied().unwrap_or_default();
            (tenant.events, tenant.duplicates, tenant.opened) = (events, duplicates, opened);
            told.push(Told { tenant, several: true });
        }
        told
    }
}

impl Done {
    fn of(tenant: &Tenant) -> Self {
        Self { events: tenant.events, duplicates: tenant.duplicates, opened: tenant.opened }
    }

    /// What is more than was seen; all of it, where it began anew.
    fn add(&mut self, now: Self, seen: Self) {
        let more = |now: u64, seen: u64| now.checked_sub(seen).unwrap_or(now);
        self.events += more(now.events, seen.events);
        self.duplicates += more(now.duplicates, seen.duplicates);
        self.opened += more(now.opened, seen.opened);
    }
}

fn worst(kept: &mut Option<Duration>, next: Option<Duration>) {
    *kept = (*kept).max(next);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str, events: u64) -> Tenant {
        let age = Some(Duration::from_secs(events));
        Tenant { source: "jc".into(), tenant: name.into(), events, complete_lag: age, ..Tenant::default() }
    }

    fn told(cap: &mut Cap, tenants: &[Tenant]) -> Vec<(String, u64)> {
        let told = cap.apply(tenants);
        told.iter().map(|told| (told.tenant.tenant.to_string(), told.tenant.events)).collect()
    }

    fn pairs(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
        pairs.iter().map(|(name, events)| ((*name).to_owned(), *events)).collect()
    }

    #[test]
    fn who_came_first_keeps_his_series_and_the_rest_are_summed() {
        let mut cap = Cap::new(2);
        let first = [tenant("m", 1), tenant("z", 2), tenant("n", 4)];
        assert_eq!(told(&mut cap, &first), pairs(&[("m", 1), ("z", 2), ("other", 4)]));
        let more = [tenant("a", 8), tenant("m", 1), tenant("n", 4), tenant("z", 2)];
        assert_eq!(told(&mut cap, &more), pairs(&[("m", 1), ("z", 2), ("other", 12)]));
        assert_eq!(cap.apply(&more)[2].tenant.complete_lag, Some(Duration::from_secs(8)), "the worst of them");
    }

    #[test]
    fn what_the_rest_have_done_never_falls() {
        let mut cap = Cap::new(1);
        told(&mut cap, &[tenant("m", 1), tenant("a", 10), tenant("b", 20)]);
        // One of the rest goes, the other gets series of its own, a new one is of the rest.
        assert_eq!(told(&mut cap, &[tenant("a", 15), tenant("c", 3)]), pairs(&[("a", 15), ("other", 33)]));
        // It was opened anew and counts from the beginning.
        assert_eq!(told(&mut cap, &[tenant("a", 15), tenant("c", 1)]), pairs(&[("a", 15), ("other", 34)]));
        assert!(cap.seen.len() == 1 && cap.own.len() == 1, "those that are gone are forgotten");
    }

    #[test]
    fn a_tenant_that_is_called_like_the_rest_is_one_of_them() {
        let mut cap = Cap::new(10);
        assert_eq!(told(&mut cap, &[tenant("other", 5), tenant("a", 1)]), pairs(&[("a", 1), ("other", 5)]));
    }
}
