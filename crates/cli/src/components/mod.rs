//! The list of components: one variant and one match arm each.

#[cfg(feature = "kafka")]
pub(crate) mod kafka;
#[cfg(not(feature = "kafka"))]
#[path = "no_kafka.rs"]
pub(crate) mod kafka;

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Clock, Encoding, Failure, FailureKind, LaneId, Pace, Rate, Secrets, SourceComponent};
use adr_runtime::{Input, SinkFactory, SinkKind, SinkNode, SourceNode, Topology, TransformFactory, TransformNode};
use adr_sink_cce_syslog::{self as cce_syslog, CceSyslog, CceSyslogConfig};
use adr_sink_stdout::{StdoutConfig, StdoutSink, Target};
use adr_source_jumpcloud::{HttpOptions, HttpTransport, Jumpcloud, JumpcloudConfig, Settings, Surroundings};
#[cfg(feature = "kafka")]
use adr_source_jumpcloud::{Start, Tenant};
use adr_source_stdin::StdinSource;
use adr_transform::AdrConfig;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Component, Part, Pipeline};

/// Every source there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "type")]
pub(crate) enum Source {
    Jumpcloud(Box<JumpcloudConfig>),
    Stdin(StdinConfig),
}

/// Every transform there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "type")]
pub(crate) enum Transform {
    Adr(AdrConfig),
}

/// Every sink there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "type")]
pub(crate) enum Sink {
    CceSyslog(Box<CceSyslogConfig>),
    Kafka(Box<kafka::KafkaConfig>),
    Stdout(StdoutConfig),
}

/// A sink as it was built.
pub(crate) struct BuiltSink {
    kind: SinkKind,
    /// How the sources that reach it are shared among the instances of this pipeline, if they are.
    sharing: Option<Sharing>,
}

/// Makes of a source one that runs only those tenants that are this instance's.
pub(crate) type Sharing = Box<dyn Fn(Box<dyn SourceComponent>) -> Box<dyn SourceComponent>>;

/// The settings of the source `stdin`: one JSON object a line.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StdinConfig {
    /// The Organization ID of events that do not say theirs.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
}

/// What components are built with.
pub(crate) struct Surround {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secrets: Arc<dyn Secrets>,
    /// The process's standard output, where a sink writes to it.
    pub(crate) stdout: Option<Target>,
    pub(crate) pipe_trail: Duration,
    /// How many requests all tenants of the process may make together, in the order they ask.
    pub(crate) requests: Arc<Pace>,
    /// Read up to now, then end.
    pub(crate) once: bool,
}

/// The request budget of a process: ten thousand tenants polled every minute need a third of it.
pub(crate) fn process_requests() -> Arc<Pace> {
    Arc::new(Pace::new(Rate::per_second(500)))
}

impl Source {
    fn build(&self, id: &Arc<str>, surround: &Surround) -> Result<Box<dyn SourceComponent>, Failure> {
        Ok(match self {
            Self::Jumpcloud(config) => Box::new(jumpcloud(id, config, surround)?),
            Self::Stdin(config) => {
                let tenant = config.tenant.as_deref().unwrap_or_default();
                Box::new(StdinSource::stdin(LaneId::new(id.clone(), tenant))?)
            }
        })
    }
}

impl Source {
    /// The most events of one page, for each tenant.
    pub(crate) fn page_limits(&self) -> Vec<u32> {
        match self {
            Self::Jumpcloud(config) => Settings::try_from((**config).clone())
                .map_or_else(|_| Vec::new(), |all| all.tenants.iter().map(|tenant| tenant.page_limit).collect()),
            Self::Stdin(_) => Vec::new(),
        }
    }

    #[cfg(feature = "kafka")]
    /// The same source, read from there on, as if it was never read before. `None` where it can be read only once.
    pub(crate) fn again_from(&self, start: Option<Start>) -> Option<Self> {
        let Self::Jumpcloud(config) = self else { return None };
        let mut config = config.clone();
        if let Some(start) = start {
            config.start = Some(start);
            for tenant in config.tenants.iter_mut().flatten() {
                tenant.start = None;
            }
        }
        Some(Self::Jumpcloud(config))
    }

    #[cfg(feature = "kafka")]
    /// How old an event can be that is not delivered yet although nothing is wrong.
    pub(crate) fn delay(&self) -> Duration {
        match self {
            Self::Jumpcloud(config) => Settings::try_from((**config).clone()).map_or(Duration::ZERO, |settings| {
                let delay = |tenant: &Arc<Tenant>| tenant.overlap + tenant.sweep_interval + 2 * tenant.poll_interval;
                settings.tenants.iter().map(delay).max().unwrap_or_default()
            }),
            Self::Stdin(_) => Duration::ZERO,
        }
    }

    /// Whether any instance of a pipeline can read it.
    pub(crate) fn can_be_shared(&self) -> bool {
        match self {
            Self::Jumpcloud(_) => true,
            Self::Stdin(_) => false,
        }
    }
}

impl Transform {
    /// Whether ADR events come out of it.
    fn maps(&self) -> bool {
        match self {
            Self::Adr(_) => true,
        }
    }

    fn build(&self) -> TransformFactory {
        match self.clone() {
            Self::Adr(config) => Arc::new(move || Ok(Box::new(config.build()))),
        }
    }
}

impl Sink {
    /// The most events in a time that it sends.
    pub(crate) fn rate_limit(&self) -> Option<Rate> {
        match self {
            Self::CceSyslog(config) => config.rate_limit,
            Self::Kafka(_) | Self::Stdout(_) => None,
        }
    }

    /// Whether it commits events and progress together.
    pub(crate) fn owns_progress(&self) -> bool {
        match self {
            Self::Kafka(config) => kafka::owns_progress(config),
            Self::CceSyslog(_) | Self::Stdout(_) => false,
        }
    }

    /// The topic that holds that progress: nobody else may use it.
    pub(crate) fn checkpoint_topic(&self) -> Option<&str> {
        match self {
            Self::Kafka(config) => kafka::checkpoint_topic(config),
            Self::CceSyslog(_) | Self::Stdout(_) => None,
        }
    }

    /// Whether several instances share the tenants that reach it.
    pub(crate) fn is_shared(&self) -> bool {
        match self {
            Self::Kafka(config) => kafka::is_shared(config),
            Self::CceSyslog(_) | Self::Stdout(_) => false,
        }
    }

    /// `mapped`: what reaches it are ADR events.
    fn build(&self, id: &Arc<str>, mapped: bool, surround: &Surround) -> Result<BuiltSink, Failure> {
        let kind = match self.clone() {
            Self::Kafka(config) => return kafka::build(id, &config, mapped, surround),
            Self::CceSyslog(config) => {
                let settings = cce_syslog::Settings::try_from(*config)?;
                let at_once = settings.at_once();
                let (id, clock) = (id.clone(), surround.clock.clone());
                let factory: SinkFactory = Arc::new(move || {
                    let encoder = adr_transform::encoder(settings.encoding);
                    Ok(Box::new(CceSyslog::new(&id, &settings, clock.clone(), encoder)?))
                });
                // Acknowledgements take a round trip: a distant CCE shall not slow many small batches.
                SinkKind::Plain { factory, in_flight: 256, at_once }
            }
            Self::Stdout(config) => {
                let target = surround.stdout.clone();
                let target =
                    target.ok_or_else(|| Failure::fatal(FailureKind::Internal, "standard output is not open"))?;
                let (trail, encoded) = (surround.pipe_trail, config.encoding != Encoding::Json);
                let factory: SinkFactory = Arc::new(move || {
                    let encoder = encoded.then(|| adr_transform::encoder(config.encoding));
                    Ok(Box::new(StdoutSink::new(&target, encoder, trail)))
                });
                // What is encoded anew is in nobody's budget: a portion of it at a time.
                SinkKind::Plain { factory, in_flight: 4, at_once: if encoded { 1024 } else { usize::MAX } }
            }
        };
        Ok(BuiltSink { kind, sharing: None })
    }
}

/// The source `jumpcloud` with its way to the network.
pub(crate) fn jumpcloud(id: &str, config: &JumpcloudConfig, surround: &Surround) -> Result<Jumpcloud, Failure> {
    let settings = Settings::try_from(config.clone())?;
    let options = HttpOptions { ca_file: settings.ca_file.clone(), ..HttpOptions::with_timeout(settings.timeout) };
    let surroundings = Surroundings {
        clock: surround.clock.clone(),
        transport: Arc::new(HttpTransport::new(&options)?),
        secrets: surround.secrets.clone(),
        entropy: Arc::new(|_| crate::entropy::bytes()),
        process_budget: Some(surround.requests.clone()),
        once: surround.once,
    };
    Ok(Jumpcloud::new(id, &settings, &surroundings))
}

/// Builds what a pipeline file says.
pub(crate) fn topology(pipeline: &Pipeline, surround: &Surround) -> Result<Topology, Failure> {
    let Topology { mut sources, transforms, mut sinks } = sources_and_transforms(pipeline, surround)?;
    for (index, Component { id, part, inputs }) in pipeline.sinks.iter().enumerate() {
        let maps = |input: &Input| matches!(input, Input::Transform(at) if pipeline.transforms[*at].part.maps());
        let mapped = inputs.iter().all(maps);
        let at = |failure: Failure| failure.at(format!("sink {id}"));
        let BuiltSink { kind, sharing } = part.build(id, mapped, surround).map_err(at)?;
        if let Some(share) = sharing {
            if surround.once {
                let message = "`cluster` and --once exclude each other: an instance that shares tenants never knows that \
                               it has them all; leave out `cluster`, or --once";
                return Err(at(Failure::fatal(FailureKind::Config, message)));
            }
            let reaching = pipeline.sources_of(index);
            let shared = |(place, node): (usize, SourceNode)| match reaching.contains(&place) {
                true => SourceNode { component: share(node.component), ..node },
                false => node,
            };
            sources = sources.into_iter().enumerate().map(shared).collect();
        }
        sinks.push(SinkNode { name: id.clone(), inputs: inputs.clone(), kind, caveats: part.warnings() });
    }
    Ok(Topology { sources, transforms, sinks })
}

/// The same without its sinks.
pub(crate) fn sources_and_transforms(pipeline: &Pipeline, surround: &Surround) -> Result<Topology, Failure> {
    let mut sources = Vec::new();
    for Component { id, part, .. } in &pipeline.sources {
        let component = part.build(id, surround).map_err(|failure| failure.at(format!("source {id}")))?;
        sources.push(SourceNode { name: id.clone(), component });
    }
    let transforms = pipeline.transforms.iter().map(|Component { id, part, inputs }| TransformNode {
        name: id.clone(),
        inputs: inputs.clone(),
        factory: part.build(),
    });
    Ok(Topology { sources, transforms: transforms.collect(), sinks: Vec::new() })
}

impl Part for Source {
    const KIND: &'static str = "source";
    const SECTION: &'static str = "sources";

    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Jumpcloud(config) => Settings::try_from((**config).clone()).map(|_| ()),
            Self::Stdin(_) => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        match self {
            Self::Jumpcloud(_) | Self::Stdin(_) => Vec::new(),
        }
    }

    fn alone(&self) -> Option<&'static str> {
        match self {
            Self::Jumpcloud(_) => None,
            Self::Stdin(_) => Some("standard input"),
        }
    }
}

impl Part for Transform {
    const KIND: &'static str = "transform";
    const SECTION: &'static str = "transforms";

    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Adr(_) => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        match self {
            Self::Adr(_) => Vec::new(),
        }
    }

    fn alone(&self) -> Option<&'static str> {
        match self {
            Self::Adr(_) => None,
        }
    }
}

impl Part for Sink {
    const KIND: &'static str = "sink";
    const SECTION: &'static str = "sinks";

    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::CceSyslog(config) => cce_syslog::Settings::try_from((**config).clone()).map(|_| ()),
            Self::Kafka(config) => kafka::check(config),
            Self::Stdout(_) => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        match self {
            // Asked only of settings that were found right.
            Self::CceSyslog(config) => cce_syslog::Settings::try_from((**config).clone())
                .map_or_else(|_| Vec::new(), |settings| settings.warnings()),
            Self::Kafka(config) => kafka::warnings(config),
            Self::Stdout(_) => Vec::new(),
        }
    }

    fn alone(&self) -> Option<&'static str> {
        match self {
            Self::CceSyslog(_) | Self::Kafka(_) => None,
            Self::Stdout(_) => Some("standard output"),
        }
    }
}
