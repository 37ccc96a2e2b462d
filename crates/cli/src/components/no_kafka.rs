//! The sink and the source `kafka` of a program that was built without them: they say so.

use std::sync::Arc;

use adr_core::{Failure, FailureKind, Secrets};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::{BuiltSink, Surround};

/// Settings that nobody here can use.
#[derive(Clone, Debug, JsonSchema)]
pub(crate) struct KafkaConfig {}

impl<'de> Deserialize<'de> for KafkaConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self {})
    }
}

/// What it says.
pub(crate) fn absent() -> Failure {
    Failure::fatal(
        FailureKind::Config,
        "this jumpcloud-adr was built without Kafka: use one built with the cargo feature `kafka`, which is on by default",
    )
}

pub(crate) fn check(_: &KafkaConfig) -> Result<(), Failure> {
    Err(absent())
}

pub(super) fn warnings(_: &KafkaConfig) -> Vec<String> {
    Vec::new()
}

pub(super) fn encoding(_: &KafkaConfig) -> adr_core::Encoding {
    adr_core::Encoding::default()
}

pub(super) fn owns_progress(_: &KafkaConfig) -> bool {
    false
}

pub(crate) fn checkpoint_topic(_: &KafkaConfig) -> Option<&str> {
    None
}

pub(super) fn is_shared(_: &KafkaConfig) -> bool {
    false
}

pub(super) fn build(_: &Arc<str>, _: &KafkaConfig, _: bool, _: &Surround) -> Result<BuiltSink, Failure> {
    Err(absent())
}

#[expect(clippy::unused_async, reason = "as it is with kafka")]
pub(crate) async fn reach(
    _: &str,
    _: &KafkaConfig,
    _: Arc<dyn Secrets>,
) -> Result<Vec<Result<String, Failure>>, Failure> {
    Err(absent())
}

pub(crate) mod source {
    use std::sync::Arc;

    use adr_core::{Failure, Secrets, SourceComponent};

    use super::absent;
    use crate::components::Surround;

    pub(crate) use super::KafkaConfig as KafkaSourceConfig;

    pub(crate) fn check(_: &KafkaSourceConfig) -> Result<(), Failure> {
        Err(absent())
    }

    pub(crate) fn warnings(_: &KafkaSourceConfig) -> Vec<String> {
        Vec::new()
    }

    pub(crate) fn build(_: &str, _: &KafkaSourceConfig, _: &Surround) -> Result<Box<dyn SourceComponent>, Failure> {
        Err(absent())
    }

    #[expect(clippy::unused_async, reason = "as it is with kafka")]
    pub(crate) async fn reach(
        _: &str,
        _: &KafkaSourceConfig,
        _: Arc<dyn Secrets>,
    ) -> Result<Vec<Result<String, Failure>>, Failure> {
        Err(absent())
    }
}
