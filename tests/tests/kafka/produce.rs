//! At least once: what stands in the topic after what happened.

mod records;
mod scene;
mod sizes;
mod trouble;

use crate::Case;

pub(crate) fn cases() -> Vec<Case> {
    [
        Case::shared("at least once: records have order, key, headers and a partition by their key", records::whole),
        Case::shared(
            "at least once: templates choose topic and key, and what fits none is rejected",
            records::templates,
        ),
        Case::shared("at least once: an encoding is the payload, and what it refuses is rejected", records::encodings),
        Case::shared("at least once: every compression can be read", records::compressions),
        Case::shared("at least once: a record that the topic finds too large is rejected alone", sizes::topic),
        Case::shared("at least once: a topic that takes less from now on gets smaller batches", sizes::shrunk),
        Case::shared("at least once: a missing topic is told with its command, and never made", trouble::missing),
        Case::shared("at least once: a topic that is deleted meanwhile is not made again", trouble::deleted),
        Case::own("at least once: a broker that is killed and comes back has all in order", trouble::killed),
        Case::own("at least once: a full queue waits until the broker takes more", trouble::full),
        Case::own("at least once: what timed out is written again in order", trouble::timed_out),
    ]
    .into_iter()
    .flatten()
    .collect()
}
