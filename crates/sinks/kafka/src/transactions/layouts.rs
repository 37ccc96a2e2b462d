//! Into how many shards the checkpoint topic was divided, as all of its partitions say.

use std::time::Duration;

use adr_core::Failure;

use super::records;
use crate::read::first_of_each;
use adr_kafka::Connection;

/// Whether any partition was laid out yet. A transaction that is still open says nothing: no progress rests on it. Blocks.
///
/// # Errors
/// If one was laid out for another number of shards: its tenants would begin anew in a shard that has no records of them.
pub(crate) fn agree(
    connection: &Connection,
    topic: &str,
    partitions: u32,
    shards: u32,
    limit: Duration,
) -> Result<bool, Failure> {
    let found = first_of_each(connection, topic, partitions, records::LAYOUT, limit)?;
    let mut laid_out = false;
    for (partition, value) in (0..).zip(found) {
        if let Some(value) = value {
            records::check_layout(topic, shards, partition, &value)?;
            laid_out = true;
        }
    }
    Ok(laid_out)
}
