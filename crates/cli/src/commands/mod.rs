//! One file for each command.

mod check;
#[cfg(feature = "kafka")]
mod cluster;
mod completion;
mod demo;
mod device;
mod generate;
mod graph;
mod print_config;
mod progress;
mod run;
mod schema;
mod serve;
mod simulate;
mod source;
mod status;
mod tap;
mod test;
mod top;
mod transform;
mod user;
mod validate;
#[cfg(feature = "kafka")]
mod verify;

use crate::args::{Cli, Command, Devices, Logging};
use crate::config::{Paths, Pipeline, Suite};
use crate::devices::Site;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::color;

/// Does what the command line says.
pub(crate) fn dispatch(cli: &Cli) -> Outcome {
    let logging = &cli.logging;
    match &cli.command {
        Command::Run(args) => run::run(args, logging),
        Command::Serve(args) => serve::serve(args, logging),
        Command::Device(args) => device::device(args),
        Command::User(args) => user::user(args),
        Command::Validate(args) => validate::validate(args, logging),
        Command::Test(args) => test::test(args, logging),
        Command::Check(args) => check::check(args, logging),
        #[cfg(feature = "kafka")]
        Command::Verify(args) => verify::verify(args, logging),
        #[cfg(feature = "kafka")]
        Command::Cluster(args) => cluster::cluster(args, logging),
        #[cfg(not(feature = "kafka"))]
        Command::Verify(_) | Command::Cluster(_) => Err(crate::components::kafka::absent().into()),
        Command::PrintConfig(args) => print_config::print_config(args, logging),
        Command::Graph(args) => graph::graph(args, logging),
        Command::Status(args) => status::status(args, logging),
        Command::Tap(args) => tap::tap(args, logging),
        Command::Top(args) => top::top(args, logging),
        Command::Generate(args) => generate::generate(args, logging),
        Command::Schema(args) => schema::schema(args),
        Command::Source(args) => source::source(args, logging),
        Command::Transform(args) => transform::transform(args, logging),
        Command::Demo(args) => demo::demo(args, logging),
        Command::Simulate(args) => simulate::simulate(args, logging),
        Command::Completion(args) => completion::completion(args),
    }
}

/// Waits for an answer from elsewhere.
fn on_one_thread<T>(future: impl Future<Output = T>) -> Result<T, Stop> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let tokio = tokio.map_err(|error| Stop::new(Exit::Temporary, format!("cannot start: {error}")))?;
    Ok(tokio.block_on(future))
}

/// The folder of devices that a command means.
fn site(devices: &Devices) -> Result<Site, Stop> {
    Site::open(&devices.devices, devices.template.clone(), devices.seal.as_ref())
}

/// Reads a pipeline, or says all that is wrong with it.
fn load(paths: &Paths, logging: &Logging) -> Result<Pipeline, Stop> {
    Pipeline::load(paths).map_err(|refused| Stop::new(Exit::Config, refused.render(color(logging.color))))
}

/// Reads a pipeline with its tests, or says all that is wrong with both.
fn suite(paths: &Paths, logging: &Logging) -> Result<Suite, Stop> {
    Suite::load(paths).map_err(|refused| Stop::new(Exit::Config, refused.render(color(logging.color))))
}
