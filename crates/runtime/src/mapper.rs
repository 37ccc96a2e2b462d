//! The transform stage: runs a plan's transforms over a batch, on a bounded number of workers.

use std::sync::Arc;

use adr_core::{Event, Failure, Rejected, Reservation};
use tokio::sync::Semaphore;

use crate::plan::Plan;
use crate::tap::Taps;
use crate::topology::Feed;

/// The workers.
pub(crate) struct Mapper {
    workers: Semaphore,
    taps: Arc<Taps>,
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
    pub(crate) fn new(workers: usize, taps: Arc<Taps>) -> Self {
        Self { workers: Semaphore::new(workers.max(1)), taps }
    }

    /// Runs the plan over a page's events of this life. `memory` is what the outputs may hold.
    pub(crate) async fn map(
        &self,
        plan: &Plan,
        life: u64,
        page: Vec<Event>,
        mut memory: Reservation,
    ) -> Result<Mapped, Failure> {
        let mut mapped = Mapped::default();
        let mut made: Vec<Vec<Event>> = Vec::with_capacity(plan.steps.len());
        // An empty page (progress only) needs no worker.
        if !plan.steps.is_empty() && !page.is_empty() {
            let _worker = self.workers.acquire().await.expect("the semaphore is never closed");
            for (step, feeds) in &plan.steps {
                let input = gather(feeds, &page, &made);
                let product = step.map(life, &input, &mut memory).await?;
                if !product.rejected.is_empty() {
                    mapped.rejected.push((step.name.clone(), product.rejected));
                }
                self.taps.show(&step.name, &product.events);
                made.push(product.events);
            }
        }
        made.resize_with(plan.steps.len(), Vec::new);
        mapped.sinks = deal(plan, page, made);
        Ok(mapped)
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
