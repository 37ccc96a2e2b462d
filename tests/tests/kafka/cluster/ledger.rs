//! What all instances of a trial say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::place::SHARDS;

/// How long anything may take on a busy machine.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// Shared by all instances of a trial.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<(Mutex<State>, Condvar)>);

/// Something that an instance says, of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// The source has told it to start the shard's lane.
    Start,
    /// The source has told it to stop it.
    Stop,
    /// It has the lane's writer.
    Hold,
    /// It is about to drop the writer, or it was told that it is worth nothing any more.
    Release,
    /// It has committed.
    Commit,
}

impl Word {
    pub(super) const ALL: [Self; 5] = [Self::Start, Self::Stop, Self::Hold, Self::Release, Self::Commit];
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Whose lane of a shard runs.
    pub(super) started: BTreeMap<&'static str, BTreeSet<u32>>,
    /// Who can write a shard.
    holders: BTreeMap<u32, BTreeSet<&'static str>>,
    /// Commits of each instance in each shard.
    pub(super) commits: BTreeMap<(&'static str, u32), u32>,
    /// How often each was told to stop a lane.
    pub(super) stops: BTreeMap<&'static str, Vec<u32>>,
    /// They stand still and can not let go: fencing is what makes them harmless.
    frozen: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl State {
    pub(super) fn of(&self, name: &str) -> BTreeSet<u32> {
        self.started.get(name).cloned().unwrap_or_default()
    }

    /// Shards in which it can write.
    pub(super) fn holds(&self, name: &str) -> BTreeSet<u32> {
        self.holders.iter().filter(|(_, holders)| holders.contains(name)).map(|(shard, _)| *shard).collect()
    }

    pub(super) fn stops(&self, name: &str) -> usize {
        self.stops.get(name).map_or(0, Vec::len)
    }

    fn take(&mut self, name: &'static str, word: Word, shard: u32) {
        match word {
            Word::Start => {
                if !self.started.entry(name).or_default().insert(shard) {
                    self.faults.push(format!("{name} is told to start {shard} twice"));
                }
            }
            Word::Stop => {
                self.stops.entry(name).or_default().push(shard);
                if !self.started.entry(name).or_default().remove(&shard) {
                    self.faults.push(format!("{name} is told to stop {shard}, which does not run"));
                }
            }
            Word::Hold => {
                let holders = self.holders.entry(shard).or_default();
                let others = holders.iter().filter(|other| !self.frozen.contains(*other));
                for other in others {
                    self.faults.push(format!("{name} opens {shard} while {other} has it"));
                }
                holders.insert(name);
            }
            Word::Release => {
                self.holders.entry(shard).or_default().remove(name);
            }
            Word::Commit => {
                *self.commits.entry((name, shard)).or_default() += 1;
                let others = self.holders.get(&shard).into_iter().flatten().filter(|other| **other != name);
                for other in others.filter(|_| self.frozen.contains(name)) {
                    self.faults.push(format!("{name}, which stood still, commits in {shard}, of {other}"));
                }
            }
        }
    }
}

impl Ledger {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn say(&self, name: &'static str, word: Word, shard: u32) {
        self.state().take(name, word, shard);
        self.0.1.notify_all();
    }

    /// From now on its writers may be fenced.
    pub(super) fn freeze(&self, name: &'static str) {
        self.state().frozen.insert(name);
    }

    /// It is gone for good, with all that it had.
    pub(super) fn bury(&self, name: &'static str) {
        let mut state = self.state();
        state.started.remove(name);
        state.holders.values_mut().for_each(|holders| {
            holders.remove(name);
        });
        state.frozen.remove(name);
    }

    pub(super) fn thaw(&self, name: &'static str) {
        self.state().frozen.remove(name);
    }

    pub(super) fn until(&self, what: &str, true_of: impl Fn(&State) -> bool) {
        let waited = self.0.1.wait_timeout_while(self.state(), LIMIT, |state| !true_of(state));
        let (state, late) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.faults.is_empty(), "{what}: {:?}", state.faults);
        assert!(!late.timed_out(), "{what} does not come: {state:?}");
    }

    /// Waits until each has so many shards, and can write in them, and has committed in them since.
    pub(super) fn shares(&self, shares: &[(&'static str, usize)]) {
        let before = self.state().commits.clone();
        self.until(&format!("{shares:?}"), |state| {
            shares.iter().all(|(name, count)| {
                let shards = state.of(name);
                let commits = |shard: &u32| {
                    let place = (*name, *shard);
                    state.commits.get(&place).copied().unwrap_or(0) > before.get(&place).copied().unwrap_or(0)
                };
                shards.len() == *count && state.holds(name) == shards && shards.iter().all(commits)
            })
        });
    }

    /// For so long, nobody has any shard.
    pub(super) fn nobody_for(&self, time: Duration) {
        let nobody = |state: &mut State| state.started.values().all(BTreeSet::is_empty);
        let waited = self.0.1.wait_timeout_while(self.state(), time, nobody);
        let (state, late) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(late.timed_out(), "somebody has a shard: {:?}", state.started);
    }
}

pub(super) fn all_shards() -> BTreeSet<u32> {
    (0..SHARDS).collect()
}
