//! The transform stage: runs a plan's transforms over a batch, on a bounded number of workers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::{Event, Failure, FailureKind, Output, Rejected, Reservation, Transform};
use tokio::sync::Semaphore;

use crate::counters::Counters;
use crate::topology::{Feed, Plan, TransformFactory, TransformNode};

/// Events mapped between two yields to the async runtime: under a millisecond of work.
const SLICE: usize = 256;

/// All transforms of a topology, and the workers that run them.
pub(crate) struct Mapper {
    nodes: Vec<Node>,
    stock: Mutex<Stock>,
    workers: Semaphore,
}

struct Node {
    name: Arc<str>,
    counters: Arc<Counters>,
}

/// Built transforms that no batch is using. An exchange starts a new generation; what was built before is not put back.
struct Stock {
    generation: u64,
    factories: Vec<TransformFactory>,
    idle: Vec<Set>,
}

/// One worker's transforms, built when first needed.
struct Set {
    generation: u64,
    transforms: Vec<Option<Box<dyn Transform>>>,
}

/// What a plan made of a batch.
#[derive(Default)]
pub(crate) struct Mapped {
    /// The events for each sink of the plan, in the plan's order.
    pub(crate) sinks: Vec<Arc<Vec<Event>>>,
    /// The events for the dead letter, by the name of the transform that rejected them.
    pub(crate) rejected: Vec<(Arc<str>, Vec<Rejected>)>,
}

impl Mapper {
    /// Takes over a topology's transforms. Builds each once, so that one that cannot be built fails at start.
    pub(crate) fn new(nodes: &[TransformNode], counters: &[Arc<Counters>], workers: usize) -> Result<Self, Failure> {
        for node in nodes {
            (node.factory)().map_err(|failure| failure.at(format!("transform {}", node.name)))?;
        }
        let stock = Stock { generation: 0, factories: nodes.iter().map(|n| n.factory.clone()).collect(), idle: vec![] };
        let nodes = nodes
            .iter()
            .zip(counters)
            .map(|(node, counters)| Node { name: node.name.clone(), counters: counters.clone() })
            .collect();
        Ok(Self { nodes, stock: Mutex::new(stock), workers: Semaphore::new(workers.max(1)) })
    }

    /// From the next batch on, the transform of that index is built by `factory`.
    pub(crate) fn exchange(&self, index: usize, factory: TransformFactory) -> Result<(), Failure> {
        factory()?;
        let mut stock = self.stock();
        stock.factories[index] = factory;
        stock.generation += 1;
        stock.idle.clear();
        Ok(())
    }

    /// Runs the plan over a page's events. `memory` is what the outputs may hold.
    pub(crate) async fn map(&self, plan: &Plan, page: Vec<Event>, mut memory: Reservation) -> Result<Mapped, Failure> {
        let mut mapped = Mapped::default();
        let mut made: Vec<Vec<Event>> = Vec::with_capacity(plan.steps.len());
        if !plan.steps.is_empty() && !page.is_empty() {
            let _worker = self.workers.acquire().await.expect("the semaphore is never closed");
            let mut set = self.take();
            for (index, feeds) in &plan.steps {
                let input = gather(feeds, &page, &made);
                let step = self.step(*index, &mut set, &input, &mut memory).await?;
                if !step.rejected.is_empty() {
                    mapped.rejected.push((self.nodes[*index].name.clone(), step.rejected));
                }
                made.push(step.events);
            }
            self.put_back(set);
        }
        // An empty page (progress only) needs no worker.
        made.resize_with(plan.steps.len(), Vec::new);
        mapped.sinks = deal(plan, page, made);
        Ok(mapped)
    }

    async fn step(
        &self,
        index: usize,
        set: &mut Set,
        input: &[Event],
        memory: &mut Reservation,
    ) -> Result<adr_core::Product, Failure> {
        let bytes: usize = input.iter().map(|event| event.body.len()).sum();
        let mut out = Output::with_capacity(bytes + bytes / 2, input.len());
        for events in input.chunks(SLICE) {
            self.slice(index, set, events, &mut out)?;
            tokio::task::yield_now().await;
        }
        let product = out.finish(memory.split(bytes + bytes / 2));
        let counters = &self.nodes[index].counters;
        Counters::add(&counters.received, input.len());
        Counters::add(&counters.received_bytes, bytes);
        Counters::add(&counters.sent, product.events.len());
        Counters::add(&counters.sent_bytes, product.events.iter().map(|event| event.body.len()).sum());
        Counters::add(&counters.rejected, product.rejected.len());
        counters.discarded.fetch_add(product.discarded, std::sync::atomic::Ordering::Relaxed);
        Ok(product)
    }

    /// A transform that panics is built anew and the slice is mapped again one by one: the event that makes it panic is
    /// rejected with its text, so that it cannot stop its lane for ever.
    fn slice(&self, index: usize, set: &mut Set, events: &[Event], out: &mut Output) -> Result<(), Failure> {
        if self.attempt(index, set, events, out)? {
            return Ok(());
        }
        for event in events {
            if !self.attempt(index, set, std::slice::from_ref(event), out)? {
                let name = &self.nodes[index].name;
                tracing::error!(component_id = %name, "transform panicked on an event; it goes to the dead letter");
                let _verdict = out.reject(event.clone(), format!("transform {name} panicked on it"));
            }
        }
        Ok(())
    }

    /// Maps events; false if the transform panicked, then the output is as before.
    fn attempt(&self, index: usize, set: &mut Set, events: &[Event], out: &mut Output) -> Result<bool, Failure> {
        let transform = match &mut set.transforms[index] {
            Some(transform) => transform,
            empty => empty.insert(self.build(index)?),
        };
        let mark = out.mark();
        let run = AssertUnwindSafe(|| {
            for event in events {
                let _verdict = transform.apply(event, out);
            }
        });
        if catch_unwind(run).is_ok() {
            return Ok(true);
        }
        out.rewind(mark);
        set.transforms[index] = None;
        Ok(false)
    }

    fn build(&self, index: usize) -> Result<Box<dyn Transform>, Failure> {
        let factory = self.stock().factories[index].clone();
        factory().map_err(|failure| failure.at(format!("transform {}", self.nodes[index].name)))
    }

    fn take(&self) -> Set {
        let mut stock = self.stock();
        stock.idle.pop().unwrap_or_else(|| Set {
            generation: stock.generation,
            transforms: self.nodes.iter().map(|_| None).collect(),
        })
    }

    fn put_back(&self, set: Set) {
        let mut stock = self.stock();
        if set.generation == stock.generation {
            stock.idle.push(set);
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index of a transform by name.
    pub(crate) fn find(&self, name: &str) -> Result<usize, Failure> {
        self.nodes.iter().position(|node| &*node.name == name).ok_or_else(|| {
            Failure::fatal(FailureKind::Config, format!("no transform is named {name} in the running pipeline"))
        })
    }
}

/// The events that flow in by `feeds`, in their order.
fn gather<'a>(feeds: &[Feed], page: &'a [Event], made: &'a [Vec<Event>]) -> std::borrow::Cow<'a, [Event]> {
    let one = |feed: &Feed| match *feed {
        Feed::Page => page,
        Feed::Step(step) => made[step].as_slice(),
    };
    match feeds {
        [feed] => one(feed).into(),
        feeds => feeds.iter().flat_map(|feed| one(feed).iter().cloned()).collect(),
    }
}

/// Gives each sink its events; lists that one sink alone takes are moved.
fn deal(plan: &Plan, page: Vec<Event>, made: Vec<Vec<Event>>) -> Vec<Arc<Vec<Event>>> {
    let page = Arc::new(page);
    let made: Vec<Arc<Vec<Event>>> = made.into_iter().map(Arc::new).collect();
    plan.sinks
        .iter()
        .map(|(_, feeds)| match feeds.as_slice() {
            [Feed::Page] => page.clone(),
            [Feed::Step(step)] => made[*step].clone(),
            feeds => {
                let list = |feed: &Feed| match *feed {
                    Feed::Page => &page,
                    Feed::Step(step) => &made[step],
                };
                Arc::new(feeds.iter().flat_map(|feed| list(feed).iter().cloned()).collect())
            }
        })
        .collect()
}
