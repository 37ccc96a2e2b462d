//! One file for each command.

mod check;
mod completion;
mod demo;
mod graph;
mod print_config;
mod progress;
mod run;
mod schema;
mod simulate;
mod source;
#[cfg(feature = "kafka")]
mod status;
mod transform;
mod validate;
#[cfg(feature = "kafka")]
mod verify;

use crate::args::{Cli, Command, Logging, SourceCommand, TransformCommand};
use crate::config::{Paths, Pipeline};
use crate::exit::{Exit, Outcome, Stop};
use crate::out::color;

/// Does what the command line says.
pub(crate) fn dispatch(cli: &Cli) -> Outcome {
    let logging = &cli.logging;
    match &cli.command {
        Command::Run(args) => run::run(args, logging),
        Command::Validate(args) => validate::validate(args, logging),
        Command::Check(args) => check::check(args, logging),
        #[cfg(feature = "kafka")]
        Command::Verify(args) => verify::verify(args, logging),
        #[cfg(feature = "kafka")]
        Command::Status(args) => status::status(args, logging),
        #[cfg(not(feature = "kafka"))]
        Command::Verify(_) | Command::Status(_) => Err(crate::components::kafka::absent().into()),
        Command::PrintConfig(args) => print_config::print_config(args, logging),
        Command::Graph(args) => graph::graph(args, logging),
        Command::Schema(args) => schema::schema(args),
        Command::Source(SourceCommand::Jumpcloud(args)) => source::jumpcloud(args),
        Command::Transform(TransformCommand::Adr(args)) => transform::adr(args),
        Command::Demo(args) => demo::demo(args, logging),
        Command::Simulate(args) => simulate::simulate(args, logging),
        Command::Completion(args) => completion::completion(args),
    }
}

/// Reads a pipeline, or says all that is wrong with it.
fn load(paths: &Paths, logging: &Logging) -> Result<Pipeline, Stop> {
    Pipeline::load(paths).map_err(|refused| Stop::new(Exit::Config, refused.render(color(logging.color))))
}
