//! What the settings mean, checked.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, Size};
use adr_kafka::{Access, Role, Rules, check_topic_name, is_name, session_timeout};

use crate::config::{Begin, IsolationLevel, KafkaSourceConfig};

/// librdkafka's options that are ours, beside those that all components have.
const RULES: Rules = Rules {
    role: Role::Source,
    ours: &[
        ("auto.offset.reset", "start"),
        ("fetch.message.max.bytes", "queue_bytes"),
        ("group.id", "group_id"),
        ("heartbeat.interval.ms", "session_timeout"),
        ("isolation.level", "isolation_level"),
        ("max.partition.fetch.bytes", "queue_bytes"),
        ("queued.max.messages.kbytes", "queue_bytes"),
        ("session.timeout.ms", "session_timeout"),
    ],
    promises: &[],
};

/// One fetch brings at most so much of a partition, unless a record is larger.
const LARGEST_FETCH: usize = 1 << 20;

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) access: Access,
    /// At least one.
    pub(crate) topics: Vec<String>,
    pub(crate) group: String,
    pub(crate) start: Begin,
    pub(crate) tenant: Arc<str>,
    pub(crate) isolation: IsolationLevel,
    pub(crate) page_bytes: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) session_timeout: Duration,
}

impl Settings {
    /// What a person should know about these settings although they are allowed; for `validate` and every start.
    pub fn warnings(&self) -> Vec<String> {
        self.access.warnings()
    }

    /// The topics that are named, and not described.
    pub(crate) fn named_topics(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().map(String::as_str).filter(|topic| !topic.starts_with('^'))
    }

    /// What librdkafka is told to read with. `once`: whoever reads wants to know of the end.
    pub(crate) fn reading(&self, once: bool) -> Vec<(&'static str, String)> {
        let mut options = vec![
            // Where an offset is gone, reading goes on at what is left: that this happened is seen by the offsets.
            ("auto.offset.reset", "earliest".to_owned()),
            ("isolation.level", self.isolation.as_str().to_owned()),
            ("enable.partition.eof", once.to_string()),
            ("queued.max.messages.kbytes", self.queue_bytes.div_ceil(1024).to_string()),
            ("fetch.message.max.bytes", self.queue_bytes.min(LARGEST_FETCH).to_string()),
        ];
        // A full queue is looked at again so soon; the default, a second, is made for larger ones.
        if self.access.option("fetch.queue.backoff.ms").is_none() {
            options.push(("fetch.queue.backoff.ms", "10".to_owned()));
        }
        options
    }
}

impl AsRef<Access> for Settings {
    fn as_ref(&self) -> &Access {
        &self.access
    }
}

impl TryFrom<KafkaSourceConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: KafkaSourceConfig) -> Result<Self, Failure> {
        let topics = topics(raw.topics)?;
        if !is_name(&raw.group_id) {
            return Err(config(match raw.group_id.as_str() {
                "" => "`group_id` is missing: name a consumer group of this pipeline's own".to_owned(),
                other => format!(
                    "`group_id` {other:?} is no name for Kafka: give 1 to 255 printable ASCII characters without spaces"
                ),
            }));
        }
        let access = Access::new(&RULES, &raw.bootstrap_servers, raw.tls, raw.sasl, raw.librdkafka_options)?;
        Ok(Self {
            access,
            topics,
            group: raw.group_id,
            start: raw.start.unwrap_or_default(),
            tenant: raw.tenant.unwrap_or_default().into(),
            isolation: raw.isolation_level.unwrap_or_default(),
            page_bytes: size(raw.page_bytes, "page_bytes", 1 << 20, 1 << 30)?,
            // librdkafka takes no more.
            queue_bytes: size(raw.queue_bytes, "queue_bytes", 4 << 20, 1 << 30)?,
            session_timeout: session_timeout(raw.session_timeout, "session_timeout")?,
        })
    }
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

fn topics(listed: Vec<String>) -> Result<Vec<String>, Failure> {
    if listed.is_empty() {
        return Err(config("`topics` is empty: list the topics to read"));
    }
    for (place, name) in listed.iter().enumerate() {
        match name.strip_prefix('^') {
            None => check_topic_name(name, "topics")?,
            Some(rest) if rest.contains('\0') => {
                return Err(config("`topics` cannot hold a NUL character"));
            }
            // The topics that are written would be read.
            Some("" | ".*" | ".+" | ".*$" | ".+$") => {
                return Err(config(format!(
                    "`topics` has {name}, which matches every topic there is: write more of the names, such as ^jumpcloud-"
                )));
            }
            Some(_) => {}
        }
        if listed[..place].contains(name) {
            return Err(config(format!("`topics` has {name} twice: keep the first")));
        }
    }
    Ok(listed)
}

fn size(given: Option<Size>, name: &str, default: usize, most: usize) -> Result<usize, Failure> {
    let size = given.map_or(default, |Size(bytes)| bytes);
    if !(1024..=most).contains(&size) {
        return Err(config(format!("`{name}` is {size}: give 1KiB to 1GiB, such as {}MiB", default >> 20)));
    }
    Ok(size)
}
