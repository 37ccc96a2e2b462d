//! A value to JSON text: compact, on one line, in the order of its keys.

use std::io::Write;

use jaq_json::{Num, Val};

use super::number_cost;
use crate::meter::spend;

/// Appends the JSON text of a value.
pub(crate) fn write(val: &Val, out: &mut Vec<u8>) {
    put(val, out, usize::MAX);
}

/// Appends the JSON text of a value, and stops soon after the buffer has `most` bytes, in the middle of the value.
pub(crate) fn write_up_to(val: &Val, out: &mut Vec<u8>, most: usize) {
    put(val, out, most);
}

pub(super) fn to_vec(val: &Val) -> Vec<u8> {
    let mut out = Vec::new();
    write(val, &mut out);
    out
}

/// The beginning of a value's JSON text.
pub(super) fn shortened(val: &Val, most: usize) -> String {
    let mut out = Vec::new();
    put(val, &mut out, most);
    let mut text = String::from_utf8_lossy(&out).into_owned();
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// Stops soon after `most` bytes, in the middle of a value.
fn put(val: &Val, out: &mut Vec<u8>, most: usize) {
    spend(1);
    match val {
        Val::Null => out.extend_from_slice(b"null"),
        Val::Bool(true) => out.extend_from_slice(b"true"),
        Val::Bool(false) => out.extend_from_slice(b"false"),
        Val::Num(number) => {
            spend(number_cost(val));
            put_number(number, out);
        }
        Val::TStr(text) | Val::BStr(text) => put_text(&text[..text.len().min(most)], out),
        Val::Arr(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if out.len() > most {
                    return;
                }
                if index > 0 {
                    out.push(b',');
                }
                put(item, out, most);
            }
            out.push(b']');
        }
        Val::Obj(entries) => {
            out.push(b'{');
            for (index, (key, item)) in entries.iter().enumerate() {
                if out.len() > most {
                    return;
                }
                if index > 0 {
                    out.push(b',');
                }
                put(key, out, most);
                out.push(b':');
                put(item, out, most);
            }
            out.push(b'}');
        }
    }
}

/// As jq writes them: what is no number is null, what is too large is the largest, what is whole has no point.
fn put_number(number: &Num, out: &mut Vec<u8>) {
    const WHOLE: f64 = 1e17;
    let written = match number {
        Num::Int(number) => write!(out, "{number}"),
        Num::BigInt(number) => write!(out, "{number}"),
        Num::Dec(text) => write!(out, "{text}"),
        Num::Float(number) if number.is_nan() => write!(out, "null"),
        Num::Float(number) if number.is_infinite() => write!(out, "{:?}", f64::MAX.copysign(*number)),
        Num::Float(number) if number.fract() == 0.0 && number.abs() < WHOLE => write!(out, "{number}"),
        Num::Float(number) => write!(out, "{number:?}"),
    };
    debug_assert!(written.is_ok(), "memory takes everything");
}

fn put_text(text: &[u8], out: &mut Vec<u8>) {
    spend(text.len() / 16);
    out.push(b'"');
    match std::str::from_utf8(text) {
        Ok(_) => put_escaped(text, out),
        Err(_) => put_escaped(String::from_utf8_lossy(text).as_bytes(), out),
    }
    out.push(b'"');
}

fn put_escaped(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut done = 0;
    for (at, byte) in text.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => *byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            8 => b'b',
            12 => b'f',
            0..0x20 => 0,
            _ => continue,
        };
        out.extend_from_slice(&text[done..at]);
        match short {
            0 => {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
            }
            short => out.extend_from_slice(&[b'\\', short]),
        }
        done = at + 1;
    }
    out.extend_from_slice(&text[done..]);
}
