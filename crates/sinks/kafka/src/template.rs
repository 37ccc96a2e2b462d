//! Templates: plain text around `{{ tenant }}`, a fact that travels beside the event, and `{{ .metadata.uid }}`, a field of
//! its JSON text.

mod field;

use std::fmt;

use adr_core::{Event, Severity};

/// A checked template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Place),
}

/// What stands between the braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Whose the event is.
    Tenant,
    /// Its type.
    Kind,
    /// Its id.
    Uid,
    /// How bad it is, as a word.
    Severity,
    /// A field of its text.
    Field(Vec<String>),
}

impl Template {
    /// Reads a template. The error says what is wrong with it, to stand after the setting's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((plain, after)) = rest.split_once("{{") {
            push(&mut parts, plain, text)?;
            let Some((place, after)) = after.split_once("}}") else {
                return Err(format!("{text:?} has {{{{ without }}}} after it: close it, such as {{{{ tenant }}}}"));
            };
            parts.push(Part::Place(Place::parse(place.trim(), text)?));
            rest = after;
        }
        push(&mut parts, rest, text)?;
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The text of a template without places: all events have the same.
    pub(crate) fn fixed(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What it makes of an event, in `out` or where it stands already. An empty fact or field counts as missing.
    pub(crate) fn render<'a>(&'a self, event: &'a Event, out: &'a mut Vec<u8>) -> Result<&'a [u8], &'a Place> {
        if let [Part::Place(place)] = self.parts.as_slice()
            && let Some(fact) = place.fact(event)
        {
            return if fact.is_empty() { Err(place) } else { Ok(fact.as_bytes()) };
        }
        out.clear();
        for part in &self.parts {
            let before = out.len();
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Place(place @ Place::Field(path)) => {
                    field::append(&event.body, path, out).filter(|()| out.len() > before).ok_or(place)?;
                }
                Part::Place(place) => {
                    let fact = place.fact(event).filter(|fact| !fact.is_empty()).ok_or(place)?;
                    out.extend_from_slice(fact.as_bytes());
                }
            }
        }
        Ok(out)
    }
}

/// As the settings write it.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn push(parts: &mut Vec<Part>, plain: &str, whole: &str) -> Result<(), String> {
    if plain.contains("}}") {
        return Err(format!("{whole:?} has }}}} without {{{{ before it: write places such as {{{{ tenant }}}}"));
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain.to_owned()));
    }
    Ok(())
}

impl Place {
    fn parse(text: &str, whole: &str) -> Result<Self, String> {
        match text {
            "tenant" => return Ok(Self::Tenant),
            "kind" => return Ok(Self::Kind),
            "uid" => return Ok(Self::Uid),
            "severity" => return Ok(Self::Severity),
            _ => {}
        }
        let sound = |name: &str| {
            !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || "\"'{}[]|()".contains(letter))
        };
        match text.strip_prefix('.') {
            Some(path) if path.split('.').all(sound) => Ok(Self::Field(path.split('.').map(str::to_owned).collect())),
            Some(_) => Err(format!(
                "{whole:?} has {{{{ {text} }}}}, which is no path of a field: write names with dots, such as \
                 {{{{ .metadata.event_code }}}}"
            )),
            None => Err(format!(
                "{whole:?} has {{{{ {text} }}}}, which is nothing known: write tenant, kind, uid or severity, or a field with a \
                 dot before it, such as {{{{ .class_name }}}}"
            )),
        }
    }

    fn fact<'a>(&self, event: &'a Event) -> Option<&'a str> {
        match self {
            Self::Tenant => Some(&event.meta.tenant),
            Self::Kind => Some(&event.meta.kind),
            Self::Uid => Some(&event.meta.id),
            Self::Severity => Some(word(event.meta.severity)),
            Self::Field(_) => None,
        }
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "unknown",
        Severity::Informational => "informational",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
        Severity::Fatal => "fatal",
        Severity::Other => "other",
    }
}

/// As a template writes it, without the braces.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("tenant"),
            Self::Kind => f.write_str("kind"),
            Self::Uid => f.write_str("uid"),
            Self::Severity => f.write_str("severity"),
            Self::Field(path) => path.iter().try_for_each(|name| write!(f, ".{name}")),
        }
    }
}

#[cfg(test)]
mod tests;
