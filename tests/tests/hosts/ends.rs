//! The host stops, or is killed, in mid-stream.

use std::time::Duration;

use adr_tests::hosts::{Manners, Stream};
use adr_tests::process::Simulator;

use crate::Case;
use crate::guest::{As, Guest, by_id, ended_well};

const EVENTS: usize = 3000;
/// So slow that stops fall in mid-stream.
const SLOW: &str = "page_limit: 20\nrequest_budget: 1000/s";

fn simulator(seed: &str) -> Simulator {
    Simulator::start(&["--events", "3000", "--seed", seed, "--fault", "delay:by=30ms"])
}

pub(crate) fn cases() -> Vec<Case> {
    let both = |host: As| {
        [
            Case::new(&format!("stops and starts repeat and lose nothing, as {host:?}"), None, move || stops(host)),
            Case::new(&format!("a stop finds a full pipe, as {host:?}"), None, move || full_pipe(host)),
            Case::new(&format!("a host killed loses nothing older than the trail, as {host:?}"), None, move || {
                killed(host)
            }),
        ]
    };
    As::ALL.into_iter().flat_map(both).collect()
}

fn stops(host: As) {
    let simulator = simulator("21");
    let guest = Guest::new(host, &simulator, SLOW, "");
    let mut all = Vec::new();
    let mut lives = 0;
    while all.len() < EVENTS {
        let host = guest.start(host.manners());
        let part = (EVENTS - all.len()).min(400);
        host.record.until("a part of the events", |seen| seen.lines.len() >= part);
        let record = host.stop();
        ended_well(&record, 1);
        all.extend(record.events());
        lives += 1;
    }
    assert!(lives > 2, "it was stopped in mid-stream only {lives} times: this proves too little");
    assert_eq!(all.len(), EVENTS, "each once");
    assert_eq!(by_id(&all).len(), EVENTS);
}

/// All there is comes in one page and is read slowly, so that the last of it stands in the pipe when there is nothing more
/// to write. A host that reads no more after its child's end must have had it by then.
fn full_pipe(host: As) {
    let simulator = Simulator::start(&["--events", "1200", "--seed", "22"]);
    let guest = Guest::new(host, &simulator, "", "");
    let host = guest.start(Manners { pace: Duration::from_millis(1), ..host.manners() });
    host.record.until("the first event", |seen| !seen.lines.is_empty());
    let mut all = host.stop().events();
    let again = guest.start(As::Vector.manners());
    let missing = 1200 - all.len();
    again.record.until("the rest", |seen| seen.lines.len() >= missing);
    all.extend(again.stop().events());
    assert_eq!((all.len(), by_id(&all).len()), (1200, 1200), "each once");
}

fn killed(host: As) {
    // This host has on its disk what it read half a trail ago.
    let (trail, lag) = ("pipe_trail: 2s", Duration::from_secs(1));
    let simulator = simulator("23");
    let guest = Guest::new(host, &simulator, SLOW, trail);
    let (mut kept, mut lost) = (Vec::new(), 0);
    for life in 0..5 {
        let host = guest.start(host.manners());
        // Some are killed when nothing at all is durable yet.
        let part = [100, 1600, 200, 1700, 300][life];
        host.record.until("a part of the events", |seen| seen.lines.len() >= part);
        let record = host.vanish();
        record.look(|seen| {
            let gone = seen.gone.expect("it was killed");
            for line in seen.lines.iter().filter(|line| line.stream == Stream::Out) {
                if gone.duration_since(line.at) > lag {
                    kept.push(line.text.clone());
                } else {
                    lost += 1;
                }
            }
        });
    }
    assert!(lost > 400, "only {lost} events were lost with their host: this proves too little");
    // What it sends again comes first.
    let mut missing = EVENTS - by_id(&kept).len();
    while missing > 0 {
        let last = guest.start(host.manners());
        last.record.until("more of the rest", |seen| seen.lines.len() >= missing);
        kept.extend(last.stop().events());
        let left = EVENTS - by_id(&kept).len();
        assert!(left < missing, "{left} events do not come again");
        missing = left;
    }
}
