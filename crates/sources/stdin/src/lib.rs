//! Source stdin: NDJSON lines from standard input
