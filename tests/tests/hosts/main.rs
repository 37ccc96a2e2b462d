//! The program as a guest: of a stand-in that treats its child as hosts do, and of the real hosts that are here.
//!
//! Vector and Fluent Bit are used when they are on the `PATH`; Telegraf and an OpenTelemetry Collector also when
//! `tests/hosts/fetch` has built them. The trials of a host that is missing are reported as ignored, and a line on standard
//! error says which hosts ran and what the others need; with `JUMPCLOUD_ADR_HOSTS_REQUIRED` naming programs
//! (`telegraf,otelcol`) theirs fail instead.

mod ends;
mod guest;
mod lines;
mod real;
mod refused;

use std::process::ExitCode;

use adr_tests::hosts::{Program, found};
use libtest_mimic::{Arguments, Trial};

/// A trial by name, in a real host or in the stand-in.
struct Case {
    name: String,
    host: Option<Program>,
    test: Box<dyn FnOnce() + Send>,
}

impl Case {
    fn new(name: &str, host: Option<Program>, test: impl FnOnce() + Send + 'static) -> Self {
        let by = host.map_or("a stand-in", |host| host.names()[0]);
        Self { name: format!("{name} by {by}"), host, test: Box::new(test) }
    }
}

#[expect(clippy::print_stderr, reason = "says which real hosts ran")]
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a trial is waiting.
    arguments.test_threads.get_or_insert(4);
    let required = required();
    let missing = |host: Program| found(host).is_err() && !host.names().iter().any(|name| required.contains(*name));
    let cases = [ends::cases(), lines::cases(), refused::cases(), real::cases()];
    for host in Program::ALL {
        match found(host) {
            Ok(path) => eprintln!("HOST: {} runs", path.display()),
            Err(why) => eprintln!("SKIPPED: all trials in {}: {why}", host.names()[0]),
        }
    }
    let trials = cases.into_iter().flatten().map(|Case { name, host, test }| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(host.is_some_and(missing))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

#[expect(clippy::disallowed_methods, reason = "how CI asks for hosts that must be there")]
fn required() -> String {
    std::env::var("JUMPCLOUD_ADR_HOSTS_REQUIRED").unwrap_or_default()
}
