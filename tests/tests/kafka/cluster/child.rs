//! Instances that are processes, so that they can be stopped and killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Tied};

use super::division::{start, told_right};
use super::instance::Instance;
use super::ledger::{Ledger, Word, all_shards};
use super::place::Place;
use crate::{Case, setting};

const CHILD: &str = "JUMPCLOUD_ADR_KAFKA_INSTANCE";
const NAME: &str = "cluster: the instance that is killed";
const SAYS: &str = "instance says ";

/// What a child process of a trial runs.
pub(super) fn case() -> Vec<Case> {
    if setting(CHILD).is_some() { Case::alone(NAME, child) } else { Vec::new() }
}

fn child() {
    let what = setting(CHILD).expect("it is a child");
    let what: Vec<&str> = what.split(' ').collect();
    let place = Place { bootstrap: what[0].into(), events: what[1].into(), session: what[2].into() };
    let say = |word: Word, shard: u32| {
        let mut out = std::io::stdout().lock();
        // The parent may be gone.
        let _ = writeln!(out, "\n{SAYS}{word:?} {shard}").and_then(|()| out.flush());
    };
    let _instance = Instance::start(&place, "child", Duration::ZERO, Arc::new(say));
    loop {
        std::thread::park();
    }
}

fn spawn(place: &Place, ledger: &Ledger) -> Tied {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args([NAME, "--nocapture"]).env(CHILD, format!("{} {} {}", place.bootstrap, place.events, place.session));
    command.stdout(writer).stdin(Stdio::null());
    let child = Tied::start(&mut command, None);
    let ledger = ledger.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            let Some((word, shard)) = line.strip_prefix(SAYS).and_then(|said| said.split_once(' ')) else { continue };
            let word = Word::ALL.into_iter().find(|known| format!("{known:?}") == word).expect("a word");
            ledger.say("child", word, shard.parse().expect("a shard"));
        }
    });
    child
}

pub(super) fn frozen(broker: &Broker) {
    let place = Place::whole(broker, "6s");
    let ledger = Ledger::default();
    let ours = start(&place, "a", &ledger);
    ledger.shares(&[("a", 6)]);
    let child = spawn(&place, &ledger);
    ledger.shares(&[("a", 3), ("child", 3)]);
    told_right(&place, &ledger, &["a", "child"]);

    // It stands still with all that it has, and does not know it.
    ledger.freeze("child");
    let had = ledger.state().of("child");
    let stops = ledger.state().stops("child");
    child.pause();
    let start = Instant::now();
    ledger.shares(&[("a", 6)]);
    eprint_moved("stopped", start);
    assert_eq!(ledger.state().of("child"), had, "it has heard nothing");
    assert_eq!(super::division::owners(&place.status()), [("a".to_owned(), all_shards())].into());

    // It learns that it has lost what it had, and gets a fair part again.
    child.resume();
    ledger.until("it learns of its loss", |state| state.stops("child") >= stops + had.len());
    ledger.until("it has let go", |state| state.holds("child").is_disjoint(&state.holds("a")));
    ledger.thaw("child");
    ledger.shares(&[("a", 3), ("child", 3)]);
    told_right(&place, &ledger, &["a", "child"]);

    ledger.freeze("child");
    drop(child);
    let start = Instant::now();
    ledger.shares(&[("a", 6)]);
    eprint_moved("killed", start);
    ledger.bury("child");
    told_right(&place, &ledger, &["a"]);
    drop(ours);
}

#[expect(clippy::print_stderr, reason = "shown where a trial's output is")]
fn eprint_moved(what: &str, start: Instant) {
    eprintln!("the shards of an instance that was {what} moved within {:.1?}", start.elapsed());
}
