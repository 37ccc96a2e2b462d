use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Compression, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{self, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{self, Sampler, SdkTracerProvider};

use super::client::Client;
use super::instruments::{register, view};
use super::logs::Bridge;
use super::traces::{Redacting, Switch};
use super::url::checked;
use super::{Otlp, OtlpError};
use crate::layer::Lines;
use crate::metrics::Metrics;

/// Spans and log lines that may wait; what does not fit is dropped.
const QUEUE: usize = 4096;

/// How many go with a request.
const BATCH: usize = 512;

/// How long one may wait for others.
const DELAY: Duration = Duration::from_secs(5);

/// What is pushed, for as long as it is.
pub(crate) struct Push {
    metrics: Option<SdkMeterProvider>,
    traces: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
}

impl Push {
    /// Makes everything ready. Nothing is asked of the other side: one that is not there is no error.
    pub(crate) fn prepare(otlp: &Otlp, metrics: Arc<Metrics>) -> Result<Self, OtlpError> {
        let resource = resource(otlp);
        let client = |signal: &'static str, address: &Option<String>| {
            let url = address.as_ref().map(|address| checked(otlp, signal, address)).transpose()?;
            url.map(|url| Client::new(otlp, signal, url)).transpose()
        };
        // All of it is found to be right before any of it is pushed.
        let to_metrics = client("metrics", &otlp.metrics)?;
        let to_traces = client("traces", &otlp.traces)?;
        let to_logs = client("logs", &otlp.logs)?;
        let metrics = to_metrics.map(|client| meters(otlp, client, metrics, resource.clone())).transpose()?;
        let traces = to_traces.map(|client| tracers(otlp, client, resource.clone())).transpose()?;
        let logs = to_logs.map(|client| loggers(otlp, client, resource)).transpose()?;
        Ok(Self { metrics, traces, logs })
    }

    /// From now on there are spans and lines to push.
    pub(crate) fn start(self, switch: &Switch, lines: &Lines) -> Self {
        if let Some(provider) = &self.traces {
            switch.on(provider.tracer("jumpcloud-adr"));
        }
        if let Some(provider) = &self.logs {
            lines.bridge(Some(Bridge::new(provider)));
        }
        self
    }

    /// Sends what is left, for so long at most.
    pub(crate) fn stop(self, switch: &Switch, lines: &Lines, within: Duration) {
        switch.off();
        lines.bridge(None);
        let (done, ended) = mpsc::sync_channel(3);
        let Self { metrics, traces, logs } = self;
        let mut open = 0;
        let mut end = |stop: Box<dyn FnOnce() + Send>| {
            let done = done.clone();
            let ending = move || {
                stop();
                // Nobody listens once the time is over.
                let _ = done.send(());
            };
            // Each in a thread of its own, which is left behind where the other side does not answer.
            open += usize::from(std::thread::Builder::new().spawn(ending).is_ok());
        };
        if let Some(provider) = metrics {
            end(Box::new(move || drop(provider.shutdown_with_timeout(within))));
        }
        if let Some(provider) = traces {
            end(Box::new(move || drop(provider.shutdown_with_timeout(within))));
        }
        if let Some(provider) = logs {
            end(Box::new(move || drop(provider.shutdown_with_timeout(within))));
        }
        let deadline = Instant::now() + within;
        for _ in 0..open {
            if ended.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_err() {
                tracing::warn!("telemetry that was not pushed yet is dropped: the other side has not taken it in time");
                return;
            }
        }
    }
}

fn resource(otlp: &Otlp) -> Resource {
    let attributes = otlp.attributes.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(attributes)
        .with_service_name(otlp.service_name.clone())
        .build()
}

/// What is the same for all signals.
macro_rules! exporter {
    ($builder:expr, $otlp:expr, $client:expr) => {{
        let mut builder = $builder
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint($client.address())
            .with_timeout($otlp.timeout)
            .with_http_client($client);
        if $otlp.gzip {
            builder = builder.with_compression(Compression::Gzip);
        }
        builder.build().map_err(|error| OtlpError::new("otlp", error.to_string()))
    }};
}

fn meters(
    otlp: &Otlp,
    client: Client,
    metrics: Arc<Metrics>,
    resource: Resource,
) -> Result<SdkMeterProvider, OtlpError> {
    let exporter = exporter!(opentelemetry_otlp::MetricExporter::builder(), otlp, client)?;
    let reader = PeriodicReader::builder(exporter).with_interval(otlp.interval).build();
    let builder = SdkMeterProvider::builder().with_reader(reader).with_resource(resource);
    let provider = builder.with_view(view(metrics.tenants())).build();
    register(&provider.meter("jumpcloud-adr"), metrics);
    Ok(provider)
}

fn tracers(otlp: &Otlp, client: Client, resource: Resource) -> Result<SdkTracerProvider, OtlpError> {
    let exporter = exporter!(opentelemetry_otlp::SpanExporter::builder(), otlp, client)?;
    let config = trace::BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    let processor = trace::BatchSpanProcessor::builder(Redacting(exporter)).with_batch_config(config).build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(otlp.sampling)));
    Ok(SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_sampler(sampler)
        .with_resource(resource)
        .build())
}

fn loggers(otlp: &Otlp, client: Client, resource: Resource) -> Result<SdkLoggerProvider, OtlpError> {
    let exporter = exporter!(opentelemetry_otlp::LogExporter::builder(), otlp, client)?;
    let config = logs::BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    let processor = logs::BatchLogProcessor::builder(exporter).with_batch_config(config).build();
    Ok(SdkLoggerProvider::builder().with_log_processor(processor).with_resource(resource).build())
}
