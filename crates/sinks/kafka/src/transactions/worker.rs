//! The thread of a shard: the only place that waits for its producer.

use std::sync::Arc;

use adr_core::{Committed, Failure, FailureKind, LaneId, Retry};

use super::attempted::Attempted;
use super::producer::Live;
use super::records;
use super::shard::{Committing, Opening, Shard, Task};
use super::transaction::Ending;
use super::writer::Writer;

/// The thread's state.
pub(crate) struct Worker {
    shard: Arc<Shard>,
    live: Option<Live>,
    /// Why the last producer was closed, if by an error: the lanes that it served are told.
    last: Option<Failure>,
    tokens: u64,
}

impl Worker {
    pub(crate) fn new(shard: &Arc<Shard>) -> Self {
        Self { shard: shard.clone(), live: None, last: None, tokens: 0 }
    }

    /// Works until the shard needs no thread any more.
    pub(crate) fn run(mut self) {
        loop {
            match self.shard.next(self.live.as_ref().map(|live| live.term)) {
                Task::Work { commits, opens, term } => {
                    self.commit(commits);
                    self.open(opens, term);
                }
                Task::Close => self.live = None,
                Task::End => return,
            }
        }
    }

    fn open(&mut self, mut opens: Vec<Opening>, term: u64) {
        opens.retain(|open| !open.reply.is_closed());
        if opens.is_empty() {
            return;
        }
        let lanes: Vec<LaneId> = opens.iter().map(|open| open.lane.clone()).collect();
        let found = match self.made(term).and_then(|live| live.read(&lanes)) {
            Ok(found) => found,
            Err(failure) => {
                if failure.kind == FailureKind::Fenced && self.shard.holds(term, true) {
                    // Only a new producer can end what another has open, and be sure of what it reads.
                    self.live = None;
                    self.last = Some(failure.clone());
                }
                for open in opens {
                    // An asker that has gone does not mind, here and below.
                    let _ = open.reply.send(Err(failure.clone()));
                }
                return;
            }
        };
        let Some(live) = &mut self.live else { return };
        for Opening { lane, reply } in opens {
            self.tokens += 1;
            live.owners.insert(lane.clone(), self.tokens);
            let records = found.records(&lane);
            let writer = Writer::new(&self.shard, lane, self.tokens);
            let _ = reply.send(Ok((Box::new(writer), records)));
        }
    }

    /// The producer, made anew if there is none.
    fn made(&mut self, term: u64) -> Result<&mut Live, Failure> {
        // Lanes that drain still need the producer that there is.
        if !self.shard.holds(term, true) {
            return Err(self.shard.common.not_ours(self.shard.number));
        }
        let live = match self.live.take().filter(|live| live.term == term) {
            Some(live) => live,
            None => {
                let live = Live::make(&self.shard, term).inspect_err(|_| self.shard.common.doubt_topics())?;
                self.last = None;
                live
            }
        };
        // In the meantime the shard may have gone to another instance. If that has fenced us we shall be told; if we
        // have fenced that, we had better not do it again and again.
        if !self.shard.holds(term, true) {
            return Err(self.shard.common.not_ours(self.shard.number));
        }
        Ok(self.live.insert(live))
    }

    fn commit(&mut self, commits: Vec<Committing>) {
        let mut groups: Vec<Attempted> =
            commits.into_iter().filter_map(|commit| self.admit(commit)).map(Attempted::from).collect();
        while !groups.is_empty() {
            let Some(live) = &mut self.live else { return };
            match live.attempt(&mut groups) {
                Ending::Committed => {
                    return groups.into_iter().for_each(|group| answer(group.asked, Ok(Committed::All)));
                }
                Ending::TakenBack => groups = remaining(groups),
                Ending::Broken(failure) => {
                    tracing::debug!(shard = self.shard.number, "the shard's producer is closed: {failure}");
                    self.live = None;
                    self.shard.common.doubt_topics();
                    self.last = Some(failure.clone());
                    return groups.into_iter().for_each(|group| answer(group.asked, Err(failure.clone())));
                }
            }
        }
    }

    /// Refuses a group that must not be committed, or that nobody waits for.
    fn admit(&self, commit: Committing) -> Option<Committing> {
        if commit.reply.is_closed() {
            return None;
        }
        match self.check(&commit) {
            Ok(()) => Some(commit),
            Err(failure) => {
                answer(commit, Err(failure));
                None
            }
        }
    }

    fn check(&self, commit: &Committing) -> Result<(), Failure> {
        let Committing { lane, token, group, .. } = commit;
        let owner = self.live.as_ref().and_then(|live| live.owners.get(lane));
        if owner != Some(token) {
            return Err(match (&self.last, owner) {
                (Some(last), None) => {
                    let message = format!("lane {lane} lost its producer: {}", last.message);
                    Failure { kind: last.kind, retry: Retry::BackOff, message }
                }
                _ => Failure::new(FailureKind::Fenced, format!("lane {lane} was opened anew")),
            });
        }
        let topic = &self.shard.common.exactly_once.topic;
        group.checkpoint.writes.iter().try_for_each(|write| records::check_write(write, lane, topic))
    }
}

/// Answers the groups that are refused; the others are tried again, if somebody still waits for them.
fn remaining(groups: Vec<Attempted>) -> Vec<Attempted> {
    let (refused, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| !group.rejections.is_empty());
    for Attempted { asked, mut rejections, .. } in refused {
        rejections.sort_by_key(|rejection| rejection.index);
        answer(asked, Ok(Committed::Nothing(rejections)));
    }
    others.into_iter().filter(|group| !group.asked.reply.is_closed()).collect()
}

/// The events are let go before anybody goes on because of the answer.
fn answer(commit: Committing, result: Result<Committed, Failure>) {
    let Committing { group, reply, .. } = commit;
    drop(group);
    let _ = reply.send(result);
}
