use clap::CommandFactory;

use crate::args::{Cli, Completion};
use crate::exit::Outcome;
use crate::out::answer;

/// `completion`: a script for the shell.
pub(super) fn completion(args: &Completion) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jumpcloud-adr", &mut script);
    answer(&String::from_utf8_lossy(&script))
}
