//! What every producer of the sink is made with.

use adr_core::Failure;
use rdkafka::ClientConfig;

use crate::config::Compression;
use crate::{Connection, Settings};
use adr_kafka::set_unless_given;

/// The settings of a producer that loses nothing, repeats nothing by itself and keeps the order of each partition. Reads
/// secrets: may block.
pub(crate) fn producer_config(connection: &Connection, settings: &Settings) -> Result<ClientConfig, Failure> {
    let mut config = connection.config()?;
    let kilobytes = settings.queue_bytes.div_ceil(1000);
    let ours = [
        ("acks", "all".to_owned()),
        ("enable.idempotence", "true".to_owned()),
        ("allow.auto.create.topics", "false".to_owned()),
        // As Java's clients place keys, so that ours meet theirs in one partition.
        ("partitioner", "murmur2_random".to_owned()),
        ("compression.type", compression(settings.compression).to_owned()),
        ("linger.ms", settings.linger.as_millis().to_string()),
        ("batch.size", settings.batch_bytes.to_string()),
        ("message.max.bytes", settings.max_message_bytes.to_string()),
        ("message.timeout.ms", settings.delivery_timeout.as_millis().to_string()),
        // Our own count of bytes is the limit; librdkafka's must never be reached before it.
        ("queue.buffering.max.messages", "0".to_owned()),
        ("queue.buffering.max.kbytes", (2 * kilobytes).min(2_147_483_647).to_string()),
    ];
    for (name, value) in ours {
        config.set(name, value);
    }
    // Batches are cut by bytes: events are small, and the default number would cut most of them far earlier.
    set_unless_given(&mut config, "batch.num.messages", "100000");
    Ok(config)
}

fn compression(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Snappy => "snappy",
        Compression::Lz4 => "lz4",
        Compression::Zstd => "zstd",
    }
}
