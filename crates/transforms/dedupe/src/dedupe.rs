use std::sync::Arc;

use adr_core::{Event, Output, Transform, Verdict};

use crate::Settings;
use crate::fields;
use crate::memory::Memory;
use crate::settings::Key;

/// Makes the transforms of all workers: they share one memory.
#[derive(Clone, Debug)]
pub struct Factory {
    settings: Arc<Settings>,
    memory: Arc<Memory>,
}

impl Factory {
    /// With an empty memory.
    pub fn new(settings: Settings) -> Self {
        let memory = Arc::new(Memory::new(settings.max_events));
        Self { settings: Arc::new(settings), memory }
    }

    /// The transform of one more worker.
    pub fn build(&self) -> Dedupe {
        Dedupe {
            settings: self.settings.clone(),
            memory: self.memory.clone(),
            life: 0,
            key: Vec::new(),
            since_enter: Vec::new(),
            applying: false,
            #[cfg(test)]
            panics_on: None,
        }
    }
}

/// The transform `dedupe`, of one worker.
#[derive(Debug)]
pub struct Dedupe {
    settings: Arc<Settings>,
    memory: Arc<Memory>,
    life: u64,
    /// Reused from event to event.
    key: Vec<u8>,
    /// What was remembered since the last `enter`: after a panic the same events come again.
    since_enter: Vec<u128>,
    /// Stays true if a panic leaves an event half done.
    applying: bool,
    #[cfg(test)]
    panics_on: Option<&'static str>,
}

impl Dedupe {
    /// What the event is remembered by in this life, if it has such a thing.
    fn hash(&mut self, event: &Event) -> Option<u128> {
        self.key.clear();
        self.key.extend(self.life.to_le_bytes());
        match &self.settings.key {
            Key::Uid if event.meta.id.is_empty() => return None,
            Key::Uid => self.key.extend(event.meta.id.as_bytes()),
            Key::Body => self.key.extend(&event.body),
            Key::Fields(paths) => {
                if !fields::append(&event.body, paths, &mut self.key) {
                    return None;
                }
            }
        }
        let hash = blake3::hash(&self.key);
        let (half, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
        Some(u128::from_le_bytes(*half))
    }

    fn came_before(&mut self, event: &Event) -> bool {
        let Some(hash) = self.hash(event) else { return false };
        if !self.memory.remember(hash) {
            return true;
        }
        self.since_enter.push(hash);
        #[cfg(test)]
        assert!(self.panics_on.is_none_or(|id| event.meta.id != id), "as told");
        false
    }
}

impl Transform for Dedupe {
    fn enter(&mut self, life: u64) {
        self.life = life;
        self.since_enter.clear();
    }

    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        self.applying = true;
        let verdict = if self.came_before(event) { out.discard() } else { out.forward(event.clone()) };
        self.applying = false;
        verdict
    }
}

impl Drop for Dedupe {
    fn drop(&mut self) {
        if self.applying {
            self.memory.forget(&self.since_enter);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use adr_core::{Budget, Meta, Severity};

    use super::*;
    use crate::{By, DedupeConfig};

    fn event(id: &str) -> Event {
        let meta = Meta {
            id: id.into(),
            time: None,
            tenant: "t".into(),
            kind: Default::default(),
            severity: Severity::Unknown,
        };
        Event { meta, body: format!("{{\"id\":\"{id}\"}}").into_bytes().into() }
    }

    /// What the runtime does with a slice: again one by one, by a new transform, after a panic. The ids that pass.
    fn slice(factory: &Factory, life: u64, events: &[Event], panics_on: Option<&'static str>) -> Vec<String> {
        let mut out = Output::default();
        let attempt = |transform: &mut Option<Dedupe>, events: &[Event], out: &mut Output| {
            let dedupe = transform.get_or_insert_with(|| factory.build());
            dedupe.panics_on = panics_on;
            let mark = out.mark();
            let run = AssertUnwindSafe(|| {
                dedupe.enter(life);
                for event in events {
                    let _verdict = dedupe.apply(event, out);
                }
            });
            let done = catch_unwind(run).is_ok();
            if !done {
                out.rewind(mark);
                *transform = None;
            }
            done
        };
        let mut transform = None;
        if !attempt(&mut transform, events, &mut out) {
            for event in events {
                attempt(&mut transform, std::slice::from_ref(event), &mut out);
            }
        }
        let product = out.finish(Budget::new(1000).nothing());
        product.events.iter().map(|event| event.meta.id.to_string()).collect()
    }

    #[test]
    fn after_a_panic_no_event_is_taken_for_its_own_copy() {
        let factory = Factory::new(Settings::try_from(DedupeConfig::default()).unwrap());
        assert_eq!(slice(&factory, 1, &[event("a"), event("b")], None), ["a", "b"]);
        let page = [event("b"), event("c"), event("d"), event("c"), event("e")];
        assert_eq!(slice(&factory, 1, &page, Some("d")), ["c", "e"], "d made it panic, b and the other c are copies");
        assert_eq!(slice(&factory, 1, &[event("d"), event("a")], None), ["d"], "d never passed; a did, long before");
    }

    #[test]
    fn a_transform_that_is_dropped_in_peace_takes_nothing_back() {
        let settings = DedupeConfig { by: Some(By::Body), ..DedupeConfig::default() };
        let factory = Factory::new(Settings::try_from(settings).unwrap());
        assert_eq!(slice(&factory, 1, &[event("a")], None), ["a"]);
        assert!(slice(&factory, 1, &[event("a")], None).is_empty());
    }
}
