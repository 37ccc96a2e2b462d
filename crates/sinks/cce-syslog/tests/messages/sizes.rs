//! `max_message_bytes`: never one byte more, and never less than the whole event without a word.

use adr_core::Event;
use proptest::prelude::*;

use crate::receiver::{octet_counted, rfc5424};
use crate::scene::{event, one, send, settings};

const BOM: char = '\u{feff}';

/// An event with a part that is left out first, one that is left out then, and one that stays.
fn layered(unmapped: usize, raw: usize, kept: usize) -> Event {
    let text = |length| "x".repeat(length);
    event(format!(r#"{{"kept":"{}","raw_data":"{}","unmapped":"{}"}}"#, text(kept), text(raw), text(unmapped)))
}

#[test]
fn the_limit_is_exact_and_counts_header_mark_and_text() {
    for filler in ["x", "ü"] {
        let mut event = event(format!("\"{}\"", filler.repeat(500)));
        let length = one(&settings(""), &event).len();
        let limit = settings(&format!("max_message_bytes: {length}"));
        assert_eq!(one(&limit, &event).len(), length);
        let rejected =
            send(&settings(&format!("max_message_bytes: {}", length - 1)), std::slice::from_ref(&event)).rejected;
        assert_eq!(rejected.len(), 1, "one byte more than allowed");
        event.meta.id = "5f6f-uid+".to_owned().into();
        assert_eq!(send(&limit, &[event]).rejected.len(), 1, "the header counts");
    }
}

#[test]
fn by_default_a_message_that_is_too_long_is_rejected_whole_with_both_sizes() {
    let events = [event("{}"), event(format!("\"{}\"", "x".repeat(70_000))), event("{}")];
    for encoding in ["json", "leef"] {
        // The encoder of these tests takes objects only.
        let events: Vec<_> =
            if encoding == "json" { events.to_vec() } else { vec![event("{}"), layered(70_000, 0, 0), event("{}")] };
        let sent = send(&settings(&format!("encoding: {encoding}")), &events);
        assert_eq!((sent.messages.len(), sent.rejected.len(), sent.rejected[0].index), (2, 1, 1));
        let reason = &sent.rejected[0].reason;
        let bytes: usize = reason.split(' ').find_map(|word| word.parse().ok()).unwrap();
        assert!((70_100..70_300).contains(&bytes), "{reason}");
        for part in ["65536", "`max_message_bytes`", "`when_too_long`"] {
            assert!(reason.contains(part), "{reason}");
        }
        assert_eq!(octet_counted(&sent.stream).len(), 2);
    }
}

#[test]
fn shortening_leaves_out_as_little_as_it_takes() {
    let settings = settings("max_message_bytes: 2000\nwhen_too_long: shorten");
    for (event, expected) in [
        (layered(100, 100, 100), (false, true, true)),
        (layered(3000, 100, 100), (true, false, true)),
        (layered(100, 3000, 100), (true, false, false)),
        (layered(3000, 3000, 100), (true, false, false)),
    ] {
        let message = one(&settings, &event);
        assert!(message.len() <= 2000);
        let text = rfc5424(&message).unwrap().text;
        let has = |key: &str| text.contains(&format!("\"{key}\":"));
        assert_eq!((has("shortened"), has("unmapped"), has("raw_data")), expected, "{text}");
        assert!(has("kept"));
    }
    let whole = layered(100, 100, 100);
    assert!(one(&settings, &whole).as_bytes().ends_with(&whole.body), "untouched while it fits");
}

#[test]
fn what_cannot_be_shortened_enough_is_rejected_with_all_sizes() {
    let settings = settings("max_message_bytes: 2000\nwhen_too_long: shorten");
    let sent = send(&settings, &[layered(3000, 3000, 3000), event("{}"), event(format!("\"{}\"", "x".repeat(3000)))]);
    assert_eq!(sent.messages.len(), 1);
    assert_eq!(octet_counted(&sent.stream).len(), 1);
    let sizes: Vec<usize> = sent.rejected[0].reason.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    let [whole, shortened, limit] = sizes[..] else { panic!("{}", sent.rejected[0].reason) };
    assert!(whole > 9000 && (3000..3300).contains(&shortened) && limit == 2000, "{sizes:?}");
    assert!(sent.rejected[1].reason.contains("cannot be shortened"), "{}", sent.rejected[1].reason);
    assert_eq!(sent.rejected[1].index, 2);
}

#[test]
fn a_split_event_is_its_parts() {
    let body = format!("{{\"t\":\"{}\"}}", "aü€𝄞 ".repeat(200));
    for encoding in ["json", "cef"] {
        let settings = settings(&format!("max_message_bytes: 500\nwhen_too_long: split\nencoding: {encoding}"));
        let sent = send(&settings, &[event("{}"), event(body.clone()), event("{}")]);
        assert_eq!(sent.rejected, []);
        let messages = octet_counted(&sent.stream);
        let count = messages.len() - 2;
        assert!(count > 4);
        let mut joined = String::new();
        for (number, message) in (1..).zip(&messages[1..=count]) {
            assert!(message.len() <= 500);
            let read = rfc5424(str::from_utf8(message).unwrap()).unwrap();
            let data = &read.data["adr@32473"];
            assert_eq!((&data["part"], &data["parts"]), (&number.to_string(), &count.to_string()));
            assert_eq!((&*data["uid"], read.names[3].as_deref(), read.severity), ("5f6f-uid", Some("sso_auth"), 5));
            assert_eq!(read.text.starts_with(BOM), !read.text.trim_start_matches(BOM).is_ascii());
            joined.push_str(read.text.trim_start_matches(BOM));
        }
        assert_eq!(joined, body);
        assert!(sent.messages.iter().take(count + 1).skip(1).all(|(event, _)| *event == 1));
        for whole in [&messages[0], &messages[count + 1]] {
            assert!(!rfc5424(str::from_utf8(whole).unwrap()).unwrap().data["adr@32473"].contains_key("part"));
        }
    }
}

#[test]
fn a_header_that_leaves_no_room_is_no_flood() {
    let mut wordy = event("x".repeat(100_000));
    wordy.meta.id = "u".repeat(800).into();
    let sent = send(&settings("max_message_bytes: 1000\nwhen_too_long: split"), std::slice::from_ref(&wordy));
    assert_eq!(sent.messages.len(), 0);
    assert!(sent.rejected[0].reason.contains("header"), "{}", sent.rejected[0].reason);
    wordy.meta.id = "u".repeat(4000).into();
    let sent = send(&settings("max_message_bytes: 1000\nwhen_too_long: split"), &[wordy]);
    assert_eq!((sent.messages.len(), sent.rejected.len()), (0, 1));
}

/// Sizes around every change of what is written: digits of lengths and of parts, marks, characters.
fn texts() -> impl Strategy<Value = String> {
    let unit = prop_oneof![Just("x"), Just("ü"), Just("€"), Just("𝄞"), Just("xxxxxxxxxü"), Just("\"")];
    (unit, 0usize..6000).prop_map(|(unit, bytes)| unit.repeat(bytes / unit.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_message_is_a_byte_too_long_and_no_event_is_lost(
        texts in prop::collection::vec(texts(), 1..4), limit in 480usize..1500, header in prop_oneof![Just("rfc5424"), Just("rfc3164")],
        too_long in prop_oneof![Just("dead_letter"), Just("shorten"), Just("split")], bom in any::<bool>(), uid in "[a-z\"]{0,120}",
        encoding in prop_oneof![Just("json"), Just("flat")],
    ) {
        prop_assume!(header == "rfc5424" || too_long != "split");
        let bom_line = if header == "rfc5424" { format!("bom: {bom}") } else { String::new() };
        let settings = settings(&format!(
            "header: {header}\nmax_message_bytes: {limit}\nwhen_too_long: {too_long}\nencoding: {encoding}\n{bom_line}"
        ));
        let events: Vec<Event> = texts.iter().map(|text| {
            let object = serde_json::json!({ "kept": "ü", "unmapped": text });
            let mut event = event(serde_json::to_vec(&object).unwrap());
            event.meta.id = uid.clone().into();
            event
        }).collect();
        let sent = send(&settings, &events);
        for (_, message) in &sent.messages {
            prop_assert!(message.len() <= limit, "{} > {limit}", message.len());
        }
        for (place, event) in events.iter().enumerate() {
            let of_event = sent.messages.iter().filter(|(of, _)| *of == place);
            let bodies: Vec<String> = of_event.map(|(_, message)| {
                let message = str::from_utf8(message).unwrap();
                match header {
                    "rfc5424" => rfc5424(message).expect(message).text.trim_start_matches(BOM).to_owned(),
                    _ => crate::receiver::rfc3164(message).expect(message).4.to_owned(),
                }
            }).collect();
            let rejected = sent.rejected.iter().filter(|rejection| rejection.index == place).count();
            prop_assert_eq!(rejected, usize::from(bodies.is_empty()), "either sent or rejected, and once");
            let joined = bodies.concat();
            let shortened = joined.contains("\"shortened\":true");
            prop_assert!(bodies.is_empty() || shortened || joined.as_bytes() == &event.body[..]);
            prop_assert!(!shortened || too_long == "shorten");
        }
    }

    #[test]
    fn around_its_own_length_a_message_is_whole_or_not_sent_whole(
        text in texts(), off in -3isize..=3, bom: bool, uid in "[a-z\"]{0,20}",
        too_long in prop_oneof![Just("dead_letter"), Just("shorten"), Just("split")],
    ) {
        let mut event = event(serde_json::to_vec(&serde_json::json!({ "kept": text })).unwrap());
        event.meta.id = uid.into();
        let length = one(&settings(&format!("bom: {bom}\nmax_message_bytes: 64KiB")), &event).len();
        let limit = length.strict_add_signed(off);
        prop_assume!(limit >= 480);
        let sent = send(&settings(&format!("bom: {bom}\nmax_message_bytes: {limit}\nwhen_too_long: {too_long}")), std::slice::from_ref(&event));
        prop_assert!(sent.messages.iter().all(|(_, message)| message.len() <= limit));
        let whole = sent.messages.len() == 1 && sent.messages[0].1.len() == length;
        prop_assert_eq!(whole, off >= 0);
        prop_assert_eq!(sent.rejected.is_empty(), off >= 0 || too_long == "split");
    }

    #[test]
    fn parts_hold_bytes_that_are_no_text_too(text in prop::collection::vec(any::<u8>(), 0..4000), bom: bool) {
        let settings = settings(&format!("max_message_bytes: 480\nwhen_too_long: split\nbom: {bom}"));
        let sent = send(&settings, &[event(text.clone())]);
        prop_assert_eq!(sent.rejected.len(), 0);
        let mut joined = Vec::new();
        for (_, message) in &sent.messages {
            prop_assert!(message.len() <= 480);
            let end = message.windows(2).position(|pair| pair == b"] ").unwrap() + 2;
            let body = &message[end..];
            let body = body.strip_prefix("\u{feff}".as_bytes()).filter(|rest| bom && str::from_utf8(rest).is_ok()).unwrap_or(body);
            joined.extend_from_slice(body);
        }
        prop_assert_eq!(joined, text);
    }
}
