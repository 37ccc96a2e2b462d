//! Every source there is.

use std::borrow::Cow;
use std::sync::Arc;
#[cfg(feature = "kafka")]
use std::time::Duration;

use adr_core::{Failure, LaneId, SourceComponent};
use adr_source_file::{self as file, FileConfig, FileSource};
use adr_source_jumpcloud::{HttpOptions, Jumpcloud, JumpcloudConfig, Settings, Surroundings};
#[cfg(feature = "kafka")]
use adr_source_jumpcloud::{Start, Tenant};
use adr_source_stdin::StdinSource;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Surround;
use super::kafka::source::{self as kafka, KafkaSourceConfig};
use crate::config::Part;

/// Every source there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "type")]
pub(crate) enum Source {
    File(FileConfig),
    Jumpcloud(Box<JumpcloudConfig>),
    Kafka(Box<KafkaSourceConfig>),
    Stdin(StdinConfig),
}

/// The settings of the source `stdin`: one JSON object a line.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StdinConfig {
    /// The Organization ID of events that do not say theirs.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
}

impl Source {
    pub(super) fn build(&self, id: &Arc<str>, surround: &Surround) -> Result<Box<dyn SourceComponent>, Failure> {
        Ok(match self {
            Self::File(config) => {
                Box::new(FileSource::new(id, file::Settings::try_from(config.clone())?, surround.once))
            }
            Self::Jumpcloud(config) => Box::new(jumpcloud(id, config, surround)?),
            Self::Kafka(config) => kafka::build(id, config, surround)?,
            Self::Stdin(config) => {
                let tenant = config.tenant.as_deref().unwrap_or_default();
                Box::new(StdinSource::stdin(LaneId::new(id.clone(), tenant))?)
            }
        })
    }

    /// Whether it can be read on after its lanes were opened again.
    pub(crate) fn can_start_again(&self) -> bool {
        match self {
            Self::File(_) | Self::Jumpcloud(_) | Self::Kafka(_) => true,
            Self::Stdin(_) => false,
        }
    }

    /// Whether it reads standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        matches!(self, Self::Stdin(_))
    }

    /// Whether it knows of an event what kind it is and when it happened, and not only its text.
    pub(crate) fn has_facts(&self) -> bool {
        matches!(self, Self::Jumpcloud(_))
    }

    /// The most events of one page, for each tenant.
    pub(crate) fn page_limits(&self) -> Vec<u32> {
        match self {
            Self::Jumpcloud(config) => Settings::try_from((**config).clone())
                .map_or_else(|_| Vec::new(), |all| all.tenants.iter().map(|tenant| tenant.page_limit).collect()),
            Self::File(_) | Self::Kafka(_) | Self::Stdin(_) => Vec::new(),
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
            Self::File(_) | Self::Kafka(_) | Self::Stdin(_) => Duration::ZERO,
        }
    }

    /// Why a cluster cannot share it, and what to do.
    pub(crate) fn why_not_shared(&self) -> &'static str {
        match self {
            Self::Kafka(_) => "its consumer group shares it already: leave out `cluster`",
            _ => "only this instance can read it: leave out `cluster`, or this source",
        }
    }

    /// Whether any instance of a pipeline can read it.
    pub(crate) fn can_be_shared(&self) -> bool {
        match self {
            Self::Jumpcloud(_) => true,
            Self::File(_) | Self::Kafka(_) | Self::Stdin(_) => false,
        }
    }
}

/// The source `jumpcloud` with its way to the network.
pub(crate) fn jumpcloud(id: &str, config: &JumpcloudConfig, surround: &Surround) -> Result<Jumpcloud, Failure> {
    let settings = Settings::try_from(config.clone())?;
    let options = HttpOptions { ca_file: settings.ca_file.clone(), ..HttpOptions::with_timeout(settings.timeout) };
    let surroundings = Surroundings {
        clock: surround.clock.clone(),
        transport: surround.clients.of(options)?,
        secrets: surround.secrets.clone(),
        entropy: Arc::new(|_| crate::entropy::bytes()),
        process_budget: Some(surround.requests.clone()),
        once: surround.once,
    };
    Ok(Jumpcloud::new(id, &settings, &surroundings))
}

impl Part for Source {
    const KIND: &'static str = "source";
    const SECTION: &'static str = "sources";

    fn type_name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Jumpcloud(_) => "jumpcloud",
            Self::Kafka(_) => "kafka",
            Self::Stdin(_) => "stdin",
        }
    }

    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::File(config) => file::Settings::try_from(config.clone()).map(|_| ()),
            Self::Jumpcloud(config) => Settings::try_from((**config).clone()).map(|_| ()),
            Self::Kafka(config) => kafka::check(config),
            Self::Stdin(_) => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        match self {
            // Asked only of settings that were found right.
            Self::Jumpcloud(config) => {
                Settings::try_from((**config).clone()).map_or_else(|_| Vec::new(), |settings| settings.warnings())
            }
            Self::Kafka(config) => kafka::warnings(config),
            Self::File(_) | Self::Stdin(_) => Vec::new(),
        }
    }

    fn alone(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::File(_) | Self::Jumpcloud(_) | Self::Kafka(_) => None,
            Self::Stdin(_) => Some("standard input".into()),
        }
    }
}
