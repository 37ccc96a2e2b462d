use crate::args::{Logging, Validate};
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, color, tell};

/// `validate`: all problems of all files.
pub(super) fn validate(args: &Validate, logging: &Logging) -> Outcome {
    let (mut refused, mut warned) = (0, 0);
    for file in &args.files {
        match super::load(file, logging) {
            Ok(pipeline) => {
                let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
                let parts = [
                    count(pipeline.sources.len(), "source"),
                    count(pipeline.transforms.len(), "transform"),
                    count(pipeline.sinks.len(), "sink"),
                ];
                let warnings = pipeline.warnings.in_lines().count();
                if warnings > 0 {
                    tell(&format!("{}\n", pipeline.warnings.render(color(logging.color))));
                    warned += warnings;
                }
                answer(&format!("{}: ok ({})\n", file.display(), parts.join(", ")))?;
            }
            Err(stop) => {
                tell(&format!("{}\n", stop.message));
                refused += 1;
            }
        }
    }
    if refused > 0 || (args.deny_warnings && warned > 0) { Err(Stop::said(Exit::Config)) } else { Ok(()) }
}
