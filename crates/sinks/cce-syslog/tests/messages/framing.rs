//! Streams are taken apart into the messages that were put in.

use proptest::prelude::*;

use crate::receiver::{lines, octet_counted};
use crate::scene::{Sent, event, send, settings};

fn bodies(count: usize) -> Vec<adr_core::Event> {
    (0..count).map(|number| event(format!(r#"{{"n":{number},"t":"{}"}}"#, "ü".repeat(number % 50)))).collect()
}

fn texts(sent: &Sent) -> Vec<Vec<u8>> {
    sent.messages.iter().map(|(_, text)| text.clone()).collect()
}

#[test]
fn streams_come_apart_as_they_were_put_together() {
    let events = bodies(1000);
    for encoding in ["json", "flat"] {
        let counted = send(&settings(&format!("encoding: {encoding}")), &events);
        assert_eq!(octet_counted(&counted.stream), texts(&counted));
        assert_eq!(counted.messages.iter().map(|(event, _)| *event).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());

        let by_lines = send(&settings(&format!("mode: tcp\nframing: newline\nencoding: {encoding}")), &events);
        assert_eq!(lines(&by_lines.stream), texts(&by_lines));
        assert_eq!(texts(&by_lines), texts(&counted));
    }
}

#[test]
fn transports_that_part_messages_get_them_bare() {
    let events = bodies(3);
    for mode in ["udp", "relp", "relp_tcp"] {
        let sent = send(&settings(&format!("mode: {mode}")), &events);
        assert_eq!(sent.stream, texts(&sent).concat());
        assert!(sent.stream.starts_with(b"<133>1 "));
    }
}

#[test]
fn a_chunk_has_at_most_256_messages_or_a_mebibyte_and_one_event() {
    assert_eq!(send(&settings(""), &bodies(600)).chunks, [256, 256, 88]);
    let large: Vec<_> = (0..40).map(|_| event(format!("\"{}\"", "x".repeat(60_000)))).collect();
    assert_eq!(send(&settings(""), &large).chunks, [18, 18, 4]);
    assert_eq!(send(&settings("encoding: flat"), &bodies(300)).chunks, [256, 44]);
}

#[test]
fn a_line_feed_in_a_text_is_refused_where_it_would_cut_it_in_two() {
    let events = [event("{}"), event("{\n}"), event("{ }")];
    let sent = send(&settings("framing: newline"), &events);
    assert_eq!(sent.messages.iter().map(|(event, _)| *event).collect::<Vec<_>>(), [0, 2]);
    assert_eq!((sent.rejected.len(), sent.rejected[0].index), (1, 1));
    assert!(sent.rejected[0].reason.contains("line feed"), "{}", sent.rejected[0].reason);
    assert_eq!(lines(&sent.stream).len(), 2);

    let counted = send(&settings(""), &events);
    assert_eq!((counted.messages.len(), counted.rejected.len()), (3, 0), "a counted message may hold it");
}

#[test]
fn nothing_but_rejected_events_is_an_empty_stream() {
    let sent = send(&settings("framing: newline"), &[event("\n"), event("\n")]);
    assert_eq!((sent.stream, sent.messages.len(), sent.rejected.len()), (Vec::new(), 0, 2));
}

#[test]
fn what_the_encoder_cannot_write_is_rejected_in_its_words_and_leaves_no_trace() {
    let events = [event("{}"), event("no object"), event("{}")];
    let sent = send(&settings("encoding: cef"), &events);
    assert_eq!((sent.messages.len(), sent.rejected.len(), sent.rejected[0].index), (2, 1, 1));
    assert!(sent.rejected[0].reason.contains("expected"), "{}", sent.rejected[0].reason);
    assert_eq!(octet_counted(&sent.stream), texts(&sent));
}

proptest! {
    #[test]
    fn any_texts_survive_octet_counting(texts_in in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20)) {
        let events: Vec<_> = texts_in.iter().map(|text| event(text.clone())).collect();
        let sent = send(&settings("bom: false"), &events);
        prop_assert_eq!(sent.rejected.len(), 0);
        let read = octet_counted(&sent.stream);
        prop_assert_eq!(read.len(), texts_in.len());
        for (message, text) in read.iter().zip(&texts_in) {
            prop_assert!(message.ends_with(text));
        }
    }

    #[test]
    fn any_texts_without_line_feeds_survive_lines(texts_in in prop::collection::vec("[^\n]{0,200}", 1..20)) {
        let events: Vec<_> = texts_in.iter().map(|text| event(text.clone())).collect();
        let sent = send(&settings("framing: newline"), &events);
        let read = lines(&sent.stream);
        prop_assert_eq!(read.len(), texts_in.len());
        for (message, text) in read.iter().zip(&texts_in) {
            prop_assert!(message.ends_with(text.as_bytes()));
        }
    }
}
