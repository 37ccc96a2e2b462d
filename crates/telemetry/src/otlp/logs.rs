use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use serde_json::Value;
use tracing::Level;

use crate::format::Line;
use crate::redact::redact;

/// Hands log lines on as records: what is written is what is pushed, limited and redacted alike.
pub(crate) struct Bridge(SdkLogger);

impl Bridge {
    pub(crate) fn new(provider: &SdkLoggerProvider) -> Self {
        Self(provider.logger("jumpcloud-adr"))
    }

    /// Whether lines of that origin are pushed. Never what is said by whoever pushes: each push would make another.
    pub(crate) fn takes(target: &str) -> bool {
        let ours = target.starts_with("adr") || target.starts_with("jumpcloud_adr") || target.contains("rdkafka");
        ours && !target.starts_with("adr_telemetry::otlp")
    }

    /// Queues a line; drops it where the queue is full.
    pub(crate) fn push(&self, line: &Line) {
        let mut record = self.0.create_log_record();
        record.set_timestamp(time(line.time.as_nanos()));
        record.set_severity_number(severity(line.level));
        record.set_severity_text(line.level.as_str());
        record.set_target(line.target);
        record.set_body(AnyValue::from(redact(&line.fields.message).into_owned()));
        for (name, value) in &line.fields.list {
            record.add_attribute(*name, any(value));
        }
        self.0.emit(record);
    }
}

fn time(nanos: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

fn any(value: &Value) -> AnyValue {
    match value {
        Value::Bool(value) => AnyValue::from(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => AnyValue::from(whole),
            (None, Some(real)) => AnyValue::from(real),
            (None, None) => AnyValue::from(number.to_string()),
        },
        Value::String(text) => AnyValue::from(redact(text).into_owned()),
        other => AnyValue::from(redact(&other.to_string()).into_owned()),
    }
}
