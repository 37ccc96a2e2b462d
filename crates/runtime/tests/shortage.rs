//! Memory that lanes hold for a sink that takes nothing, while lanes of other sinks wait for some.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use adr_core::*;
use support::{Bench, Gate, event};
use tokio::time::timeout;

/// Half of what the bench's memory is, and a little.
const LARGE: usize = 600 << 10;

/// A lane of large pages, which are held until the last slice of them is dropped.
struct Large {
    id: LaneId,
    pages: u8,
}

struct Reader {
    tenant: Arc<str>,
    at: u8,
    pages: u8,
}

impl Lane for Large {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        let at = records.first().map_or(0, |(_, value)| value[0]);
        Ok(Box::new(Reader { tenant: self.id.tenant.clone(), at, pages: self.pages }))
    }
}

impl Source for Reader {
    fn demand(&self) -> usize {
        LARGE
    }

    fn reach(&self) -> Reach {
        Reach { read_until: Some(Timestamp::from_secs(self.at.into())), answered: None }
    }

    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            if self.at == self.pages {
                return Ok(Pull::Wait(Duration::from_secs(3600)));
            }
            self.at += 1;
            let text = format!("{}{}", self.tenant, self.at);
            let mut body = vec![b' '; LARGE];
            body[..text.len()].copy_from_slice(text.as_bytes());
            let body = memory.hold(body);
            let event = Event { body, ..event(&self.tenant, &text) };
            let mut checkpoint = Checkpoint::default();
            checkpoint.set(&b"at"[..], vec![self.at]);
            let tally = Tally { received: 1, duplicates: 0, bytes: LARGE as u64 };
            Ok(Pull::Page(Page { events: vec![event], checkpoint, tally }))
        })
    }
}

fn lane(tenant: &str, pages: u8) -> Arc<dyn Lane> {
    Arc::new(Large { id: LaneId::new("source", tenant), pages })
}

/// Each of these sinks is for these tenants alone.
fn only(own: &[(&str, &[&str])]) -> Option<adr_runtime::Only> {
    let of = |tenants: &[&str]| -> BTreeSet<Arc<str>> { tenants.iter().map(|tenant| Arc::from(*tenant)).collect() };
    Some(own.iter().map(|(name, tenants)| (Arc::from(*name), of(tenants))).collect())
}

fn texts(gate: &Gate) -> Vec<String> {
    gate.written().iter().map(|text| text.trim_end().to_owned()).collect()
}

/// Scenario: the CCE of one lane is dead, and what that lane has read takes all the memory there is; another lane's CCE is well.
/// Later the dead one works again.
/// Guarantees: the other lane has all its events delivered soon; the one whose CCE was dead loses nothing.
#[tokio::test(start_paused = true)]
async fn a_dead_sink_does_not_keep_the_memory_that_others_need() {
    let (bench, dead, well) = (Bench::new(), Gate::open(), Gate::open());
    let unreachable = Failure::new(FailureKind::Unreachable, "nobody listens there");
    dead.failures.lock().unwrap().extend(vec![Some(unreachable); 10_000]);
    let mut topology = bench.topology(vec![lane("a", 3), lane("b", 3)], vec![], vec![("dead", &dead), ("well", &well)]);
    topology.only = only(&[("dead", &["a"]), ("well", &["b"])]);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    timeout(Duration::from_secs(120), well.until(3)).await.expect("it has its turn");
    assert_eq!(texts(&well), ["b1", "b2", "b3"]);

    dead.failures.lock().unwrap().clear();
    let all = async {
        while bench.position("a") < 3 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    timeout(Duration::from_secs(300), all).await.expect("it is delivered once its sink works");
    assert_eq!(bench.position("b"), 3);
    handle.stop();
    let report = finish.await.unwrap();
    assert_eq!(report.counts.values().map(|counts| counts.excess()).sum::<u64>(), 0, "{report:?}");
}

/// Scenario: a dead sink, and nobody else who needs memory.
/// Guarantees: what was read is kept, and nothing is read a second time.
#[tokio::test(start_paused = true)]
async fn what_nobody_else_needs_is_kept() {
    let (bench, dead) = (Bench::new(), Gate::open());
    let unreachable = Failure::new(FailureKind::Unreachable, "nobody listens there");
    dead.failures.lock().unwrap().extend(vec![Some(unreachable); 10_000]);
    let running = bench.start(bench.topology(vec![lane("a", 3)], vec![], vec![("dead", &dead)]));
    let handle = running.handle();
    let _finish = tokio::spawn(running.finish());
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(handle.counts()["source"].received, 1, "the first page, and no room for another");
}
