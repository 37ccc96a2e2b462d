use adr_core::Timestamp;
use bytes::Bytes;

use super::stored::{Row, timestamp_of};
use crate::random::Random;

/// Why a file cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not an event: it has no `timestamp` in RFC 3339; a replay needs one JSON object a line")]
pub struct ReplayError {
    /// Counted from 1.
    pub line: usize,
}

/// The events of an NDJSON text, verbatim; blank lines are passed over.
pub(crate) fn rows_of_text(text: &Bytes, random: &mut Random) -> Result<Vec<Row>, ReplayError> {
    let mut rows = Vec::new();
    let mut start = 0;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let trimmed = line.trim_ascii();
        let offset = start + line.len() - line.trim_ascii_start().len();
        start += line.len() + 1;
        if trimmed.is_empty() {
            continue;
        }
        let timestamp = timestamp_of(trimmed).ok_or(ReplayError { line: index + 1 })?;
        let doc = random.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
        let body = text.slice(offset..offset + trimmed.len());
        rows.push(Row::new(body, timestamp, Timestamp::from_nanos(i64::MIN), doc));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_to_the_byte() {
        let text = Bytes::from_static(
            b"{\"timestamp\":\"2024-01-02T03:04:05.6Z\", \"id\" : \"a\"}\r\n\n  {\"id\":\"b\",\"timestamp\":\"2024-01-02T03:04:05Z\"}",
        );
        let rows = rows_of_text(&text, &mut Random::new(1)).expect("two events");
        assert_eq!(rows.len(), 2);
        assert_eq!(&rows[0].text[..], b"{\"timestamp\":\"2024-01-02T03:04:05.6Z\", \"id\" : \"a\"}");
        assert_eq!(&rows[1].text[..], b"{\"id\":\"b\",\"timestamp\":\"2024-01-02T03:04:05Z\"}");
        assert_eq!(rows[1].ledger_entry().id.as_deref(), Some("b"));
    }

    #[test]
    fn a_line_without_a_timestamp_is_named() {
        let text = Bytes::from_static(b"{\"timestamp\":\"2024-01-02T03:04:05.6Z\"}\n\n{\"timestamp\":12}\n");
        let error = rows_of_text(&text, &mut Random::new(1)).expect_err("the third line");
        assert_eq!(error.line, 3);
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}
