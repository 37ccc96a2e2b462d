use std::fmt::{Debug, Write};
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// What is logged on this thread, a line for each event.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<String>>);

/// As long as there is only one listener, a place that logs is asked once whether somebody listens: on the thread that comes
/// there first, which may be that of another test.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Heard::default()));

impl Heard {
    pub(super) fn listen() -> (Self, DefaultGuard) {
        LazyLock::force(&ANOTHER);
        let heard = Self::default();
        (heard.clone(), tracing::subscriber::set_default(heard))
    }

    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        writeln!(self.0.lock().unwrap(), "{}", line.0).unwrap();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
