//! ArcSight's Common Event Format, version 0.
//!
//! The header names the kind of event, for people and for rules; the extension has everything. Of the standard:
//!
//! - Header: `\` and `|` have a backslash before them, line breaks cannot be written. A value that cannot stand
//!   there, or is longer than its field, gives way to the next best; it is in the extension anyway. (One sentence
//!   of the standard wants `=`, `%` and `#` escaped in the event class id, another wants no escapes for `=`: they
//!   stay as they are.)
//! - Extension: `\` and `=` have a backslash before them, line feed and carriage return are `\n` and `\r`. There is
//!   no way to write other control characters, spaces at an end of a value are at the reader's mercy, and an empty
//!   value is a puzzle to some: such a text goes to `adrOther`, inside JSON.
//! - Keys are letters and digits. The standard wants own keys to begin with vendor and product; `adr` is the short
//!   form of that, so no key of any dictionary, now or later, is met by chance.
//! - A key of the dictionary is used only for what it may hold: as long as that, IPv4 only in `src`.
//! - Keys of the consumer's dictionary (`rawEvent`, `slat`) are not a producer's to set.

use adr_core::Meta;

use super::attributes::{Attribute, Holds, Place, id};
use super::plain::{escape, escape_breaks, fits};
use super::record::{Form, PRODUCT, Pairs, UNKNOWN, VENDOR, VERSION, in_header, scaled_severity};
use super::sheet::Sheet;
use crate::event::integer;

/// What CEF records have of their own.
#[derive(Debug, Default)]
pub(super) struct Cef;

/// The longest event class id and the longest name.
const CLASS_ID: usize = 1023;
const NAME: usize = 512;

impl Form for Cef {
    const BETWEEN: u8 = b' ';
    const BREAKS: bool = true;

    fn header(sheet: &mut Sheet<'_>, meta: &Meta, out: &mut Vec<u8>) {
        out.extend_from_slice(b"CEF:0|");
        field(in_header(sheet, id::VENDOR, 63).unwrap_or(VENDOR), out);
        field(in_header(sheet, id::PRODUCT, 63).unwrap_or(PRODUCT), out);
        field(VERSION, out);
        class_id(sheet, meta, out);
        name(sheet, meta, out);
        integer(i64::from(scaled_severity(sheet, meta)), out);
        out.push(b'|');
    }

    fn repeats(sheet: &mut Sheet<'_>, _: &Meta, pairs: &mut Pairs<'_>) {
        let time = sheet.found(id::TIME).map(|node| sheet.raw(node));
        if let Some(time) = time.filter(|time| Holds::Millis.takes(time)) {
            pairs.pair::<Self>("start=", time);
        }
    }

    fn places(attribute: &Attribute) -> &'static [Place] {
        attribute.cef
    }

    fn value(value: &[u8], out: &mut Vec<u8>) {
        escape(value, [b'\\', b'='], out);
    }

    fn text(value: &[u8], out: &mut Vec<u8>) {
        escape_breaks(value, [b'\\', b'='], out);
    }
}

fn field(value: &[u8], out: &mut Vec<u8>) {
    escape(value, [b'\\', b'|'], out);
    out.push(b'|');
}

/// Appends what kind of event it is: its type at the source, else its class.
fn class_id(sheet: &mut Sheet<'_>, meta: &Meta, out: &mut Vec<u8>) {
    if let Some(code) = in_header(sheet, id::EVENT_CODE, CLASS_ID) {
        return field(code, out);
    }
    match sheet.found(id::CLASS_UID) {
        Some(node) => field(sheet.raw(node), out),
        None => field(kind(meta, CLASS_ID), out),
    }
}

/// Appends what happened, for people: class and activity.
fn name(sheet: &mut Sheet<'_>, meta: &Meta, out: &mut Vec<u8>) {
    let start = out.len();
    match in_header(sheet, id::CLASS_NAME, NAME) {
        Some(class) => field(class, out),
        None => return field(kind(meta, NAME), out),
    }
    let room = (start + NAME).saturating_sub(out.len() + 1);
    if let Some(activity) = in_header(sheet, id::ACTIVITY_NAME, room) {
        out.pop();
        out.extend_from_slice(b": ");
        field(activity, out);
    }
}

/// What the source calls it, where the event itself does not say.
fn kind(meta: &Meta, limit: usize) -> &[u8] {
    let kind = meta.kind.as_bytes();
    if kind.len() <= limit && fits(kind, false) { kind } else { UNKNOWN }
}
