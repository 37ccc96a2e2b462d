use adr_core::{Event, Output, Transform, Verdict};

use crate::{By, Settings};

/// The transform `sample`.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    settings: Settings,
}

impl Sample {
    /// The transform with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Whether the event goes on.
    pub fn is_chosen(&self, event: &Event) -> bool {
        let Settings { rate, by, keep_severity } = self.settings;
        // Severity 99, "other", says that the source has a word of its own for it: nobody can say that it is less.
        if keep_severity.is_some_and(|least| event.meta.severity >= least) {
            return true;
        }
        let key = match by {
            By::Uid if !event.meta.id.is_empty() => event.meta.id.as_bytes(),
            By::Uid | By::Body => &event.body,
        };
        let hash = blake3::hash(key);
        let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
        u64::from_le_bytes(*first).is_multiple_of(rate.get())
    }
}

impl Transform for Sample {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        if self.is_chosen(event) { out.forward(event.clone()) } else { out.discard() }
    }
}
