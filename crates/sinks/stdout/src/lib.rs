//! Sink stdout: NDJSON to standard output
