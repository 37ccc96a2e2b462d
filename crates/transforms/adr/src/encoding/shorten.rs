//! An event without the source's own words, and with a label that says so.

use adr_core::Detail;

use super::plain::squeeze;
use crate::json::{Kind, Tape, text};
use crate::labels::Label;

/// Appends the event without what `detail` leaves out, with the label in `metadata.labels`.
///
/// Where something else stands in the label's place (in events that are not ADR's), it is kept inside: labels that
/// are no array as the first label, metadata that is no object as its `value`.
pub(super) fn write(source: &[u8], tape: &Tape, detail: Detail, out: &mut Vec<u8>) {
    let metadata = last(source, tape, 0, "metadata");
    out.push(b'{');
    for member in tape.members(0) {
        let left_out = is(source, tape, member, "unmapped")
            || detail == Detail::WithoutSource && is(source, tape, member, "raw_data");
        if left_out {
            continue;
        }
        key(source, tape, member, out);
        if Some(member) == metadata {
            labelled(source, tape, member, out);
        } else {
            squeeze(tape.raw(source, member), out);
        }
    }
    if metadata.is_none() {
        comma(out);
        out.extend_from_slice(b"\"metadata\":{\"labels\":[");
        label(out);
        out.extend_from_slice(b"]}");
    }
    out.push(b'}');
}

/// Appends a `metadata` with the label.
fn labelled(source: &[u8], tape: &Tape, metadata: u32, out: &mut Vec<u8>) {
    let mut labels = None;
    out.push(b'{');
    if tape.node(metadata).kind == Kind::Object {
        labels = last(source, tape, metadata, "labels");
        for member in tape.members(metadata) {
            key(source, tape, member, out);
            if Some(member) == labels {
                with_label(source, tape, member, out);
            } else {
                squeeze(tape.raw(source, member), out);
            }
        }
    } else {
        out.extend_from_slice(b"\"value\":");
        squeeze(tape.raw(source, metadata), out);
    }
    if labels.is_none() {
        comma(out);
        out.extend_from_slice(b"\"labels\":[");
        label(out);
        out.push(b']');
    }
    out.push(b'}');
}

/// Appends an array of labels with this one among them.
fn with_label(source: &[u8], tape: &Tape, labels: u32, out: &mut Vec<u8>) {
    if tape.node(labels).kind != Kind::Array {
        out.push(b'[');
        squeeze(tape.raw(source, labels), out);
        out.push(b',');
        label(out);
        out.push(b']');
        return;
    }
    squeeze(tape.raw(source, labels), out);
    let is_label = |at: u32| {
        tape.node(at).kind == Kind::String && text::decode(tape.inside(source, at)) == Label::Shortened.as_str()
    };
    if !tape.members(labels).any(is_label) {
        out.pop();
        if out.last() != Some(&b'[') {
            out.push(b',');
        }
        label(out);
        out.push(b']');
    }
}

/// The last member of that name: where a name is repeated, most readers keep that one.
fn last(source: &[u8], tape: &Tape, object: u32, name: &str) -> Option<u32> {
    tape.members(object).filter(|member| is(source, tape, *member, name)).last()
}

fn is(source: &[u8], tape: &Tape, member: u32, name: &str) -> bool {
    let written = tape.key_of(source, member);
    written == name.as_bytes() || written.contains(&b'\\') && text::decode(written) == name
}

fn key(source: &[u8], tape: &Tape, member: u32, out: &mut Vec<u8>) {
    comma(out);
    out.push(b'"');
    out.extend_from_slice(tape.key_of(source, member));
    out.extend_from_slice(b"\":");
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}

fn label(out: &mut Vec<u8>) {
    text::quote(Label::Shortened.as_str(), out);
}
