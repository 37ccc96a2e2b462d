//! How large things may be.

use adr_core::{Failure, Size};

use super::config;

/// What librdkafka takes at most for the size of a message, of a batch and, in kB, of its queue.
const MOST_MESSAGE: usize = 1_000_000_000;

pub(super) struct Sizes {
    pub(super) message: usize,
    pub(super) batch: usize,
    pub(super) queue: usize,
}

impl Sizes {
    pub(super) fn new(message: Option<Size>, batch: Option<Size>, queue: Option<Size>) -> Result<Self, Failure> {
        let message = message.map_or(1_000_000, |Size(bytes)| bytes);
        if !(1000..=MOST_MESSAGE).contains(&message) {
            return Err(config(format!("`max_message_bytes` is {message}: give 1000 to 1000000000, such as 1MB")));
        }
        let batch = batch.map_or(1_000_000, |Size(bytes)| bytes);
        if !(1000..=MOST_MESSAGE).contains(&batch) {
            return Err(config(format!("`batch_bytes` is {batch}: give 1000 to 1000000000, such as 1MB")));
        }
        let given = queue.is_some();
        let least = message.max(batch);
        let queue = queue.map_or((32 << 20).max(2 * least), |Size(bytes)| bytes);
        if given && queue < least {
            return Err(config(format!(
                "`queue_bytes` is {queue}, less than the {least} that `max_message_bytes` or `batch_bytes` allow: raise it, \
                 such as to 32MiB"
            )));
        }
        if queue > 1 << 40 {
            return Err(config("`queue_bytes` is more than 1TiB: give what may be held in memory, such as 32MiB"));
        }
        Ok(Self { message, batch, queue })
    }
}
