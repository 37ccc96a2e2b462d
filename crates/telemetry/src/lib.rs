//! Logs on standard error; later the OpenTelemetry SDK
