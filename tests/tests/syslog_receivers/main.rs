//! The sink `cce_syslog` against real receivers: Debian's rsyslog and syslog-ng, which `tests/receivers/fetch` gets.
//!
//! Where a receiver is missing, its trials are reported as ignored, and a line on standard error says what to type;
//! with `JUMPCLOUD_ADR_RECEIVERS_REQUIRED` set they fail instead. `listeners` tests the receivers themselves, with
//! sockets of its own; the other modules test the sink.

mod breaks;
mod cuts;
mod failover;
mod farewell;
mod flow;
mod identity;
mod laws;
mod listeners;
mod matrix;
mod pipeline;
mod raw;
mod samples;
mod streams;

use std::process::ExitCode;

use adr_tests::receivers::Product;
use libtest_mimic::{Arguments, Trial};

/// A test by name, against a receiver or alone.
struct Case {
    name: String,
    product: Option<Product>,
    test: Box<dyn FnOnce() + Send>,
}

impl Case {
    fn new(name: impl Into<String>, product: Product, test: impl FnOnce() + Send + 'static) -> Self {
        Self { name: name.into(), product: Some(product), test: Box::new(test) }
    }

    fn alone(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Self {
        Self { name: name.into(), product: None, test: Box::new(test) }
    }

    fn trial(self, missing: bool) -> Trial {
        let test = self.test;
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(self.name, run).with_ignored_flag(missing)
    }
}

#[expect(clippy::print_stderr, reason = "a skipped group says what is missing")]
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a trial is waiting for a receiver.
    arguments.test_threads.get_or_insert(12);
    let missing = [Product::Rsyslog, Product::SyslogNg].map(|product| (product, product.program().err()));
    for (product, why) in missing.iter().filter_map(|(product, why)| Some((product, why.as_ref()?))) {
        eprintln!("SKIPPED: all trials against {product:?}: {why}");
    }
    let is_missing = |product| missing.iter().any(|(other, why)| Some(*other) == product && why.is_some());
    let cases = [
        listeners::cases(),
        matrix::cases(),
        breaks::cases(),
        cuts::cases(),
        identity::cases(),
        failover::cases(),
        farewell::cases(),
        pipeline::cases(),
    ];
    let trials = cases.into_iter().flatten().map(|case| {
        let missing = is_missing(case.product) && setting("JUMPCLOUD_ADR_RECEIVERS_REQUIRED").is_none();
        case.trial(missing)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Settings of the tests themselves: `SEED`, and `JUMPCLOUD_ADR_RECEIVERS_REQUIRED`.
#[expect(clippy::disallowed_methods, reason = "how a developer or CI asks for another kind of run")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
