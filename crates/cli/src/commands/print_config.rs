use crate::args::{Logging, PrintConfig};
use crate::config::effective;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, color};

/// `print-config`: what the program reads, checked.
pub(super) fn print_config(args: &PrintConfig, logging: &Logging) -> Outcome {
    let text =
        effective(&args.config.paths()).map_err(|found| Stop::new(Exit::Config, found.render(color(logging.color))))?;
    answer(&text)
}
