//! Exactly once: the sink by itself, on real brokers. What the whole program does under kills is in `proofs`.

mod basics;
mod breaks;
mod child;
mod compaction;
mod owners;
mod place;
mod refusals;
mod sizes;

use crate::Case;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        Case::shared("exactly once: events and their checkpoint become visible together", basics::together),
        Case::shared("exactly once: lanes of one shard share transactions", basics::shared_transactions),
        Case::shared("exactly once: a removed record stays removed, and others are in order", basics::records),
        Case::shared("exactly once: memory is given back with the answer", basics::memory),
        Case::shared("exactly once: a commit under way ends before its lane opens again", basics::dropped),
        Case::shared("exactly once: a commit that nobody waits for is not begun", basics::not_begun),
        Case::shared("exactly once: nothing of a zombie is visible", owners::zombie),
        Case::shared("exactly once: owners that take turns commit every event once", owners::turns),
        Case::own("exactly once: nothing of a killed owner's transaction is visible", child::killed),
        Case::shared("exactly once: what is too large is refused alone", sizes::too_large),
        Case::own("exactly once: a batch that is refused is sent record by record", sizes::lower_limit),
        Case::shared("exactly once: a checkpoint record over 512 KiB is refused", sizes::checkpoint_record),
        Case::own("exactly once: a transaction that times out is done again", breaks::paused),
        Case::own("exactly once: a broker that restarts costs nothing", breaks::restarts),
        Case::shared("exactly once: compaction loses no progress", compaction::keeps),
        Case::own("exactly once: a topic that is wrong is refused with the command that helps", refusals::topics),
        Case::shared("exactly once: another number of shards is refused for good", refusals::layout),
        Case::shared("exactly once: partitions can be added to a topic that was not used", refusals::unused),
        Case::shared("exactly once: names that cannot be keys are refused", refusals::names),
    ]
    .into_iter()
    .flatten()
    .collect();
    cases.extend(child::case());
    cases
}
