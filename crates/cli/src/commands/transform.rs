use std::sync::Arc;

use adr_runtime::Input;
use adr_transform::AdrConfig;

use crate::args::TransformAdr;
use crate::components::{Sink, Source, StdinConfig, Transform};
use crate::config::{Component, Findings, Pipeline, Settings};
use crate::drive::outcome;
use crate::exit::Outcome;
use crate::launch::{Launch, State};
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;

/// `transform adr`: a filter.
pub(super) fn adr(args: &TransformAdr) -> Outcome {
    let pipeline = Pipeline {
        settings: Settings::default(),
        sources: vec![Component::new("stdin", Source::Stdin(StdinConfig { tenant: args.tenant.clone() }), Vec::new())],
        transforms: vec![Component::new(
            "adr",
            Transform::Adr(AdrConfig { include_raw: args.include_raw }),
            vec![Input::Source(0)],
        )],
        sinks: vec![Component::new(
            "stdout",
            Sink::Stdout(adr_sink_stdout::StdoutConfig::default()),
            vec![Input::Transform(0)],
        )],
        warnings: Findings::default(),
    };
    // It keeps no progress and locks nothing: the source that feeds it has the state directory.
    let state = State::Forgotten(state_dir(args.state.state_dir.as_deref(), None)?, "transform-adr.ndjson");
    let secrets = Arc::new(SecretReader::default());
    let launch =
        Launch { pipeline: Arc::new(pipeline), again: None, secrets, process: &args.process, state, once: false };
    outcome(&launch.run(|_| ())?.report)
}
