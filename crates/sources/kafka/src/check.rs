//! Whether the settings work: asks the brokers, joins nothing and writes nothing.

use std::time::Instant;

use adr_core::{Failure, FailureKind};
use adr_kafka::{Connection, Partition, Told, reach};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::component::require;
use crate::settings::Settings;
use crate::store::ANSWER;

/// Connects as the source would and looks at its topics and its group: each place, with what was found there. Where no
/// broker lets us in, that alone. Whether the group may be joined shows only when it is.
pub async fn check(connection: &Connection, settings: &Settings) -> Vec<(String, Result<String, Failure>)> {
    let (connection, settings) = (connection.clone(), settings.clone());
    let asked = tokio::task::spawn_blocking(move || ask(&connection, &settings));
    asked.await.unwrap_or_else(|error| {
        let failure = Failure::new(FailureKind::Internal, format!("a check ended: {error}"));
        vec![("kafka".to_owned(), Err(failure))]
    })
}

fn ask(connection: &Connection, settings: &Settings) -> Vec<(String, Result<String, Failure>)> {
    let brokers = reach(connection, settings.named_topics().next(), ANSWER);
    let reached = brokers.is_ok();
    let mut found = vec![(connection.bootstrap().to_owned(), brokers)];
    if !reached {
        // Every other question would fail of the same, after as long.
        return found;
    }
    let mut partitions = Vec::new();
    for topic in settings.named_topics() {
        let outcome = require(connection, topic).and_then(|count| {
            let number = |number| Partition { topic: topic.into(), number };
            let of_it: Vec<Partition> = (0..i32::try_from(count).unwrap_or(i32::MAX)).map(number).collect();
            may_read(connection, settings, &of_it[0])?;
            partitions.extend(of_it);
            let word = if count == 1 { "partition" } else { "partitions" };
            Ok(format!("topic with {count} {word}"))
        });
        found.push((topic.to_owned(), outcome));
    }
    found.push((settings.group.clone(), group(connection, settings, &partitions)));
    found
}

/// A client as the source has one, that joins nothing.
fn client(connection: &Connection, settings: &Settings, doing: &str) -> Result<BaseConsumer<Told>, Failure> {
    let mut config = connection.config()?;
    config.set("group.id", &settings.group).set("enable.auto.commit", "false").set("allow.auto.create.topics", "false");
    for (name, value) in settings.reading(true) {
        config.set(name, value);
    }
    config.create_with_context(connection.context()).map_err(|error| connection.failure(&error, doing))
}

/// Comes to the end of a partition from its end, for which it has to fetch.
fn may_read(connection: &Connection, settings: &Settings, partition: &Partition) -> Result<(), Failure> {
    let doing = format!("read kafka topic {}", partition.topic);
    let client = client(connection, settings, &doing)?;
    let fail = |error: KafkaError| connection.failure(&error, &doing);
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&partition.topic, partition.number, Offset::End)
        .and_then(|()| client.assign(&list))
        .map_err(fail)?;
    let until = Instant::now() + ANSWER;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        match client.poll(left) {
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            // Told where the group is asked about: here it is only a name, without which librdkafka reads nothing.
            Some(Err(error)) if error.rdkafka_error_code() == Some(Code::GroupAuthorizationFailed) => {}
            Some(Err(error)) => return Err(fail(error)),
            None => {}
        }
    }
    Err(Failure::new(FailureKind::Timeout, format!("cannot {doing}: no answer within {} s", ANSWER.as_secs())))
}

/// How far the group is.
fn group(connection: &Connection, settings: &Settings, partitions: &[Partition]) -> Result<String, Failure> {
    let doing = format!("ask for the offsets of kafka group {}", settings.group);
    let client = client(connection, settings, &doing)?;
    let known = connection.served(&client, &doing, |client| {
        let mut list = TopicPartitionList::new();
        for Partition { topic, number } in partitions {
            list.add_partition(topic, *number);
        }
        let offsets = client.committed_offsets(list, ANSWER)?;
        let mut known = Vec::new();
        for one in offsets.elements() {
            one.error()?;
            let Offset::Offset(offset) = one.offset() else { continue };
            let (_, end) = client.fetch_watermarks(one.topic(), one.partition(), ANSWER)?;
            known.push(end.saturating_sub(offset).max(0));
        }
        KafkaResult::Ok(known)
    })?;
    let (count, all) = (known.len(), partitions.len());
    Ok(match known.iter().sum::<i64>() {
        _ if known.is_empty() => "group without offsets yet".to_owned(),
        0 => format!("group with offsets of {count} of {all} partitions, at their end"),
        behind => format!("group with offsets of {count} of {all} partitions, {behind} before their end"),
    })
}
