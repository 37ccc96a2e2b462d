//! Checkpoints that wait because their destination cannot acknowledge.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use adr_core::{Checkpoint, Records};
use bytes::Bytes;
use tokio::time::Instant;

/// How many steps a trail is divided into: memory is bounded by steps, not by pages.
const STEPS: u32 = 16;

/// Delivered progress that becomes durable only some time after the write.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    steps: VecDeque<Step>,
}

#[derive(Debug)]
struct Step {
    first: Instant,
    due: Instant,
    checkpoint: Checkpoint,
}

impl Trail {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Keeps a checkpoint for `delay`, and at least as long as those before it.
    pub(crate) fn push(&mut self, now: Instant, delay: Duration, checkpoint: Checkpoint) {
        let due = self.steps.back().map_or(now + delay, |step| step.due.max(now + delay));
        match self.steps.back_mut() {
            Some(step) if due - step.first <= delay / STEPS || due == step.due => {
                // Never early: a step is due when its last checkpoint is.
                step.due = due;
                step.checkpoint.merge(checkpoint);
            }
            _ => self.steps.push_back(Step { first: due, due, checkpoint }),
        }
    }

    /// When the first step is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.steps.front().map(|step| step.due)
    }

    /// The first step, if it is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Checkpoint> {
        if self.due()? > now {
            return None;
        }
        self.steps.pop_front().map(|step| step.checkpoint)
    }

    /// The records as they will be once all of it is durable.
    pub(crate) fn over(&self, records: Records) -> Records {
        if self.is_empty() {
            return records;
        }
        let mut all: BTreeMap<Bytes, Bytes> = records.into_iter().collect();
        for write in self.steps.iter().flat_map(|step| &step.checkpoint.writes) {
            match &write.value {
                Some(value) => drop(all.insert(write.key.clone(), value.clone())),
                None => drop(all.remove(&write.key)),
            }
        }
        all.into_iter().collect()
    }

    /// All that waits, as one checkpoint.
    pub(crate) fn into_rest(self) -> Option<Checkpoint> {
        self.steps.into_iter().map(|step| step.checkpoint).reduce(|mut all, next| {
            all.merge(next);
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(value: u8) -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        checkpoint.set(&b"cursor"[..], vec![value]);
        checkpoint
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_early_and_steps_are_few() {
        let (start, delay) = (Instant::now(), Duration::from_secs(60));
        let mut trail = Trail::default();
        for second in 0..60u8 {
            trail.push(start + Duration::from_secs(second.into()), delay, checkpoint(second));
        }
        assert!(trail.steps.len() <= 20, "{} steps", trail.steps.len());
        let mut at = start;
        let mut last = None;
        while !trail.is_empty() {
            at += Duration::from_millis(100);
            if let Some(step) = trail.pop_due(at) {
                let value = step.writes[0].value.as_ref().map(|value| value[0]).expect("a value");
                assert!(at >= start + delay + Duration::from_secs(value.into()), "{value} came early");
                assert!(last < Some(value));
                last = Some(value);
            }
        }
        assert_eq!(last, Some(59));
    }

    #[tokio::test(start_paused = true)]
    async fn progress_without_a_delay_waits_for_what_came_before() {
        let start = Instant::now();
        let mut trail = Trail::default();
        trail.push(start, Duration::from_secs(60), checkpoint(1));
        trail.push(start, Duration::ZERO, checkpoint(2));
        assert_eq!(trail.pop_due(start + Duration::from_secs(59)), None);
        assert_eq!(trail.into_rest(), Some(checkpoint(2)));
    }
}
