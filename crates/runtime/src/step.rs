//! A transform of the graph, and what was built of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::{Event, Failure, FailureKind, Output, Product, Reservation, Transform};

use crate::counters::{Counters, Stage};
use crate::topology::TransformFactory;

/// Events mapped between two yields to the async runtime: under a millisecond of work.
const SLICE: usize = 256;

/// A running transform: any number of lanes use it, each with a built one of its own.
pub(crate) struct Step {
    pub(crate) name: Arc<str>,
    counters: Arc<Counters>,
    stock: Mutex<Stock>,
}

/// Built transforms that no batch is using. An exchange starts a new generation; what was built before is not put back.
struct Stock {
    generation: u64,
    factory: TransformFactory,
    idle: Vec<Box<dyn Transform>>,
}

/// A built transform that maps a batch.
struct Taken {
    generation: u64,
    /// None after a panic, until it is needed again.
    transform: Option<Box<dyn Transform>>,
    /// Whose events it maps.
    life: u64,
}

/// Events that are being mapped: failed, where nobody says what became of them. So it is where their lane dies meanwhile.
struct Open<'a> {
    counters: &'a Counters,
    events: usize,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        Counters::add(&self.counters.failed, self.events);
    }
}

/// A way to build a transform, and the first one that was: what cannot be built fails before it is used.
pub(crate) struct Fresh {
    factory: TransformFactory,
    first: Box<dyn Transform>,
}

impl Fresh {
    pub(crate) fn new(name: &str, factory: TransformFactory) -> Result<Self, Failure> {
        let first = factory().map_err(|failure| failure.at(format!("transform {name}")))?;
        Ok(Self { factory, first })
    }
}

impl Step {
    pub(crate) fn new(name: Arc<str>, fresh: Fresh, counters: Arc<Counters>) -> Self {
        let stock = Stock { generation: 0, factory: fresh.factory, idle: vec![fresh.first] };
        Self { name, counters, stock: Mutex::new(stock) }
    }

    /// From the next batch on, this is what maps.
    pub(crate) fn exchange(&self, fresh: Fresh) {
        let mut stock = self.stock();
        stock.factory = fresh.factory;
        stock.generation += 1;
        stock.idle = vec![fresh.first];
    }

    /// Maps a batch of a lane's life.
    pub(crate) async fn map(&self, life: u64, input: &[Event], memory: &mut Reservation) -> Result<Product, Failure> {
        let mut taken = self.take(life);
        let bytes: usize = input.iter().map(|event| event.body.len()).sum();
        let mut open = Open { counters: &self.counters, events: input.len() };
        Counters::add(&self.counters.received, input.len());
        Counters::add(&self.counters.received_bytes, bytes);
        let mut out = Output::with_capacity(bytes + bytes / 2, input.len());
        let mut went_on = 0;
        for events in input.chunks(SLICE) {
            went_on += self.slice(&mut taken, events, &mut out)?;
            Counters::add(&self.counters.moves, 1);
            // A program of the user's may make much of little: nobody else gets what it holds meanwhile.
            if out.buffer.capacity() > memory.bytes() {
                memory.resize(out.buffer.capacity());
            }
            tokio::task::yield_now().await;
        }
        self.put_back(taken);
        let held = out.buffer.capacity();
        let product = out.finish(memory.split(held));
        open.events = 0;
        Counters::add(&self.counters.sent, went_on);
        Counters::add(&self.counters.sent_bytes, product.events.iter().map(|event| event.body.len()).sum());
        Counters::add(&self.counters.rejected, product.rejected.len());
        self.counters.discarded.fetch_add(product.discarded, Ordering::Release);
        Ok(product)
    }

    /// A transform that panics is built anew and the slice is mapped again one by one: the event that makes it panic is
    /// rejected with its text, so that it cannot stop its lane for ever. Says of how many of them something goes on.
    fn slice(&self, taken: &mut Taken, events: &[Event], out: &mut Output) -> Result<usize, Failure> {
        if let Some(went_on) = self.attempt(taken, events, out)? {
            return Ok(went_on);
        }
        let mut went_on = 0;
        for event in events {
            match self.attempt(taken, std::slice::from_ref(event), out)? {
                Some(went) => went_on += went,
                None => {
                    let name = &self.name;
                    self.counters.failure(Stage::Processing, FailureKind::Internal);
                    tracing::error!(component_id = %name, "transform panicked on an event; it goes to the dead letter");
                    let _verdict = out.reject(event.clone(), format!("transform {name} panicked on it"));
                }
            }
        }
        Ok(went_on)
    }

    /// Maps events, and says of how many something goes on; None if the transform panicked, then the output is as before.
    fn attempt(&self, taken: &mut Taken, events: &[Event], out: &mut Output) -> Result<Option<usize>, Failure> {
        let life = taken.life;
        let transform = match &mut taken.transform {
            Some(transform) => transform,
            empty => empty.insert(self.build()?),
        };
        let mark = out.mark();
        let run = AssertUnwindSafe(|| {
            transform.enter(life);
            let went_on = |event: &&Event| {
                let made = out.made();
                let _verdict = transform.apply(event, out);
                // Several may be made of one: it is counted once all the same.
                out.made() > made
            };
            events.iter().filter(went_on).count()
        });
        if let Ok(went_on) = catch_unwind(run) {
            return Ok(Some(went_on));
        }
        out.rewind(mark);
        taken.transform = None;
        Ok(None)
    }

    fn build(&self) -> Result<Box<dyn Transform>, Failure> {
        let factory = self.stock().factory.clone();
        factory().map_err(|failure| failure.at(format!("transform {}", self.name)))
    }

    fn take(&self, life: u64) -> Taken {
        let mut stock = self.stock();
        Taken { generation: stock.generation, transform: stock.idle.pop(), life }
    }

    fn put_back(&self, taken: Taken) {
        let mut stock = self.stock();
        if taken.generation == stock.generation {
            stock.idle.extend(taken.transform);
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
