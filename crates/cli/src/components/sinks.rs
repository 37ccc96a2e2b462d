//! Every sink there is.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use adr_core::{Encoder, Encoding, Failure, FailureKind, Rate};
use adr_runtime::{SinkFactory, SinkKind};
use adr_sink_cce_syslog::{self as cce_syslog, CceSyslog, CceSyslogConfig};
use adr_sink_file::{self as file, FileConfig, FileSink};
use adr_sink_http::{self as http, Http, HttpConfig};
use adr_sink_stdout::{StdoutConfig, StdoutSink};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{BuiltSink, Surround, kafka};
use crate::config::Part;

/// Every sink there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "type")]
pub(crate) enum Sink {
    CceSyslog(Box<CceSyslogConfig>),
    File(FileConfig),
    Http(Box<HttpConfig>),
    Kafka(Box<kafka::KafkaConfig>),
    Stdout(StdoutConfig),
}

impl Sink {
    /// The most events in a time that it sends.
    pub(crate) fn rate_limit(&self) -> Option<Rate> {
        match self {
            Self::CceSyslog(config) => config.rate_limit,
            Self::File(_) | Self::Http(_) | Self::Kafka(_) | Self::Stdout(_) => None,
        }
    }

    /// The form in which it sends events.
    pub(crate) fn encoding(&self) -> Encoding {
        match self {
            Self::CceSyslog(config) => config.encoding.unwrap_or_default(),
            Self::File(config) => config.encoding.unwrap_or_default(),
            Self::Http(config) => config.encoding.unwrap_or_default(),
            Self::Kafka(config) => kafka::encoding(config),
            Self::Stdout(config) => config.encoding,
        }
    }

    /// Whether it commits events and progress together.
    pub(crate) fn owns_progress(&self) -> bool {
        match self {
            Self::Kafka(config) => kafka::owns_progress(config),
            Self::CceSyslog(_) | Self::File(_) | Self::Http(_) | Self::Stdout(_) => false,
        }
    }

    /// The topic that holds that progress: nobody else may use it.
    pub(crate) fn checkpoint_topic(&self) -> Option<&str> {
        match self {
            Self::Kafka(config) => kafka::checkpoint_topic(config),
            Self::CceSyslog(_) | Self::File(_) | Self::Http(_) | Self::Stdout(_) => None,
        }
    }

    /// Whether several instances share the tenants that reach it.
    pub(crate) fn is_shared(&self) -> bool {
        match self {
            Self::Kafka(config) => kafka::is_shared(config),
            Self::CceSyslog(_) | Self::File(_) | Self::Http(_) | Self::Stdout(_) => false,
        }
    }

    /// `mapped`: what reaches it are ADR events.
    pub(super) fn build(&self, id: &Arc<str>, mapped: bool, surround: &Surround) -> Result<BuiltSink, Failure> {
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
            Self::File(config) => {
                let settings = file::Settings::try_from(config)?;
                let (at_once, clock) = (settings.at_once(), surround.clock.clone());
                let factory: SinkFactory = Arc::new(move || {
                    let encoder = encoder(settings.encoding);
                    Ok(Box::new(FileSink::new(&settings, clock.clone(), encoder)?))
                });
                // One fsync serves all that was written meanwhile.
                SinkKind::Plain { factory, in_flight: 16, at_once }
            }
            Self::Http(config) => {
                let settings = http::Settings::try_from(*config)?;
                let (at_once, in_flight) = (settings.at_once(), settings.in_flight);
                let (clock, secrets) = (surround.clock.clone(), surround.secrets.clone());
                let factory: SinkFactory = Arc::new(move || {
                    let encoder = encoder(settings.encoding);
                    Ok(Box::new(Http::new(&settings, secrets.clone(), clock.clone(), encoder)?))
                });
                SinkKind::Plain { factory, in_flight, at_once }
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

impl Part for Sink {
    const KIND: &'static str = "sink";
    const SECTION: &'static str = "sinks";

    fn type_name(&self) -> &'static str {
        match self {
            Self::CceSyslog(_) => "cce_syslog",
            Self::File(_) => "file",
            Self::Http(_) => "http",
            Self::Kafka(_) => "kafka",
            Self::Stdout(_) => "stdout",
        }
    }

    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::CceSyslog(config) => cce_syslog::Settings::try_from((**config).clone()).map(|_| ()),
            Self::File(config) => file::Settings::try_from(config.clone()).map(drop),
            Self::Http(config) => http::Settings::try_from((**config).clone()).map(drop),
            Self::Kafka(config) => kafka::check(config),
            Self::Stdout(_) => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        match self {
            // Asked only of settings that were found right.
            Self::CceSyslog(config) => cce_syslog::Settings::try_from((**config).clone())
                .map_or_else(|_| Vec::new(), |settings| settings.warnings()),
            Self::File(config) => file::Settings::try_from(config.clone()).map_or_else(|_| vec![], |it| it.warnings()),
            Self::Http(config) => {
                http::Settings::try_from((**config).clone()).map_or_else(|_| vec![], |it| it.warnings())
            }
            Self::Kafka(config) => kafka::warnings(config),
            Self::Stdout(_) => Vec::new(),
        }
    }

    fn alone(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::CceSyslog(_) | Self::Http(_) | Self::Kafka(_) => None,
            // `a//b` and `a/./b` are one.
            Self::File(config) => {
                Some(format!("the file {}", config.path.components().collect::<PathBuf>().display()).into())
            }
            Self::Stdout(_) => Some("standard output".into()),
        }
    }
}

/// What writes events in another encoding than they have.
fn encoder(encoding: Encoding) -> Option<Box<dyn Encoder>> {
    (encoding != Encoding::Json).then(|| adr_transform::encoder(encoding))
}
