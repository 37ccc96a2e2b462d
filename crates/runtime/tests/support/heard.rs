//! Listens to what is said by `tracing`: messages, and spans with their fields.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span;

/// A span that was opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeardSpan {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) parent: Option<u64>,
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// How many hold it; none: it is closed.
    pub(crate) held: usize,
}

/// Everything that was said.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<All>>);

#[derive(Default)]
struct All {
    lines: Vec<String>,
    spans: BTreeMap<u64, HeardSpan>,
}

impl Heard {
    /// Listens on this thread until the guard is dropped.
    pub(crate) fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        let heard = Self::default();
        let guard = tracing::subscriber::set_default(heard.clone());
        (heard, guard)
    }

    /// How many messages have these words.
    pub(crate) fn lines_with(&self, words: &str) -> usize {
        self.all().lines.iter().filter(|line| line.contains(words)).count()
    }

    /// All spans by their numbers.
    pub(crate) fn spans(&self) -> BTreeMap<u64, HeardSpan> {
        self.all().spans.clone()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl tracing::Subscriber for Heard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let (metadata, parent) = (attributes.metadata(), attributes.parent().map(span::Id::into_u64));
        let span = HeardSpan { name: metadata.name(), target: metadata.target(), parent, fields: fields.0, held: 1 };
        let mut all = self.all();
        let id = all.spans.len() as u64 + 1;
        all.spans.insert(id, span);
        span::Id::from_u64(id)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = self.all().spans.get_mut(&id.into_u64()) {
            span.fields.extend(fields.0);
        }
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        if let Some(span) = self.all().spans.get_mut(&id.into_u64()) {
            span.held += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: span::Id) -> bool {
        let mut all = self.all();
        let Some(span) = all.spans.get_mut(&id.into_u64()) else { return false };
        span.held -= 1;
        span.held == 0
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.all().lines.push(fields.0.remove("message").unwrap_or_default());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
