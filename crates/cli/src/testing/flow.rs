//! Events on their way through the transforms of a pipeline, as in a graph: each transform gets all that flows into it, in
//! the order of its `inputs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use adr_core::{Budget, Event, Failure, Output, Product, Rejected, SecretRef, SecretString, Secrets};
use adr_runtime::{Input, TransformFactory};

use super::Inserted;
use crate::clock::SystemClock;
use crate::components::{Clients, Surround, process_requests, transform};
use crate::config::Suite;

/// The one life of each test.
const LIFE: u64 = 1;

/// What came out of the transforms and what they rejected, by the transform's index.
pub(super) struct Flowed {
    pub(super) made: Vec<Vec<Event>>,
    pub(super) rejected: Vec<Vec<Rejected>>,
}

/// Lets events flow. Every test has transforms of its own: what one remembers, another does not know.
pub(super) fn flow(suite: &Suite, inputs: &[Inserted]) -> Result<Flowed, Failure> {
    let transforms = &suite.pipeline.transforms;
    let surround = Surround {
        clock: Arc::new(SystemClock),
        secrets: Arc::new(StandIn),
        stdout: None,
        pipe_trail: suite.pipeline.settings.pipe_trail.0,
        requests: process_requests(),
        clients: Clients::default(),
        once: true,
    };
    let mut flowed = Flowed { made: Vec::new(), rejected: Vec::new() };
    for (at, component) in transforms.iter().enumerate() {
        let inserted = inputs.iter().filter(|input| input.at.contains(&at)).flat_map(|input| &input.events);
        let before = component.inputs.iter().filter_map(|input| match *input {
            Input::Transform(before) => Some(&flowed.made[before]),
            Input::Source(_) => None,
        });
        let events: Vec<Event> = inserted.chain(before.flatten()).cloned().collect();
        let mut product = Product::default();
        if !events.is_empty() {
            let at = |failure: Failure| failure.at(format!("transform {}", component.id));
            product = map(&transform(component, &surround).map_err(at)?, &events).map_err(at)?;
        }
        // A node that only a test looks at rejects nothing: in the graph it is not there.
        let rejected = if at < suite.graph { product.rejected } else { Vec::new() };
        flowed.made.push(product.events);
        flowed.rejected.push(rejected);
    }
    Ok(flowed)
}

/// Maps events one by one; one that makes the transform panic is rejected, as in a graph.
fn map(factory: &TransformFactory, events: &[Event]) -> Result<Product, Failure> {
    let mut transform = factory()?;
    let mut out = Output::default();
    for event in events {
        let mark = out.mark();
        let run = AssertUnwindSafe(|| {
            transform.enter(LIFE);
            let _verdict = transform.apply(event, &mut out);
        });
        if catch_unwind(run).is_err() {
            transform = factory()?;
            out.rewind(mark);
            let _verdict = out.reject(event.clone(), "the transform panicked on it: this is a bug");
        }
    }
    Ok(out.finish(Budget::new(0).nothing()))
}

/// Stands for every secret, so that a test needs none and gives the same everywhere.
struct StandIn;

impl Secrets for StandIn {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok(SecretString::from("what stands for every secret in tests"))
    }
}
