//! kill -9 while events come.

use std::thread;
use std::time::Duration;

use adr_tests::kafka::Broker;

use super::scene::Scene;

const EVENTS: usize = 3000;
const PARTITIONS: i32 = 3;

/// Kills an instance twice while events are being written, and lets it come to the end. The group's offsets after each kill.
fn killed(scene: &Scene<'_>) -> Vec<Vec<Option<i64>>> {
    thread::scope(|scope| {
        scope.spawn(|| {
            for start in (0..EVENTS).step_by(50) {
                scene.write(start..start + 50);
                thread::sleep(Duration::from_millis(25));
            }
        });
        let mut offsets = Vec::new();
        for share in [EVENTS / 5, EVENTS / 2] {
            let instance = scene.start("killed");
            scene.until(share, &[&instance]);
            drop(instance);
            offsets.push(scene.committed());
        }
        let mut instance = scene.start("killed");
        let counts = scene.until(EVENTS, &[&instance]);
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), (0..EVENTS).collect::<Vec<_>>());
        instance.stop();
        assert!(!instance.said().contains("ERROR"), "{}", instance.said());
        offsets
    })
}

pub(super) fn at_least_once(broker: &Broker) {
    let mut scene = Scene::new(broker, PARTITIONS);
    scene.source.push("page_bytes: 4KiB".to_owned());
    let offsets = killed(&scene);
    let repeats: Vec<usize> = scene.counts().into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id).collect();
    let partitions = PARTITIONS.unsigned_abs() as usize;
    for id in &repeats {
        let (partition, offset) = (id % partitions, (id / partitions) as i64);
        // It was not committed when one of the kills came, and was read before that: pages are small.
        let is_explained = offsets.iter().any(|offsets| {
            let committed = offsets[partition].unwrap_or_default();
            (committed..committed + 400).contains(&offset)
        });
        assert!(is_explained, "{id} is there again; committed was {offsets:?}");
    }
    assert!(repeats.len() < EVENTS / 4, "{} repeats", repeats.len());
    // The same bytes, so that whoever reads them knows them again.
    let delivered = scene.delivered();
    for id in repeats {
        let word = format!("\"original_event_uid\":\"{id}\"");
        let has = |text: &&[u8]| str::from_utf8(text).is_ok_and(|text| text.contains(&word));
        let mut same = delivered.iter().map(|message| &message.payload[..]).filter(has);
        let first = same.next().expect("it is there");
        assert!(same.all(|text| text == first), "{id}");
    }
}

pub(super) fn exactly_once(broker: &Broker) {
    let mut scene = Scene::new(broker, PARTITIONS);
    scene.source.push("page_bytes: 4KiB".to_owned());
    scene.exactly_once();
    let offsets = killed(&scene);
    let repeats: Vec<_> = scene.counts().into_iter().filter(|(_, count)| *count > 1).collect();
    assert!(repeats.is_empty(), "{repeats:?}");
    assert!(offsets.iter().flatten().all(Option::is_none), "the sink keeps the offsets: {offsets:?}");
}
