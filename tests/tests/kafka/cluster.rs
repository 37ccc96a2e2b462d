//! Tenants shared among instances, by groups of real brokers. Each instance opens the lanes that it is told to start in
//! the real sink and commits in them; what the whole program does under kills is in `proofs`.

mod absence;
mod child;
mod division;
mod instance;
mod ledger;
mod place;

use crate::Case;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        Case::shared("cluster: shards are divided fairly, and only what must move moves", division::fair),
        Case::shared("cluster: a shard moves when its lanes have drained", division::drained),
        Case::shared("cluster: a topic that is wrong or missing is waited for", absence::topic),
        Case::shared("cluster: who is stopped or killed loses its shards to others", child::frozen),
        Case::own("cluster: brokers that stand still or restart leave nobody stuck", absence::brokers),
    ]
    .into_iter()
    .flatten()
    .collect();
    cases.extend(child::case());
    cases
}
