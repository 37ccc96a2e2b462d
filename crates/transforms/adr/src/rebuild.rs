//! The way back: the source event from its ADR event.

use crate::classes::{Actor, Class};
use crate::homes::{self, Accepts, Home};
use crate::json::{Fault, tree::Json};
use crate::labels::Label;
use crate::table::{Shape, Table};

/// Why an ADR event gives no source event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// The text is not JSON.
    #[error("not an ADR event: {0}")]
    Json(#[from] Fault),
    /// It is JSON, but not what this version of ADR writes.
    #[error("not an ADR v1 event: {0}")]
    NotAdr(&'static str),
    /// It is labelled [`Label::Shortened`], and has no `raw_data`.
    #[error("the ADR event was shortened on its way: what was left out cannot be rebuilt")]
    Shortened,
}

/// Rebuilds the source event of an ADR v1 event, as JSON text in one line: equal to what was mapped, with its
/// numbers as written and its keys in another order. An event kept as text (`raw_data` under one of
/// [`Label::DuplicateKey`], [`Label::TooDeep`], [`Label::LoneSurrogate`]) comes back byte for byte, and so does one
/// that was shortened, if it has its `raw_data` still.
///
/// For audits and tests; it is not made to be fast.
pub fn rebuild(adr: &str) -> Result<String, RebuildError> {
    let event = Json::parse(adr)?;
    let labels = Found::in_event(&event)?;
    let raw = || event.at("raw_data").and_then(Json::as_str).map(str::to_owned);
    if labels.has(Label::Shortened) {
        return raw().ok_or(RebuildError::Shortened);
    }
    if [Label::DuplicateKey, Label::TooDeep, Label::LoneSurrogate].into_iter().any(|label| labels.has(label)) {
        return raw().ok_or(RebuildError::NotAdr("it has no raw_data"));
    }
    let unmapped = event.at("unmapped").cloned().unwrap_or(Json::Object(Vec::new()));
    let mut source = unmapped.clone();
    let homes = in_force(&event, &unmapped)?;
    // A rival decides on what stands before it: those without one come first.
    let (later, first): (Vec<&Home>, Vec<&Home>) = homes.into_iter().partition(|home| home.rival.is_some());
    for home in first.into_iter().chain(later) {
        if home.unless.iter().any(|label| labels.has(*label)) {
            continue;
        }
        let target = if home.object.is_empty() { home.key.to_owned() } else { format!("{}.{}", home.object, home.key) };
        let Some(leaf) = event.at(&target).and_then(|value| undo(home, value)) else { continue };
        let path: Vec<&str> = home.source.iter().map(|name| name.text()).collect();
        let stands =
            |path: &[&str]| -> Option<Json> { path.iter().try_fold(&source, |at, step| member(at, step)).cloned() };
        if stands(&path).is_some() {
            // Its source is still in `unmapped`: the attribute is a copy.
            continue;
        }
        let rival = home.rival.map(|rival| rival.iter().map(|name| name.text()).collect::<Vec<_>>());
        if rival.is_some_and(|rival| stands(rival.as_slice()).as_ref() == Some(&leaf)) {
            continue;
        }
        if !source.put(&path, leaf) {
            return Err(RebuildError::NotAdr("an attribute has no place in its source"));
        }
    }
    Ok(source.to_string())
}

/// A member by its exact key, which may have dots.
fn member<'a>(value: &'a Json, key: &str) -> Option<&'a Json> {
    match value {
        Json::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
        _ => None,
    }
}

/// The homes that the event's class and event type have.
fn in_force(event: &Json, unmapped: &Json) -> Result<Vec<&'static Home>, RebuildError> {
    let Some(Json::Number(class)) = event.at("class_uid") else {
        return Err(RebuildError::NotAdr("it has no class_uid"));
    };
    let class = class.parse().ok().and_then(Class::of).ok_or(RebuildError::NotAdr("its class is none of ADR's"))?;
    let shape = if class.uid == 0 { None } else { Some(shape(event, unmapped)?) };
    let mut homes: Vec<_> = homes::common().chain([homes::correlation(shape)]).collect();
    if class.actor != Actor::No {
        homes.extend(homes::actor());
    }
    if let Some(shape) = shape {
        if class.endpoint {
            homes.extend(homes::endpoint(shape));
        }
        homes.extend(homes::shape(shape));
    }
    Ok(homes)
}

fn shape(event: &Json, unmapped: &Json) -> Result<Shape, RebuildError> {
    let text = |home: &Home| {
        let here = event.at("metadata").and_then(|metadata| member(metadata, home.key));
        here.or_else(|| member(unmapped, home.source.first()?.text())).and_then(Json::as_str).unwrap_or_default()
    };
    let row = Table::v1().row(text(&homes::LOG_NAME).as_bytes(), text(&homes::EVENT_CODE).as_bytes());
    row.map(|row| row.shape).ok_or(RebuildError::NotAdr("its event type is not in the table"))
}

/// The source leaf that an attribute holds.
fn undo(home: &Home, value: &Json) -> Option<Json> {
    let fits = match (home.accepts, value) {
        (Accepts::UserType, Json::Number(id)) => {
            return match id.as_str() {
                "1" => Some(Json::String("user".to_owned())),
                "2" => Some(Json::String("admin".to_owned())),
                _ => None,
            };
        }
        (Accepts::Text | Accepts::Ip | Accepts::Email, Json::String(_)) => true,
        (Accepts::Float | Accepts::Integer, Json::Number(_)) => true,
        (Accepts::Bool, Json::Bool(_)) => true,
        _ => false,
    };
    fits.then(|| value.clone())
}

/// The labels of an ADR event.
struct Found<'a>(Vec<&'a str>);

impl<'a> Found<'a> {
    fn in_event(event: &'a Json) -> Result<Self, RebuildError> {
        let Some(Json::Array(labels)) = event.at("metadata.labels") else {
            return Err(RebuildError::NotAdr("it has no metadata.labels"));
        };
        let found = Self(labels.iter().filter_map(Json::as_str).collect());
        if found.has(Label::V1) { Ok(found) } else { Err(RebuildError::NotAdr("it is not labelled adr.v1")) }
    }

    fn has(&self, label: Label) -> bool {
        self.0.contains(&label.as_str())
    }
}
