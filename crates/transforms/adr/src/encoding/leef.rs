//! IBM's Log Event Extended Format, version 2.0.
//!
//! - The delimiter is the tab, named in the header as `x09`.
//! - LEEF has no escapes at all. A reader takes a value as it stands, up to the next delimiter; so a value stands
//!   there as it is, `=` and `|` and `\` included, or not at all: a text with a tab, a line break or another control
//!   character, with a space at an end, or without a character goes to `adrOther`, inside JSON, which writes tabs
//!   as `\t`. Nothing has to be unescaped that the specification does not speak of.
//! - A header field has no `|` for the same reason: it gives way to the next best, and the pairs have it anyway.
//! - `devTime` is in milliseconds, 13 digits, which needs no `devTimeFormat`. A time of any other length would be
//!   misread, so it stands under `adrTime`.
//! - Own keys begin with `adr`, so none is one of LEEF's, now or later; no key occurs twice.
//! - `identSrc` is left out on purpose: it ties a person to an address for good, and the address of a login to a
//!   cloud service is most often one that many people share.

use adr_core::Meta;

use super::attributes::{Attribute, Place, id};
use super::plain::fits;
use super::record::{Form, PRODUCT, Pairs, UNKNOWN, VENDOR, VERSION, in_header, scaled_severity};
use super::sheet::Sheet;

/// What LEEF records have of their own.
#[derive(Debug, Default)]
pub(super) struct Leef;

/// The longest event id, and the longest name of a user.
const LONGEST: usize = 255;

impl Form for Leef {
    const BETWEEN: u8 = b'\t';
    const BREAKS: bool = false;

    fn header(sheet: &mut Sheet<'_>, meta: &Meta, out: &mut Vec<u8>) {
        out.extend_from_slice(b"LEEF:2.0|");
        for (number, next_best) in [(id::VENDOR, VENDOR), (id::PRODUCT, PRODUCT)] {
            let said = in_header(sheet, number, LONGEST).filter(|said| !said.contains(&b'|'));
            out.extend_from_slice(said.unwrap_or(next_best));
            out.push(b'|');
        }
        out.extend_from_slice(VERSION);
        out.push(b'|');
        event_id(sheet, meta, out);
        out.extend_from_slice(b"|x09|");
    }

    fn repeats(sheet: &mut Sheet<'_>, meta: &Meta, pairs: &mut Pairs<'_>) {
        // 1 is the least; there is no unknown.
        pairs.number("sev=", i64::from(scaled_severity(sheet, meta).max(1)));
        // Whoever acts; where nobody is named, whoever it happens to.
        for number in [id::ACTOR_NAME, id::USER_NAME] {
            if let Some(name) = in_header(sheet, number, LONGEST) {
                return pairs.pair::<Self>("usrName=", name);
            }
        }
    }

    fn places(attribute: &Attribute) -> &'static [Place] {
        attribute.leef
    }

    fn value(value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
}

/// Appends what kind of event it is: its type at the source, else its class.
fn event_id(sheet: &mut Sheet<'_>, meta: &Meta, out: &mut Vec<u8>) {
    if let Some(code) = in_header(sheet, id::EVENT_CODE, LONGEST).filter(|code| !code.contains(&b'|')) {
        return out.extend_from_slice(code);
    }
    let kind = meta.kind.as_bytes();
    match sheet.found(id::CLASS_UID).map(|node| sheet.raw(node)) {
        Some(class) => out.extend_from_slice(class),
        None if kind.len() <= LONGEST && !kind.contains(&b'|') && fits(kind, false) => out.extend_from_slice(kind),
        None => out.extend_from_slice(UNKNOWN),
    }
}
