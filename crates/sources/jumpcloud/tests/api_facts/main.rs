//! Each observed or unknown fact about the API that bears on a request, a response or an event, as a test of its
//! own. "Unknown" facts are tested both ways.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

#[path = "../support/mod.rs"]
mod support;

mod events;
mod pages;
mod refusals;
mod request;
mod tokens;

use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry};
use adr_source_jumpcloud::{Request, TransportError};
use support::driver::{Driver, Pulled};
use support::script::{Script, event, page, response};
use support::{DAY, KEY, ManualClock};

const C1: &str = r#"[1576181718000, "DZrPyW8BNsa9iKWoOm7h"]"#;
const C2: &str = r#"["1576181719000","EZrPyW8BNsa9iKWoOm7h"]"#;
/// One window from a day ago, no overlap: the plainest reading there is.
const PLAIN: &str = "start: -1d\noverlap: 0s";

type Answer = Result<adr_source_jumpcloud::Response, TransportError>;

/// A lane whose start is saved already, so that its next pull is a request.
fn driver(extra: &str, answers: Vec<Answer>) -> (Driver, std::sync::Arc<Script>) {
    let clock = ManualClock::new(DAY);
    let script = Script::new(answers);
    let lane = support::lane(&support::settings(extra), &support::surroundings(clock.clone(), script.clone()));
    let mut driver = Driver::new(lane, clock);
    assert!(matches!(driver.pull(), Ok(Pulled::Page(0))), "the start is saved before anything is asked");
    driver.commit_all();
    (driver, script)
}

fn refused(status: u16, headers: &[(&str, &str)], body: &str) -> Failure {
    let (mut driver, _) = driver(PLAIN, vec![Ok(response(status, headers, body))]);
    match driver.pull() {
        Err(failure) => failure,
        Ok(_) => panic!("{status} is a failure"),
    }
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.get(name).map(|value| value.to_str().unwrap())
}

fn ids(driver: &Driver) -> Vec<&str> {
    driver.committed.iter().map(|event| &*event.meta.id).collect()
}

fn many(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|at| event(&format!("{at:024x}"), DAY - 3_600_000 + at as i64)).collect()
}

const SLOW: Retry = Retry::After(Duration::from_secs(300));
