//! The transform stage: panics, dead letters, exchange, and graphs that are refused.

mod support;

use std::sync::{Arc, Mutex};

use adr_core::{BoxFuture, Event, Failure, LaneId, Output, OwnedLane, TransactionalSink, Transform, Verdict};
use adr_runtime::{Input, SinkKind, SinkNode, TransformFactory};
use support::{Bench, Gate, three_pages};

struct Fussy(&'static str);

impl Transform for Fussy {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        match event.body.as_ref() {
            b"b" => panic!("as told"),
            b"c" => out.reject(event.clone(), "do not like it"),
            b"d" if self.0 == "discards" => out.discard(),
            _ => out.forward(event.clone()),
        }
    }
}

fn fussy(how: &'static str) -> TransformFactory {
    Arc::new(move || Ok(Box::new(Fussy(how)) as Box<dyn Transform>))
}

#[tokio::test(start_paused = true)]
async fn an_event_that_makes_a_transform_panic_goes_to_the_dead_letter_alone() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let lanes = vec![bench.lane("t", three_pages(), true)];
    let report = bench.start(bench.topology(lanes, vec![fussy("discards")], vec![("sink", &gate)])).finish().await;
    assert_eq!(gate.written(), ["a"]);
    assert_eq!(bench.position("t"), 3);
    let dead = bench.dead_letter.0.lock().unwrap().clone();
    let texts: Vec<_> = dead.iter().map(|(component, text, _)| (component.as_str(), text.as_str())).collect();
    assert_eq!(texts, [("transform0", "b"), ("transform0", "c")]);
    let counts = report.counts["transform0"];
    assert_eq!((counts.received, counts.sent, counts.rejected, counts.discarded), (4, 1, 2, 1));
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(*bench.opened.lock().unwrap(), 1, "the lane does not stumble over it again and again");
}

#[tokio::test(start_paused = true)]
async fn a_transform_is_exchanged_between_two_batches() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let mut script = three_pages();
    script.insert(2, support::Step::Wait(std::time::Duration::from_secs(10)));
    let topology = bench.topology(vec![bench.lane("t", script, true)], vec![fussy("discards")], vec![("sink", &gate)]);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    let mut next = bench.kept(1, &["sink"]);
    next.transforms[0].factory = Some(fussy("keeps"));
    handle.change(next).await.unwrap();
    finish.await.unwrap();
    assert_eq!(gate.written(), ["a", "d"]);
}

/// Notes the life that each event belongs to.
struct Noting {
    life: Option<u64>,
    noted: Arc<Mutex<Vec<(String, u64)>>>,
}

impl Transform for Noting {
    fn enter(&mut self, life: u64) {
        self.life = Some(life);
    }

    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let text = String::from_utf8_lossy(&event.body).into_owned();
        let life = self.life.expect("it is told before the first event");
        self.noted.lock().expect("nobody panics while noting").push((text, life));
        if &*event.body == b"b" {
            panic!("as told");
        }
        out.forward(event.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn a_transform_is_told_of_each_life_of_a_lane() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let noted: Arc<Mutex<Vec<(String, u64)>>> = Arc::default();
    let factory: TransformFactory = {
        let noted = noted.clone();
        Arc::new(move || Ok(Box::new(Noting { life: None, noted: noted.clone() }) as Box<dyn Transform>))
    };
    let mut script = three_pages();
    script.insert(1, support::Step::Wait(std::time::Duration::from_secs(10)));
    let lanes = vec![bench.lane("t", script, true)];
    let running = bench.start(bench.topology(lanes, vec![factory], vec![("sink", &gate)]));
    // The first page is delivered, and committed while there is nothing to do; the second ends the life.
    gate.until(1).await;
    *gate.panics.lock().unwrap() = true;
    running.finish().await;
    assert_eq!(gate.written(), ["a", "c", "d"]);
    assert_eq!(*bench.opened.lock().unwrap(), 2);

    let noted = noted.lock().unwrap();
    let (first, second) = (noted[0].1, noted[noted.len() - 1].1);
    assert_ne!(first, second, "a life has a number of its own");
    let texts = |life: u64| noted.iter().filter(|note| note.1 == life).map(|note| note.0.as_str()).collect::<Vec<_>>();
    let texts_of_first = texts(first);
    assert!(
        texts_of_first.starts_with(&["a", "b", "a", "b", "c"]),
        "all its pages, and what is mapped again: {noted:?}"
    );
    assert_eq!(texts(second), ["c", "d"]);
    assert_eq!(texts_of_first.len() + 2, noted.len(), "there is no third number: {noted:?}");
}

struct NeverOpened;

impl TransactionalSink for NeverOpened {
    fn open<'a>(&'a self, _lane: &'a LaneId) -> BoxFuture<'a, Result<OwnedLane, Failure>> {
        unreachable!("the topology is refused before")
    }
}

#[tokio::test]
async fn graphs_that_cannot_work_are_refused_before_anything_starts() {
    let bench = Bench::new();
    let refused = |change: &dyn Fn(&mut adr_runtime::Topology)| {
        let gate = Gate::open();
        let lanes = vec![bench.lane("t", three_pages(), true)];
        let mut topology = bench.topology(lanes, vec![fussy("keeps")], vec![("sink", &gate)]);
        change(&mut topology);
        bench.try_start(topology).err().map(|failure| failure.message).unwrap()
    };
    let message = refused(&|topology| topology.sinks.clear());
    assert!(message.contains("source source reaches no sink"), "{message}");
    let message = refused(&|topology| topology.transforms[0].inputs = vec![Input::Transform(0)]);
    assert!(message.contains("transform0"), "{message}");
    let message = refused(&|topology| topology.sinks[0].inputs = vec![Input::Source(7)]);
    assert!(message.contains("component sink"), "{message}");
    let message = refused(&|topology| {
        for name in ["one", "two"] {
            let kind = Some(SinkKind::Transactional(Arc::new(NeverOpened)));
            topology.sinks.push(SinkNode {
                name: name.into(),
                inputs: vec![Input::Source(0)],
                kind,
                buffer: None,
                caveats: Vec::new(),
            });
        }
    });
    assert!(message.contains("two transactional sinks"), "{message}");
}
