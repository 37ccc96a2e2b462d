//! The sink and the source `kafka` against real Apache Kafka brokers, whose jars `tests/kafka/fetch` gets.
//!
//! Where Java or the jars are missing, the trials are reported as ignored, and a line on standard error says what to
//! type; with `JUMPCLOUD_ADR_KAFKA_REQUIRED` set they fail instead. With `KAFKA_BOOTSTRAP` the trials that need no more
//! than a plaintext broker that runs use that one. `broker` tests the test broker itself; `proofs` is the whole program
//! under kills.

mod broker;
mod cluster;
mod pipeline;
mod produce;
mod proofs;
mod security;
mod source;
mod transactions;

use std::process::ExitCode;
use std::sync::{PoisonError, RwLock};

use adr_tests::kafka::{Broker, Version, given, shared, stop_shared};
use libtest_mimic::{Arguments, Trial};

/// A test by name, against a version of Kafka or alone.
struct Case {
    name: String,
    needs: Needs,
    test: Box<dyn FnOnce() + Send>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// No broker.
    Nothing,
    /// The shared broker of this version, or the user's.
    Shared(Version),
    /// A broker of its own.
    Own(Version),
    /// The same, and that no other trial runs meanwhile: it measures time.
    Machine(Version),
}

impl Case {
    /// Against the broker that is shared, of each version: it must be left as it is. Topics are best named by
    /// [`adr_tests::kafka::unique`].
    fn shared(name: &str, test: fn(&Broker)) -> Vec<Self> {
        let case = |version| Self::new(name, Needs::Shared(version), move || test(&shared(version)));
        // The user's broker has one version.
        if given().is_some() { vec![case(Version::V4)] } else { Version::ALL.map(case).into() }
    }

    /// With a broker of its own, of each version.
    fn own(name: &str, test: fn(Version)) -> Vec<Self> {
        Version::ALL.map(|version| Self::new(name, Needs::Own(version), move || test(version))).into()
    }

    /// With a broker of its own, of each version, and while nothing else runs.
    fn machine(name: &str, test: fn(Version)) -> Vec<Self> {
        Version::ALL.map(|version| Self::new(name, Needs::Machine(version), move || test(version))).into()
    }

    /// Without a broker.
    fn alone(name: &str, test: fn()) -> Vec<Self> {
        vec![Self { name: name.to_owned(), needs: Needs::Nothing, test: Box::new(test) }]
    }

    fn new(name: &str, needs: Needs, test: impl FnOnce() + Send + 'static) -> Self {
        let against = match needs {
            Needs::Nothing => String::new(),
            Needs::Shared(_) if given().is_some() => " against the given broker".into(),
            Needs::Shared(version) | Needs::Own(version) | Needs::Machine(version) => {
                format!(" against kafka {}", version.name())
            }
        };
        Self { name: format!("{name}{against}"), needs, test: Box::new(test) }
    }

    fn trial(self, missing: bool) -> Trial {
        static MACHINE: RwLock<()> = RwLock::new(());
        let Self { name, needs, test } = self;
        let run = move || {
            // A trial that panicked has poisoned it, which says nothing about the others.
            if let Needs::Machine(_) = needs {
                let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
                test();
            } else {
                let _among_others = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
                test();
            }
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(missing)
    }
}

#[expect(clippy::print_stderr, reason = "a skipped group says what is missing")]
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A broker takes a core for seconds to start; most of a trial is waiting.
    arguments.test_threads.get_or_insert(4);
    let missing = Version::ALL.map(|version| (version, version.libs().err()));
    let is_missing = |version| missing.iter().any(|(other, why)| *other == version && why.is_some());
    for (version, why) in missing.iter().filter_map(|(version, why)| Some((version, why.as_ref()?))) {
        eprintln!("SKIPPED: all trials that start Kafka {}: {why}", version.name());
    }
    let required = setting("JUMPCLOUD_ADR_KAFKA_REQUIRED").is_some();
    let cases = [
        broker::cases(),
        produce::cases(),
        security::cases(),
        transactions::cases(),
        cluster::cases(),
        source::cases(),
        pipeline::cases(),
        // Last, as they want the machine for themselves.
        proofs::cases(),
    ];
    let trials = cases.into_iter().flatten().map(|case| {
        let missing = match case.needs {
            Needs::Nothing => false,
            Needs::Shared(version) => given().is_none() && is_missing(version),
            Needs::Own(version) | Needs::Machine(version) => is_missing(version),
        };
        case.trial(missing && !required)
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    stop_shared();
    conclusion.exit_code()
}

/// Settings of the tests themselves: `SEED`, `JUMPCLOUD_ADR_KAFKA_REQUIRED` and `JUMPCLOUD_ADR_PROOF_SECS`.
#[expect(clippy::disallowed_methods, reason = "how a developer or CI asks for another kind of run")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
