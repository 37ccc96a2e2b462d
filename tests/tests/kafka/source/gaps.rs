//! Records that are gone before they were read.

use adr_tests::kafka::Broker;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::scene::Scene;

/// Deletes what is before this offset, as retention does in its time.
fn delete_before(scene: &Scene<'_>, offset: i64) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", scene.broker.bootstrap());
    let admin: AdminClient<DefaultClientContext> = config.create().expect("a client");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&scene.raw, 0, Offset::Offset(offset)).expect("an offset");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let deleted = tokio.block_on(admin.delete_records(&list, &AdminOptions::new())).expect("the broker answers");
    deleted.elements().iter().for_each(|one| one.error().expect("deleted"));
}

fn told_gap(scene: &Scene<'_>, from: i64, to: i64) -> String {
    let (last, count) = (to - 1, to - from);
    format!(
        "offsets {from} to {last} of partition 0 of kafka topic {} were deleted before they were read ({count} offsets)",
        scene.raw
    )
}

pub(super) fn told(broker: &Broker) {
    let scene = Scene::new(broker, 1);
    scene.write(0..100);
    let (said, code) = scene.once();
    assert!(code == Some(0) && !said.contains("ERROR"), "{said}");
    scene.write(100..200);
    delete_before(&scene, 150);

    // At the start.
    let mut instance = scene.start("gap");
    instance.until_says(&told_gap(&scene, 100, 150));
    let counts = scene.until(150, &[&instance]);
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), (0..100).chain(150..200).collect::<Vec<_>>());

    // While it reads: it is late by as much as it stands still.
    instance.process.pause();
    for start in (200..1200).step_by(100) {
        scene.write(start..start + 100);
    }
    delete_before(&scene, 1150);
    instance.process.resume();
    scene.until(200, &[&instance]);
    instance.until_says("to 1149 of partition 0");
    instance.stop();
    let ids: Vec<usize> = scene.counts().into_keys().collect();
    let first = ids.iter().copied().find(|id| *id >= 200 && !ids.contains(&(id + 1))).map_or(200, |id| id + 1);
    let first = if ids.contains(&200) { first } else { 200 };
    assert!(instance.said().contains(&told_gap(&scene, first as i64, 1150)), "{first}\n{}", instance.said());
    assert!(ids.ends_with(&(1150..1200).collect::<Vec<_>>()), "{ids:?}");
    assert_eq!(instance.said().matches("were deleted before").count(), 2, "{}", instance.said());
}
