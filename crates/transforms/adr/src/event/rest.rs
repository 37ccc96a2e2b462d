//! `unmapped`: everything of the source event that has no home.

use super::Job;
use crate::json::{Kind, State, Tape};

impl Job<'_> {
    /// Writes `unmapped`, if there is anything left.
    pub(super) fn unmapped(&mut self) {
        let start = self.out.len();
        self.open("unmapped");
        let inside = self.out.len();
        rest(self.tape, self.text, 0, self.out);
        if self.out.len() == inside {
            self.out.truncate(start);
        } else {
            self.close();
        }
    }
}

/// Writes the members of an object that are not consumed. Neighbours that nobody touched are copied in one go.
fn rest(tape: &Tape, text: &[u8], object: u32, out: &mut Vec<u8>) {
    let mut run = None;
    for index in tape.members(object) {
        let node = tape.node(index);
        if node.state == State::Untouched && !tape.traits.spaced {
            let from = run.map_or(node.key, |(from, _)| from);
            run = Some((from, node.end));
            continue;
        }
        flush(text, &mut run, out);
        match node.state {
            State::Consumed => {}
            State::Untouched => {
                comma(out);
                member(tape, text, index, out);
            }
            State::Partial => {
                let start = out.len();
                comma(out);
                out.push(b'"');
                out.extend_from_slice(node.name.text().as_bytes());
                out.extend_from_slice(b"\":{");
                let inside = out.len();
                rest(tape, text, index, out);
                if out.len() == inside {
                    out.truncate(start);
                } else {
                    out.push(b'}');
                }
            }
        }
    }
    flush(text, &mut run, out);
}

fn flush(text: &[u8], run: &mut Option<(u32, u32)>, out: &mut Vec<u8>) {
    if let Some((from, to)) = run.take() {
        comma(out);
        out.extend_from_slice(&text[from as usize..to as usize]);
    }
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}

fn member(tape: &Tape, text: &[u8], index: u32, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(tape.key_of(text, index));
    out.extend_from_slice(b"\":");
    squeeze(tape, text, index, out);
}

/// Writes a value without the white space between its tokens.
fn squeeze(tape: &Tape, text: &[u8], index: u32, out: &mut Vec<u8>) {
    let node = tape.node(index);
    match node.kind {
        Kind::Object => {
            out.push(b'{');
            for (at, inner) in tape.members(index).enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                member(tape, text, inner, out);
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            for (at, inner) in tape.members(index).enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                squeeze(tape, text, inner, out);
            }
            out.push(b']');
        }
        _ => out.extend_from_slice(tape.raw(text, index)),
    }
}
