//! The source `kafka`: the real binary reads raw events of one topic and writes them into another, or does not.

mod basics;
mod gaps;
mod kills;
mod moves;
mod rights;
mod scene;

use crate::Case;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        Case::shared("source: every event of one topic is mapped into another", basics::mapped),
        Case::shared("source: where a group begins, and what a check says of it", basics::begins),
        Case::shared("source: a run to the end that cannot begin says why", basics::cannot_begin),
        Case::shared("source: kill -9 loses nothing and repeats only what was not committed", kills::at_least_once),
        Case::shared("source: kill -9 repeats nothing in transactions", kills::exactly_once),
        Case::shared("source: instances share partitions and hand them over without loss or repeats", moves::shared),
        Case::shared("source: a source that is made anew reads on where the one before ended", moves::reloaded),
        Case::shared("source: who stands still loses its partitions and commits nothing of them", moves::frozen),
        Case::shared("source: what was deleted before it was read is told with its bounds", gaps::told),
    ]
    .into_iter()
    .flatten()
    .collect();
    cases.extend(Case::own("source: what a user may not do is told with what it lacks", rights::told));
    cases
}
