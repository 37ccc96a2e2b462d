use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry, TransactionalSink};
use adr_tests::kafka::{Broker, Version, unique};

use super::place::{Place, commit, group, lane, open, run};

/// What an opening is refused with.
fn refused(place: &Place) -> Failure {
    run(async {
        let refused = place.sink().open(&lane("refused")).await.err();
        refused.expect("it is refused")
    })
}

fn accepted(place: &Place) {
    run(async {
        let sink = place.sink();
        let (mut writer, _) = open(&sink, &lane("refused")).await;
        commit(&mut writer, group(&lane("refused"), 0, 2)).await;
    });
}

/// Runs the command that the failure names, as it stands.
fn obey(broker: &Broker, failure: &Failure) {
    let command = failure.message.split('`').find(|part| part.starts_with("kafka-")).expect("it says a command");
    let mut words = command.split(' ');
    let class = match words.next() {
        Some("kafka-topics.sh") => "org.apache.kafka.tools.TopicCommand",
        Some("kafka-configs.sh") => "kafka.admin.ConfigCommand",
        other => panic!("{other:?}"),
    };
    let rest: Vec<&str> = words.collect();
    assert_eq!(rest[..2], ["--bootstrap-server", &broker.bootstrap()], "{failure}");
    broker.tool(class, &rest[2..]);
}

pub(super) fn topics(version: Version) {
    let broker = Broker::start(version);
    let place = |shards| Place::named(&broker.bootstrap(), &unique("events"), &unique("checkpoints"), shards);
    let missing = place(3);
    for what in [&missing.checkpoints, &missing.events] {
        let failure = refused(&missing);
        assert!(failure.message.contains(&format!("{what} does not exist")), "{failure}");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::BackOff), "{failure}");
        obey(&broker, &failure);
    }
    accepted(&missing);

    type Wrong = (&'static str, i32, &'static [(&'static str, &'static str)], &'static str);
    let wrong: [Wrong; 5] = [
        ("not compacted", 3, &[], "cleanup.policy=delete"),
        ("deleted too", 3, &[("cleanup.policy", "compact,delete")], "compact,delete"),
        ("too small", 3, &[("cleanup.policy", "compact"), ("max.message.bytes", "500000")], "max.message.bytes=500000"),
        ("too few partitions", 2, &[("cleanup.policy", "compact")], "has 2 partitions"),
        ("too many partitions", 5, &[("cleanup.policy", "compact")], "has 5 partitions"),
    ];
    for (name, partitions, settings, said) in wrong {
        let mut place = place(3);
        broker.create_topic(&place.events, 1, &[]);
        broker.create_topic(&place.checkpoints, partitions, settings);
        let failure = refused(&place);
        assert!(failure.message.contains(&place.checkpoints) && failure.message.contains(said), "{name}: {failure}");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::BackOff), "{name}: {failure}");
        obey(&broker, &failure);
        if partitions == 5 {
            place.config.checkpoints.as_mut().expect("they are set").topic += "-3";
        }
        accepted(&place);
    }
}

pub(super) fn layout(broker: &Broker) {
    let place = Place::new(broker, 2);
    run(async {
        let sink = place.sink();
        // Both shards are written to.
        for tenant in 0..8 {
            let lane = lane(&format!("tenant{tenant}"));
            commit(&mut open(&sink, &lane).await.0, group(&lane, 0, 1)).await;
        }
    });
    // Somebody adds partitions, and changes the setting to match: every tenant would begin anew in one of them.
    add_partitions(broker, &place.checkpoints, 4);
    let more = place.clone().with(|config| config.checkpoints.as_mut().expect("they are set").shards = Some(4));
    run(async {
        let sink = more.sink();
        for tenant in 0..16 {
            let lane = lane(&format!("tenant{tenant}"));
            let failure = sink.open(&lane).await.err().unwrap_or_else(|| panic!("{lane} begins anew"));
            assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never), "{failure}");
            let said = [&place.checkpoints, "2 shards", "set it back to 2"];
            assert!(said.iter().all(|said| failure.message.contains(said)), "{failure}");
        }
    });
    // As it says: all go on, and nothing is missing or there twice.
    run(async {
        let sink = place.sink();
        let lanes: Vec<_> = (0..8).map(|tenant| lane(&format!("tenant{tenant}"))).collect();
        for lane in &lanes {
            let (mut writer, from) = open(&sink, lane).await;
            assert_eq!(from, 1, "{lane}");
            commit(&mut writer, group(lane, from, 1)).await;
        }
        assert_eq!(place.wrong(&lanes.iter().map(|lane| (lane, 2)).collect::<Vec<_>>()), Default::default());
    });
}

/// Where nothing was ever committed, there is nothing to begin anew.
pub(super) fn unused(broker: &Broker) {
    let place = Place::new(broker, 2);
    take_back(broker, &place.checkpoints);
    add_partitions(broker, &place.checkpoints, 4);
    accepted(&place.with(|config| config.checkpoints.as_mut().expect("they are set").shards = Some(4)));
}

/// Leaves in both partitions what is left of a transaction that was taken back.
fn take_back(broker: &Broker, topic: &str) {
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    let limit = Duration::from_secs(30);
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap()).set("transactional.id", unique("id"));
    let producer: BaseProducer = config.create().expect("a producer");
    producer.init_transactions(limit).expect("init");
    producer.begin_transaction().expect("begin");
    for partition in 0..2 {
        let record = BaseRecord::to(topic).partition(partition).key("layout").payload("taken back");
        producer.send(record).map_err(|(error, _)| error).expect("the queue has room");
    }
    producer.flush(limit).expect("flush");
    producer.abort_transaction(limit).expect("abort");
}

pub(super) fn add_partitions(broker: &Broker, topic: &str, partitions: usize) {
    use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
    use rdkafka::client::DefaultClientContext;
    let mut config = rdkafka::ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> =
        config.set("bootstrap.servers", broker.bootstrap()).create().expect("a client");
    run(async {
        let added = admin.create_partitions([&NewPartitions::new(topic, partitions)], &AdminOptions::new()).await;
        added.expect("the broker answers").remove(0).expect("they are added");
    });
}

pub(super) fn names(broker: &Broker) {
    let place = Place::new(broker, 1);
    run(async {
        let sink = place.sink();
        let failure = sink.open(&lane("a\0b")).await.err().expect("it is refused");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never), "{failure}");
    });
}
