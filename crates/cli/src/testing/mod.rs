//! Runs the tests of a pipeline: events flow through its transforms, and what comes out is compared.
//!
//! ```text
//! config/unit_tests (what is written) --> flow (what happens) --> verdict (what differs) --> report (what a person reads)
//! ```

mod condition;
mod flow;
mod json;
mod report;
mod verdict;

use adr_core::{Event, Failure};

pub(crate) use condition::Condition;
pub(crate) use report::Report;

use crate::config::Suite;

/// A test whose names are joined to the pipeline's transforms.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// `FILE:LINE`
    pub(crate) spot: String,
    pub(crate) inputs: Vec<Inserted>,
    pub(crate) outputs: Vec<Expected>,
    pub(crate) rejected: Vec<Expected>,
}

/// Events, and the transforms that they flow into, by index.
#[derive(Debug)]
pub(crate) struct Inserted {
    pub(crate) at: Vec<usize>,
    pub(crate) events: Vec<Event>,
}

/// What is expected of a transform.
#[derive(Debug)]
pub(crate) struct Expected {
    /// Its name, as it is written.
    pub(crate) from: String,
    /// By index.
    pub(crate) of: Vec<usize>,
    /// `FILE:LINE`
    pub(crate) spot: String,
    /// The texts of all events.
    pub(crate) events: Option<Vec<String>>,
    /// The texts of what all events have in them.
    pub(crate) contains: Option<Vec<String>>,
    /// What holds for each event.
    pub(crate) conditions: Vec<Condition>,
    /// What the reason of each rejection has in it.
    pub(crate) reason: Option<String>,
}

impl Expected {
    /// Nothing yet.
    pub(crate) fn new(from: String, of: Vec<usize>, spot: String) -> Self {
        Self { from, of, spot, events: None, contains: None, conditions: Vec::new(), reason: None }
    }
}

/// One thing that is not as it should be.
#[derive(Debug)]
pub(crate) struct Fault {
    /// `FILE:LINE`
    spot: String,
    said: String,
    detail: Option<Detail>,
}

/// What a person compares.
#[derive(Debug)]
enum Detail {
    /// What was expected, and what came.
    Differs(String, String),
    Shown(String),
}

/// Runs a test.
pub(crate) fn run(suite: &Suite, test: &Test) -> Result<Vec<Fault>, Failure> {
    let flowed = flow::flow(suite, &test.inputs)?;
    Ok(verdict::faults(suite, test, &flowed))
}
