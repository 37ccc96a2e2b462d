use std::sync::Arc;

use adr_runtime::Input;

use crate::args::JumpcloudArgs;
use crate::components::{Sink, Source};
use crate::config::{Component, Findings, Pipeline, Settings};
use crate::drive::outcome;
use crate::exit::Outcome;
use crate::launch::{Launch, State};
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;

/// `source jumpcloud`: raw events to standard output.
pub(super) fn jumpcloud(args: &JumpcloudArgs) -> Outcome {
    let mut settings = Settings::default();
    if let Some(trail) = args.pipe_trail {
        settings.pipe_trail = trail;
    }
    let pipeline = Pipeline {
        settings,
        sources: vec![Component::new("jumpcloud", Source::Jumpcloud(Box::new(args.config()?)), Vec::new())],
        transforms: Vec::new(),
        sinks: vec![Component::new(
            "stdout",
            Sink::Stdout(adr_sink_stdout::StdoutConfig::default()),
            vec![Input::Source(0)],
        )],
        warnings: Findings::default(),
    };
    let state = State::Durable(state_dir(args.state.state_dir.as_deref(), None)?);
    let secrets = Arc::new(SecretReader::default());
    let launch =
        Launch { pipeline: Arc::new(pipeline), again: None, secrets, process: &args.process, state, once: args.once };
    outcome(&launch.run(|_| ())?.report)
}
