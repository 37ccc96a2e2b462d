//! What a sink has of lives that have ended is given up, and with it what is known of failures there.

use super::flow::Flow;
use crate::counters::Counters;
use crate::job::Job;
use crate::spans;

impl Flow {
    /// A batch of a life that has ended: its successor reads it again.
    pub(super) fn give_up(&mut self, job: Job) {
        Counters::add(&self.stage.counters.failed, job.events().len());
        spans::ended(&job.span, "given up");
        let number = job.life.number;
        drop(job);
        self.forget(number);
    }

    /// All that is here of lives that have ended. It takes up no place any more, and nobody waits for it.
    pub(super) fn give_up_ended(&mut self) {
        let mut jobs = Vec::new();
        self.queues.retain(|_, queue| {
            let lives = !queue.life.is_dead();
            if !lives {
                jobs.extend(queue.withdraw(0));
                jobs.extend(queue.parked.drain(..));
            }
            lives
        });
        let (ended, waiting): (Vec<Job>, Vec<Job>) = self.waiting.drain(..).partition(|job| job.life.is_dead());
        self.waiting = waiting.into();
        jobs.extend(ended);
        jobs.into_iter().for_each(|job| self.give_up(job));
    }

    /// The status tells of a failure until something is delivered, or nothing is here that has failed.
    pub(super) fn note_recovery(&mut self) {
        if self.failing && self.queues.values().all(|queue| queue.failing.is_none()) {
            self.failing = false;
            self.stage.status.delivers(&self.stage.name);
        }
    }
}
