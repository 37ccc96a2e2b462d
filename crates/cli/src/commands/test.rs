use crate::args::{Logging, Test};
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, color_of_answer};
use crate::testing::{Report, run};

/// `test`: what comes out of a pipeline's transforms, held against what its tests expect.
pub(super) fn test(args: &Test, logging: &Logging) -> Outcome {
    let suite = super::suite(&args.config.paths(), logging)?;
    if suite.tests.is_empty() {
        let message = "the pipeline has no tests; write some under `tests:`, see docs/testing.md";
        return Err(Stop::new(Exit::Config, message));
    }
    let wanted = |name: &str| args.names.is_empty() || args.names.iter().any(|word| name.contains(word));
    let tests: Vec<_> = suite.tests.iter().filter(|test| wanted(&test.name)).collect();
    if tests.is_empty() {
        let names: Vec<String> = suite.tests.iter().map(|test| format!("`{}`", test.name)).collect();
        let message =
            format!("no test has `{}` in its name; there are {}", args.names.join("` or `"), names.join(", "));
        return Err(Stop::new(Exit::Usage, message));
    }
    let mut report = Report::new(color_of_answer(logging.color));
    for test in tests {
        let faults = run(&suite, test)?;
        answer(&report.of(test, &faults))?;
    }
    answer(&report.summary())?;
    if report.all_passed() { Ok(()) } else { Err(Stop::said(Exit::Incomplete)) }
}
