//! Partitions that go from one instance to another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use adr_tests::kafka::Broker;

use super::scene::Scene;

/// Writes events until it is told to stop; how many.
fn writing<T>(scene: &Scene<'_>, meanwhile: impl FnOnce() -> T) -> (T, usize) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                scene.write(written..written + 30);
                written += 30;
                thread::sleep(Duration::from_millis(15));
            }
            written
        });
        // The writer ends even where an assertion does not hold.
        struct Done<'a>(&'a AtomicBool);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let ended = Done(&done);
        let value = meanwhile();
        drop(ended);
        (value, writer.join().expect("it writes"))
    })
}

pub(super) fn shared(broker: &Broker) {
    let mut scene = Scene::new(broker, 6);
    // Something is always on its way.
    scene.sink = ", linger: 500ms".to_owned();
    let (mut second, written) = writing(&scene, || {
        let mut first = scene.start("first");
        scene.until(300, &[&first]);
        let second = scene.start("second");
        second.until_says("given to this instance");
        first.until_says("given up by this instance");
        let now = scene.counts().len();
        scene.until(now + 300, &[&first, &second]);
        first.stop();
        let now = scene.counts().len();
        scene.until(now + 300, &[&first, &second]);
        assert!(!first.said().contains("ERROR") && !first.said().contains("before all"), "{}", first.said());
        second
    });
    let counts = scene.until(written, &[&second]);
    second.stop();
    let repeats: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(repeats.is_empty(), "{repeats:?}\n{}", second.said());
    assert_eq!(counts.len(), written);
    assert!(!second.said().contains("ERROR"), "{}", second.said());
}

/// The source is made anew while it reads: its successor joins the group as another member.
pub(super) fn reloaded(broker: &Broker) {
    let mut scene = Scene::new(broker, 3);
    scene.sink = ", linger: 200ms".to_owned();
    let mut instance = scene.start("reloaded");
    scene.write(0..300);
    scene.until(300, &[&instance]);
    scene.write(300..600);
    scene.source.push("page_bytes: 64KiB".to_owned());
    scene.reload(&instance);
    scene.write(600..900);
    let counts = scene.until(900, &[&instance]);
    instance.until_says("given up by this instance");
    instance.stop();
    assert!(counts.values().all(|count| *count == 1), "{counts:?}\n{}", instance.said());
    assert!(!instance.said().contains("ERROR"), "{}", instance.said());
    assert_eq!(scene.committed(), [Some(300), Some(300), Some(300)]);
}

pub(super) fn frozen(broker: &Broker) {
    let scene = Scene::new(broker, 2);
    let (mut instances, written) = writing(&scene, || {
        let first = scene.start("first");
        scene.until(100, &[&first]);
        first.process.pause();
        let second = scene.start("second");
        second.until_says("given to this instance");
        let now = scene.counts().len();
        scene.until(now + 200, &[&second]);
        let before = scene.committed();
        first.process.resume();
        first.until_says("this instance has lost");
        // What it had read is committed by nobody but who reads it now.
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            let now = scene.committed();
            assert!(now.iter().zip(&before).all(|(now, before)| now >= before), "{before:?} {now:?}");
        }
        let now = scene.counts().len();
        scene.until(now + 200, &[&first, &second]);
        [first, second]
    });
    let [first, second] = &mut instances;
    let counts = scene.until(written, &[first, second]);
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), (0..written).collect::<Vec<_>>());
    first.stop();
    second.stop();
}
