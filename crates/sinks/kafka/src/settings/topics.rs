//! The topics that settings name.

use adr_core::Failure;
use adr_kafka::check_topic_name;

use super::config;
use crate::template::Template;

pub(super) fn template(text: &str) -> Result<Template, Failure> {
    if text.trim().is_empty() {
        return Err(config("`topic` is missing: name the topic that events go to"));
    }
    Template::parse(text).map_err(|why| config(format!("`topic` {why}")))
}

pub(super) fn key(text: Option<&str>) -> Result<Template, Failure> {
    match text {
        Some(text) if text.trim().is_empty() => Err(config(
            "`key` is empty, and events of a tenant would lose their order: leave it out, it is then the tenant",
        )),
        text => Template::parse(text.unwrap_or("{{ tenant }}")).map_err(|why| config(format!("`key` {why}"))),
    }
}

/// Every topic that an event may go to.
pub(super) fn allowed(text: &str, topic: &Template, listed: Option<Vec<String>>) -> Result<Vec<String>, Failure> {
    let Some(fixed) = topic.fixed() else {
        let Some(listed) = listed else {
            return Err(config(format!(
                "`topics` is missing, and `topic` {text} is a template: list every topic that events may go to"
            )));
        };
        if listed.is_empty() {
            return Err(config("`topics` is empty: list every topic that events may go to"));
        }
        for (place, name) in listed.iter().enumerate() {
            check_topic_name(name, "topics")?;
            if listed[..place].contains(name) {
                return Err(config(format!("`topics` has {name} twice: keep the first")));
            }
        }
        return Ok(listed);
    };
    check_topic_name(fixed, "topic")?;
    match listed {
        Some(listed) if listed != [fixed] => {
            Err(config(format!("`topics` has no effect, for `topic` {fixed} is no template: leave it out")))
        }
        _ => Ok(vec![fixed.to_owned()]),
    }
}

/// A topic that holds no events.
pub(super) fn own(name: &str, setting: &str, events: &[String]) -> Result<(), Failure> {
    check_topic_name(name, setting)?;
    if events.iter().any(|topic| topic == name) {
        return Err(config(format!("`{setting}` is {name}, where events go: give it a topic of its own")));
    }
    Ok(())
}
