use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use adr_core::Timestamp;
use tracing::callsite::Identifier;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::fields::Fields;
use crate::format::{self, Line, Look};
use crate::limit::Limit;
use crate::otlp::Bridge;
use crate::redact::redact;
use crate::settings::Format;

/// Fields that tell whose message it is: repeats are counted for each of them apart, so that one tenant in
/// trouble does not hide another, and each reload has its answer.
const WHOSE: [&str; 4] = ["tenant", "lane", "component_id", "reload"];

/// Makes lines of events and writes them.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Shared>);

struct Shared {
    format: Format,
    look: Look,
    clock: fn() -> Timestamp,
    hasher: RandomState,
    state: Mutex<State>,
    /// Where lines go besides.
    bridge: RwLock<Option<Bridge>>,
}

struct State {
    writer: Box<dyn Write + Send>,
    limit: Limit<(Identifier, u64), Line>,
}

impl Lines {
    pub(crate) fn new(format: Format, look: Look, clock: fn() -> Timestamp, writer: Box<dyn Write + Send>) -> Self {
        let state = Mutex::new(State { writer, limit: Limit::new() });
        Self(Arc::new(Shared { format, look, clock, hasher: RandomState::new(), state, bridge: RwLock::default() }))
    }

    /// Tells of the repeats that were counted and not told yet.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        let overdue = state.limit.overdue(Instant::now(), true);
        self.write_counts(&mut state, overdue);
    }

    /// From now on lines go there as well; None: nowhere else.
    pub(crate) fn bridge(&self, bridge: Option<Bridge>) {
        *self.0.bridge.write().unwrap_or_else(PoisonError::into_inner) = bridge;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, callsite: Identifier, fields: &Fields) -> (Identifier, u64) {
        let mut hasher = self.0.hasher.build_hasher();
        fields.message.hash(&mut hasher);
        for (name, value) in fields.list.iter().filter(|(name, _)| WHOSE.contains(name)) {
            (name, value.to_string()).hash(&mut hasher);
        }
        (callsite, hasher.finish())
    }

    fn write_counts(&self, state: &mut State, counts: Vec<(Line, u64)>) {
        for (mut line, count) in counts {
            line.fields.set("suppressed", count.into());
            self.write(state, &line);
        }
    }

    fn write(&self, state: &mut State, line: &Line) {
        let text = match self.0.format {
            Format::Text => format::text(line, self.0.look),
            Format::Json => format::json(line),
            Format::Telegraf => format::telegraf(line, self.0.look.target),
        };
        // One write a line, so that lines of several writers do not mix. There is nobody to tell if it fails.
        let _ = state.writer.write_all(redact(&text).as_bytes());
        if Bridge::takes(line.target)
            && let Some(bridge) = &*self.0.bridge.read().unwrap_or_else(PoisonError::into_inner)
        {
            bridge.push(line);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                for (name, value) in &outer.list {
                    if !fields.list.iter().any(|(known, _)| known == name) {
                        fields.list.push((name, value.clone()));
                    }
                }
            }
        }
        let (callsite, level) = (metadata.callsite(), *metadata.level());
        let mut line = Line { time: (self.0.clock)(), level, target: metadata.target(), fields };
        let mut state = self.lock();
        // Who asks for debug wants to see every line.
        if level <= Level::INFO {
            let now = Instant::now();
            let overdue = state.limit.overdue(now, false);
            self.write_counts(&mut state, overdue);
            let key = self.key(callsite, &line.fields);
            match state.limit.admit(key, now, || line.clone()) {
                None => return,
                Some(0) => {}
                Some(suppressed) => line.fields.set("suppressed", suppressed.into()),
            }
        }
        self.write(&mut state, &line);
    }
}
