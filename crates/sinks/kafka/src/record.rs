//! What becomes of an event in Kafka: topic, key, headers and payload.

use std::fmt;
use std::sync::Arc;

use adr_core::{Detail, Encoder, Event};
use rdkafka::message::{Header, OwnedHeaders};

use crate::Settings;
use crate::template::Template;

/// The form of the records.
#[derive(Clone)]
pub struct Form {
    /// What the payload is, for the header `schema`: `ocsf/1.8.0`, `json`, `cef/0`. Empty: no such header.
    pub schema: Arc<str>,
    /// Makes an encoder; `None` where the payload is the event's own JSON text.
    pub encoder: Arc<dyn Fn() -> Option<Box<dyn Encoder>> + Send + Sync>,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Shapes records, in buffers that it uses again and again.
pub(crate) struct Shaper {
    topic: Template,
    topics: Vec<String>,
    key: Template,
    schema: Arc<str>,
    encoder: Option<Box<dyn Encoder>>,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    topic: Vec<u8>,
    key: Vec<u8>,
    payload: Vec<u8>,
}

/// A record, borrowed from its event and from the shaper.
pub(crate) struct Shaped<'a> {
    pub(crate) topic: &'a str,
    pub(crate) key: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) headers: OwnedHeaders,
}

/// A scratch buffer that has grown beyond this is given back.
const MOST_SCRATCH: usize = 1 << 20;

impl Shaper {
    pub(crate) fn new(settings: &Settings, form: &Form) -> Self {
        Self {
            topic: settings.topic.clone(),
            topics: settings.topics.clone(),
            key: settings.key.clone(),
            schema: form.schema.clone(),
            encoder: (form.encoder)(),
            scratch: Scratch::default(),
        }
    }

    /// The event's record, or why there can be none: for the dead letter.
    pub(crate) fn shape<'a>(&'a mut self, event: &'a Event) -> Result<Shaped<'a>, String> {
        let Scratch { topic, key, payload } = &mut self.scratch;
        let topic = match self.topic.fixed() {
            Some(topic) => topic,
            None => allowed(&self.topic, &self.topics, event, topic)?,
        };
        let payload: &[u8] = match &mut self.encoder {
            None => &event.body,
            Some(encoder) => {
                payload.clear();
                payload.shrink_to(MOST_SCRATCH);
                encoder.encode(event, Detail::Whole, payload)?;
                payload
            }
        };
        let key = self.key.render(event, key).unwrap_or(event.meta.tenant.as_bytes());
        Ok(Shaped { topic, key, payload, headers: headers(event, &self.schema) })
    }
}

/// The topic among the listed ones that the template names.
fn allowed<'a>(
    template: &Template,
    topics: &'a [String],
    event: &Event,
    scratch: &mut Vec<u8>,
) -> Result<&'a str, String> {
    let name = template.render(event, scratch).map_err(|place| {
        format!(
            "the event has no {place}, which `topic` {template} needs to name one of `topics`; use a field that every event \
             has, or keep these events from this sink with a filter"
        )
    })?;
    topics.iter().find(|topic| topic.as_bytes() == name).map(String::as_str).ok_or_else(|| {
        let name = String::from_utf8_lossy(name);
        let name: String = name.chars().take(249).collect();
        format!(
            "`topic` {template} makes {name:?} of the event, which is none of `topics`; add it there if it is right"
        )
    })
}

fn headers(event: &Event, schema: &str) -> OwnedHeaders {
    let meta = &event.meta;
    let all: [(&str, &str); 4] =
        [("uid", &meta.id), ("kind", &meta.kind), ("tenant", &meta.tenant), ("schema", schema)];
    let given = all.into_iter().filter(|(_, value)| !value.is_empty());
    given.fold(OwnedHeaders::new_with_capacity(all.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}

/// Why a record that a broker or librdkafka finds too large goes to the dead letter.
pub(crate) fn too_large(bytes: usize, topic: &str, most: usize) -> String {
    if bytes > most.saturating_sub(1000) {
        return format!(
            "the record has {bytes} bytes beside its headers, more than the {most} of `max_message_bytes` leave; raise it, and \
             max.message.bytes of topic {topic} with it"
        );
    }
    format!(
        "the record has {bytes} bytes beside its headers, more than topic {topic} takes; raise the topic's max.message.bytes"
    )
}

#[cfg(test)]
mod tests;
