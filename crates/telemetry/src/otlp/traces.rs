//! Spans of pages, on a switch: off, a span costs one look at its callsite.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SpanData, SpanExporter};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::{Layer, Registry};

use crate::redact::redact;

/// The target of the spans that are traces: what a page goes through. No log filter has it on unless it asks for everything.
const TARGET: &str = "pages";

type Inner = OpenTelemetryLayer<Registry, SdkTracer>;

/// Turns tracing on and off.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<State>);

#[derive(Default)]
struct State {
    on: AtomicBool,
    layer: RwLock<Option<Inner>>,
}

impl Switch {
    pub(crate) fn on(&self, tracer: SdkTracer) {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false);
        *self.0.layer.write().unwrap_or_else(PoisonError::into_inner) = Some(layer);
        self.turn(true);
    }

    pub(crate) fn off(&self) {
        self.turn(false);
        *self.0.layer.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn turn(&self, on: bool) {
        self.0.on.store(on, Ordering::Relaxed);
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Makes traces of spans while the switch is on.
pub(crate) struct Traces(pub(crate) Switch);

impl Traces {
    fn with(&self, then: impl FnOnce(&Inner)) {
        if let Some(layer) = &*self.0.0.layer.read().unwrap_or_else(PoisonError::into_inner) {
            then(layer);
        }
    }
}

impl Layer<Registry> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, Registry>) {
        self.with(|layer| layer.on_new_span(attributes, id, context));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, Registry>) {
        self.with(|layer| layer.on_record(id, values, context));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, Registry>) {
        self.with(|layer| layer.on_follows_from(id, follows, context));
    }

    fn on_enter(&self, id: &Id, context: Context<'_, Registry>) {
        self.with(|layer| layer.on_enter(id, context));
    }

    fn on_exit(&self, id: &Id, context: Context<'_, Registry>) {
        self.with(|layer| layer.on_exit(id, context));
    }

    fn on_close(&self, id: Id, context: Context<'_, Registry>) {
        self.with(|layer| layer.on_close(id, context));
    }
}

/// Lets the spans of pages through while the switch is on, and nothing else.
pub(crate) struct Pages(pub(crate) Switch);

impl Pages {
    fn lets(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == TARGET && self.0.0.on.load(Ordering::Relaxed)
    }
}

impl<S: Subscriber> Filter<S> for Pages {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.lets(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.lets(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(if self.0.0.on.load(Ordering::Relaxed) { LevelFilter::from_level(Level::INFO) } else { LevelFilter::OFF })
    }
}

/// Takes secrets out of spans on their way.
#[derive(Debug)]
pub(crate) struct Redacting<E>(pub(crate) E);

impl<E: SpanExporter> SpanExporter for Redacting<E> {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        batch.iter_mut().for_each(clean);
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn clean(span: &mut SpanData) {
    if let Cow::Owned(name) = redact(&span.name) {
        span.name = name.into();
    }
    span.attributes.iter_mut().for_each(clean_value);
    span.events.events.iter_mut().flat_map(|event| &mut event.attributes).for_each(clean_value);
    if let Status::Error { description } = &mut span.status
        && let Cow::Owned(text) = redact(description)
    {
        *description = text.into();
    }
}

fn clean_value(pair: &mut KeyValue) {
    // A key may be made of digits.
    let text = pair.value.as_str().into_owned();
    if let Cow::Owned(text) = redact(&text) {
        pair.value = Value::from(text);
    }
}
