//! Everything the sink and librdkafka's binding log, kept for looking through.

use std::fmt::Write as _;
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// A line of a log.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) level: Level,
    /// The sink that said it; empty where the line is not ours.
    pub(super) component: String,
    pub(super) text: String,
}

struct Keeper;

/// From now on all lines of this process are kept, whichever thread writes them.
pub(super) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Keeper).expect("no other trial keeps lines"));
}

/// All lines so far, of other trials too.
pub(super) fn all() -> Vec<Line> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What a sink has told people: warnings and news.
pub(super) fn told_by(component: &str) -> Vec<String> {
    let lines = all().into_iter().filter(|line| line.component == component && line.level <= Level::INFO);
    lines.map(|line| line.text).collect()
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = ["adr_kafka", "adr_sink_kafka", "rdkafka", "librdkafka"]
            .iter()
            .any(|name| metadata.target().starts_with(name));
        ours && metadata.is_event() && *metadata.level() <= Level::DEBUG
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { level: *event.metadata().level(), component: String::new(), text: String::new() };
        event.record(&mut line);
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "component_id" => self.component = format!("{value:?}"),
            "message" => write!(self.text, "{value:?} ").expect("a string takes it"),
            name => write!(self.text, "{name}={value:?} ").expect("a string takes it"),
        }
    }
}
