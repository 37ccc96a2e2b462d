//! A broker that goes and comes again.

use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Version};
use serde_json::json;
use tokio::time::sleep;

use super::scene::{Scene, send};
use super::{lines, run};

pub(super) fn told_once(version: Version) {
    let mut broker = Broker::start(version);
    run(async {
        // Soon, so that there is more than one try to be told of.
        let options = json!({"librdkafka_options": {"reconnect.backoff.ms": "50", "reconnect.backoff.max.ms": "100"}});
        let scene = Scene::new(&broker, &broker.bootstrap(), &options);
        let mut sink = scene.sink();
        send(&mut sink, "before").await.expect("delivered");
        let quiet = lines::told_by(&scene.name);
        assert!(quiet.is_empty(), "nothing was wrong: {quiet:?}");

        broker.kill();
        let gone = |told: &[String]| told.iter().filter(|line| line.contains("none of the brokers")).count();
        let start = Instant::now();
        while gone(&lines::told_by(&scene.name)) == 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", lines::told_by(&scene.name));
            sleep(Duration::from_millis(20)).await;
        }
        // The connection is tried some forty times in this while.
        sleep(Duration::from_secs(4)).await;
        let told = lines::told_by(&scene.name);
        assert!(gone(&told) == 1 && told.len() <= 3, "{told:#?}");
        assert!(told.iter().any(|line| line.contains("cannot be connected to")), "{told:#?}");
        assert!(!told.iter().any(|line| line.contains("`sasl`")), "it was let in before: {told:#?}");

        broker.restart();
        send(&mut sink, "after").await.expect("delivered");
        // Told on librdkafka's thread, a moment after the delivery is.
        let back = |told: &[String]| told.iter().filter(|line| line.contains("answer again after")).count();
        let start = Instant::now();
        while back(&lines::told_by(&scene.name)) == 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", lines::told_by(&scene.name));
            sleep(Duration::from_millis(20)).await;
        }
        send(&mut sink, "later").await.expect("delivered");
        assert_eq!(back(&lines::told_by(&scene.name)), 1);
    });
}
