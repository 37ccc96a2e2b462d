use std::collections::BTreeSet;

use crate::args::{Logging, Validate};
use crate::config::{Component, Paths, Suite, Template};
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, color, tell};

/// `validate`: all problems of all files.
pub(super) fn validate(args: &Validate, logging: &Logging) -> Outcome {
    let (mut refused, mut warned) = (0, 0);
    let files = args.files.iter().map(|file| (file, Paths::file(file)));
    let folders = args.config_dir.iter().map(|folder| {
        let folders = vec![folder.clone()];
        (folder, Paths { files: Vec::new(), folders })
    });
    for (path, paths) in files.chain(folders) {
        if args.template {
            match Template::load(&paths) {
                Ok(_) => answer(&format!("{}: ok (a template)\n", path.display()))?,
                Err(found) => {
                    tell(&format!("{}\n", found.render(color(logging.color))));
                    refused += 1;
                }
            }
            continue;
        }
        match super::suite(&paths, logging) {
            Ok(Suite { pipeline, tests, .. }) => {
                let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
                let transforms: BTreeSet<&str> = pipeline.transforms.iter().map(Component::written).collect();
                let mut parts = vec![
                    count(pipeline.sources.len(), "source"),
                    count(transforms.len(), "transform"),
                    count(pipeline.sinks.len(), "sink"),
                ];
                if !tests.is_empty() {
                    parts.push(count(tests.len(), "test"));
                }
                let warnings = pipeline.warnings.in_lines().count();
                if warnings > 0 {
                    tell(&format!("{}\n", pipeline.warnings.render(color(logging.color))));
                    warned += warnings;
                }
                answer(&format!("{}: ok ({})\n", path.display(), parts.join(", ")))?;
            }
            Err(stop) => {
                tell(&format!("{}\n", stop.message));
                refused += 1;
            }
        }
    }
    if refused > 0 || (args.deny_warnings && warned > 0) { Err(Stop::said(Exit::Config)) } else { Ok(()) }
}
