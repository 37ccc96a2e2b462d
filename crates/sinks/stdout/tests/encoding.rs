//! Lines in another form than the event's own.

mod common;

use std::borrow::Cow;
use std::fs;

use adr_core::{Detail, Encoder, Event, Rejection, Sink};
use adr_sink_stdout::StdoutSink;
use common::{TRAIL, event, target};

/// Writes the event's text between brackets, and refuses `null`.
struct Brackets;

impl Encoder for Brackets {
    fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        assert_eq!(detail, Detail::Whole);
        if event.body == "null" {
            return Err("no object".into());
        }
        out.push(b'[');
        out.extend_from_slice(&event.body);
        out.push(b']');
        Ok(())
    }
}

#[tokio::test]
async fn each_event_has_its_encoded_line_and_one_that_has_none_is_rejected() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let target = target(file.reopen().expect("opens"));
    let mut sink = StdoutSink::new(&target, Some(Box::new(Brackets)), TRAIL);
    let batch = [event("{\"n\":1}"), event("null"), event("{\"n\":2}")];
    let delivered = sink.write(&batch).await.expect("accepted").await.expect("delivered");
    assert_eq!(delivered.rejected, [Rejection { index: 1, reason: "no object".to_owned() }]);
    assert_eq!(fs::read_to_string(file.path()).expect("reads"), "[{\"n\":1}]\n[{\"n\":2}]\n");
}
