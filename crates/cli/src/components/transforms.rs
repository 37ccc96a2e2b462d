//! Every transform there is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use adr_core::Failure;
use adr_runtime::TransformFactory;
use adr_transform::AdrConfig;
use adr_transform_dedupe::{self as dedupe, DedupeConfig};
use adr_transform_jq::{
    Filter, FilterConfig, FilterSettings, Remap, RemapConfig, RemapSettings, RouteConfig, RouteSettings,
};
use adr_transform_redact::{self as redact, RedactConfig};
use adr_transform_sample::{self as sample, Sample, SampleConfig};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Surround;
use crate::config::{Output, Part};
use crate::facts::WithFacts;

/// Every transform there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "type")]
pub(crate) enum Transform {
    Adr(AdrConfig),
    Dedupe(DedupeConfig),
    Filter(Box<FilterConfig>),
    Redact(RedactConfig),
    Remap(RemapConfig),
    Route(RouteConfig),
    Sample(SampleConfig),
    /// One that runs alone, behind a pipe: each event comes with what its text says of it.
    #[serde(skip)]
    WithFacts(Box<Transform>),
}

/// What comes out of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Makes {
    /// ADR events.
    AdrEvents,
    /// Events of the kind that went in.
    TheSame,
    /// Whatever the user's program makes of them.
    Anything,
}

impl Transform {
    /// What comes out of it.
    pub(crate) fn makes(&self) -> Makes {
        match self {
            Self::Adr(_) => Makes::AdrEvents,
            Self::Dedupe(_) | Self::Filter(_) | Self::Redact(_) | Self::Route(_) | Self::Sample(_) => Makes::TheSame,
            Self::Remap(_) => Makes::Anything,
            Self::WithFacts(inner) => inner.makes(),
        }
    }

    /// Its settings that go by what travels beside an event: where nothing does, they have no use.
    pub(crate) fn goes_by_facts(&self) -> Vec<&'static str> {
        let filter = |config: &FilterConfig| {
            [("kinds", config.kinds.is_some()), ("min_severity", config.min_severity.is_some())]
        };
        let given: Vec<(&'static str, bool)> = match self {
            Self::Filter(config) => filter(config).to_vec(),
            Self::Route(config) => config.routes.0.iter().flat_map(|(_, config)| filter(config)).collect(),
            Self::Dedupe(config) => vec![("by", matches!(config.by, None | Some(dedupe::By::Uid)))],
            Self::Sample(config) => vec![("keep_severity", config.keep_severity.is_some())],
            Self::Adr(_) | Self::Redact(_) | Self::Remap(_) => Vec::new(),
            Self::WithFacts(inner) => return inner.goes_by_facts(),
        };
        let mut names: Vec<&str> = given.into_iter().filter_map(|(name, given)| given.then_some(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// `output`: which of its outputs, where it has several.
    pub(super) fn build(&self, output: Option<&Output>, surround: &Surround) -> Result<TransformFactory, Failure> {
        Ok(match self.clone() {
            Self::Adr(config) => Arc::new(move || Ok(Box::new(config.build()))),
            Self::Dedupe(config) => {
                let factory = dedupe::Factory::new(config.try_into()?);
                Arc::new(move || Ok(Box::new(factory.build())))
            }
            Self::Filter(config) => {
                let settings = FilterSettings::try_from(*config)?;
                Arc::new(move || Ok(Box::new(Filter::new(&settings))))
            }
            Self::Redact(config) => {
                let factory = redact::Factory::new(config.try_into()?, &*surround.secrets)?;
                Arc::new(move || Ok(Box::new(factory.build())))
            }
            Self::Remap(config) => {
                let settings = RemapSettings::try_from(config)?;
                Arc::new(move || Ok(Box::new(Remap::new(&settings))))
            }
            Self::Route(config) => {
                let settings = RouteSettings::try_from(config)?;
                let output = output.cloned().unwrap_or_default();
                Arc::new(move || {
                    let branch = settings.output(&output.name, |name| output.read.contains(name));
                    Ok(Box::new(branch.expect("only outputs that it has are read")))
                })
            }
            Self::Sample(config) => {
                let settings = sample::Settings::try_from(config)?;
                Arc::new(move || Ok(Box::new(Sample::new(settings))))
            }
            Self::WithFacts(inner) => {
                let factory = inner.build(output, surround)?;
                Arc::new(move || Ok(Box::new(WithFacts(factory()?))))
            }
        })
    }
}

impl Part for Transform {
    const KIND: &'static str = "transform";
    const SECTION: &'static str = "transforms";

    fn type_name(&self) -> &'static str {
        match self {
            Self::Adr(_) => "adr",
            Self::Dedupe(_) => "dedupe",
            Self::Filter(_) => "filter",
            Self::Redact(_) => "redact",
            Self::Remap(_) => "remap",
            Self::Route(_) => "route",
            Self::Sample(_) => "sample",
            Self::WithFacts(inner) => inner.type_name(),
        }
    }

    fn check(&self) -> Result<(), Failure> {
        match self.clone() {
            Self::Adr(_) => Ok(()),
            Self::Dedupe(config) => dedupe::Settings::try_from(config).map(drop),
            Self::Filter(config) => FilterSettings::try_from(*config).map(drop),
            Self::Redact(config) => redact::Settings::try_from(config).map(drop),
            Self::Remap(config) => RemapSettings::try_from(config).map(drop),
            Self::Route(config) => RouteSettings::try_from(config).map(drop),
            Self::Sample(config) => sample::Settings::try_from(config).map(drop),
            Self::WithFacts(inner) => inner.check(),
        }
    }

    fn warnings(&self) -> Vec<String> {
        // Asked only of settings that were found right.
        match self.clone() {
            Self::Adr(_) | Self::Filter(_) | Self::Remap(_) | Self::Route(_) => Vec::new(),
            Self::Dedupe(config) => dedupe::Settings::try_from(config).map_or_else(|_| vec![], |it| it.warnings()),
            Self::Redact(config) => redact::Settings::try_from(config).map_or_else(|_| vec![], |it| it.warnings()),
            Self::Sample(config) => sample::Settings::try_from(config).map_or_else(|_| vec![], |it| it.warnings()),
            Self::WithFacts(inner) => inner.warnings(),
        }
    }

    fn alone(&self) -> Option<Cow<'static, str>> {
        None
    }

    fn outputs(&self) -> BTreeSet<String> {
        match self {
            Self::Route(config) => RouteSettings::try_from(config.clone())
                .map_or_else(|_| BTreeSet::new(), |settings| settings.outputs().map(str::to_owned).collect()),
            Self::WithFacts(inner) => inner.outputs(),
            _ => BTreeSet::new(),
        }
    }
}
