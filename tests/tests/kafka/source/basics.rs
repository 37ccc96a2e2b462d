//! What becomes of records, and where reading begins and ends.

use std::time::{Duration, Instant};

use adr_tests::kafka::Broker;

use super::scene::{LIMIT, Scene, event};

pub(super) fn mapped(broker: &Broker) {
    let mut scene = Scene::new(broker, 3);
    // Many pages, and a record that is larger than one.
    scene.source.push("page_bytes: 2KiB".to_owned());
    scene.write(0..300);
    let laid_out = event(300).replace(',', ",\r\n  ") + "\n";
    let large = event(301).replace("sso_auth", &"x".repeat(5000));
    for text in [Some(laid_out.as_bytes()), None, Some(&b""[..]), Some(b"no event\nat all"), Some(large.as_bytes())] {
        scene.write_text(1, text);
    }
    scene.write_text(1, Some(b"[1]"));
    scene.flush();

    let (said, code) = scene.once();
    assert_eq!(code, Some(0), "{said}");
    let counts = scene.counts();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), (0..302).map(|id| (id, 1)).collect::<Vec<_>>(), "{said}");
    // In the order of each partition.
    let numbers: Vec<usize> = scene
        .delivered()
        .iter()
        .map(|message| {
            adr_tests::process::source_id(str::from_utf8(&message.payload).expect("UTF-8")).parse().expect("a number")
        })
        .collect();
    for partition in [0, 2] {
        let of_it: Vec<usize> =
            numbers.iter().copied().filter(|number| *number < 300 && number % 3 == partition).collect();
        assert!(of_it.is_sorted(), "{of_it:?}");
    }
    let rejected = scene.rejected();
    assert_eq!(rejected.len(), 2, "{rejected:?}");
    assert!(rejected[0].contains("no event at all") && rejected[1].contains("[1]"), "{rejected:?}");
    assert_eq!(scene.committed(), [Some(100), Some(106), Some(100)]);

    let (said, code) = scene.once();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(scene.delivered().len(), 302, "nothing is read again: {said}");
}

pub(super) fn begins(broker: &Broker) {
    let mut scene = Scene::new(broker, 2);
    scene.write(0..40);
    let (said, code) = scene.check();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("ok     raw: {}: topic with 2 partitions", scene.raw)), "{said}");
    assert!(said.contains(&format!("ok     raw: {}: group without offsets yet", scene.group)), "{said}");

    scene.source.push("start: latest".to_owned());
    let mut instance = scene.start("latest");
    instance.until_says("given to this instance");
    // From where it begins is kept before anything is read.
    let start = Instant::now();
    while scene.committed() != [Some(20), Some(20)] {
        assert!(start.elapsed() < LIMIT, "{:?}\n{}", scene.committed(), instance.said());
        std::thread::sleep(Duration::from_millis(20));
    }
    instance.stop();
    scene.write(40..50);
    let (said, _) = scene.check();
    assert!(said.contains("group with offsets of 2 of 2 partitions, 10 before their end"), "{said}");
    let mut instance = scene.start("latest");
    let counts = scene.until(10, &[&instance]);
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), (40..50).collect::<Vec<_>>());
    let took = instance.stop();
    assert!(took < Duration::from_secs(2), "it leaves at once: {took:?}\n{}", instance.said());
    let (said, _) = scene.check();
    assert!(said.contains("group with offsets of 2 of 2 partitions, at their end"), "{said}");
}

pub(super) fn cannot_begin(broker: &Broker) {
    let mut scene = Scene::new(broker, 1);
    scene.raw = "adr-test.nowhere".to_owned();
    let (said, code) = scene.once();
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("kafka topic adr-test.nowhere does not exist: correct `topics`"), "{said}");
    let (said, code) = scene.check();
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("error  raw: kafka topic adr-test.nowhere does not exist"), "{said}");
}
