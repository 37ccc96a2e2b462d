//! Records of a header and pairs of keys and values: what CEF and LEEF share.

use std::borrow::Cow;

use adr_core::{Detail, Encoder, Event, Meta};

use super::attributes::{ATTRIBUTES, Attribute, Kind, Place, id};
use super::input::Input;
use super::plain::{fits, has_firm_ends};
use super::sheet::{Found, Sheet};
use super::{keys, severity};
use crate::event::integer;

/// What a form of record has of its own.
pub(super) trait Form: Default + Send {
    /// What stands between two pairs.
    const BETWEEN: u8;
    /// Whether a value may have line breaks, which [`Form::text`] then writes in some other way.
    const BREAKS: bool;

    /// Appends the header with its last `|`.
    fn header(sheet: &mut Sheet<'_>, meta: &Meta, out: &mut Vec<u8>);
    /// Appends pairs that repeat what other pairs say, under keys that readers look for.
    fn repeats(sheet: &mut Sheet<'_>, meta: &Meta, pairs: &mut Pairs<'_>);
    /// The dictionary's keys for an attribute.
    fn places(attribute: &Attribute) -> &'static [Place];
    /// Appends a value without line breaks.
    fn value(value: &[u8], out: &mut Vec<u8>);
    /// Appends a value that may have line breaks, if the form has them.
    fn text(value: &[u8], out: &mut Vec<u8>) {
        Self::value(value, out);
    }
}

/// The header's words where an event has none.
pub(super) const VENDOR: &[u8] = b"JumpCloud";
pub(super) const PRODUCT: &[u8] = b"Directory Insights";
pub(super) const VERSION: &[u8] = b"1";
pub(super) const UNKNOWN: &[u8] = b"unknown";

/// Writes records of a form.
#[derive(Debug)]
pub(super) struct Record<F> {
    input: Input,
    found: Found,
    scratch: Vec<u8>,
    digits: Vec<u8>,
    form: std::marker::PhantomData<F>,
}

impl<F: Form> Default for Record<F> {
    fn default() -> Self {
        let found = [0; ATTRIBUTES.len()];
        let (scratch, digits) = (Vec::new(), Vec::new());
        Self { input: Input::default(), found, scratch, digits, form: std::marker::PhantomData }
    }
}

impl<F: Form> Encoder for Record<F> {
    fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        let (text, tape) = self.input.read(&event.body, detail)?;
        let mut sheet = Sheet::sort(text, tape, &mut self.found, &mut self.scratch);
        F::header(&mut sheet, &event.meta, out);
        let mut pairs = Pairs { start: out.len(), between: F::BETWEEN, out };
        F::repeats(&mut sheet, &event.meta, &mut pairs);
        if sheet.has_attributes() {
            for number in 0..ATTRIBUTES.len() {
                attribute::<F>(number, &mut sheet, &mut pairs);
            }
        } else {
            facts::<F>(&event.meta, &mut self.digits, &mut pairs);
        }
        if let Some(other) = sheet.other() {
            pairs.key(keys::OTHER);
            F::value(other, pairs.out);
        }
        Ok(())
    }
}

/// The end of a record.
pub(super) struct Pairs<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    between: u8,
}

impl Pairs<'_> {
    /// Appends a key that has its `=`, and what stands between it and the pair before.
    pub(super) fn key(&mut self, key: &str) {
        if self.out.len() > self.start {
            self.out.push(self.between);
        }
        self.out.extend_from_slice(key.as_bytes());
    }

    /// Appends a pair under a key of the form's own.
    pub(super) fn pair<F: Form>(&mut self, key: &str, value: &[u8]) {
        self.key(key);
        F::value(value, self.out);
    }

    /// Appends a pair of a whole number.
    pub(super) fn number(&mut self, key: &str, number: i64) {
        self.key(key);
        integer(number, self.out);
    }

    /// Appends an attribute's pair, of a value without line breaks.
    fn attribute<F: Form>(&mut self, number: usize, value: &[u8]) {
        self.key(key_for::<F>(number, value));
        F::value(value, self.out);
    }

    /// Appends an attribute's pair, of any text that fits.
    fn text<F: Form>(&mut self, number: usize, value: &[u8]) {
        self.key(key_for::<F>(number, value));
        F::text(value, self.out);
    }
}

/// The first key of the dictionary that can hold the value, else the attribute's own.
fn key_for<F: Form>(number: usize, value: &[u8]) -> &'static str {
    let place = F::places(&ATTRIBUTES[number]).iter().find(|place| place.holds.takes(value));
    place.map_or_else(|| keys::all()[number].own.as_str(), |place| place.key)
}

fn attribute<F: Form>(number: usize, sheet: &mut Sheet<'_>, pairs: &mut Pairs<'_>) {
    let Some(node) = sheet.found(number) else { return };
    match ATTRIBUTES[number].kind {
        Kind::Number | Kind::Flag => pairs.attribute::<F>(number, sheet.raw(node)),
        Kind::List | Kind::Open => pairs.attribute::<F>(number, sheet.json(node)),
        Kind::Text => {
            // Control characters, line breaks among them, are written with escapes in JSON.
            let escaped = sheet.is_escaped(node);
            let characters = sheet.characters(node);
            match escaped {
                true if fits(characters, F::BREAKS) => pairs.text::<F>(number, characters),
                false if has_firm_ends(characters) => pairs.attribute::<F>(number, characters),
                _ => return sheet.leave(),
            }
        }
    }
    sheet.take(node);
}

/// Appends what is known of an event that has no attributes itself.
fn facts<F: Form>(meta: &Meta, digits: &mut Vec<u8>, pairs: &mut Pairs<'_>) {
    digits.clear();
    if let Some(time) = meta.time {
        integer(time.as_millis(), digits);
    }
    let facts = [
        (id::TIME, digits.as_slice()),
        (id::UID, meta.id.as_bytes()),
        (id::TENANT, meta.tenant.as_bytes()),
        (id::EVENT_CODE, meta.kind.as_bytes()),
    ];
    for (number, fact) in facts {
        if fits(fact, F::BREAKS) {
            pairs.text::<F>(number, fact);
        }
    }
}

/// The characters of a text attribute, if a header's field can have them.
pub(super) fn in_header<'a>(sheet: &'a mut Sheet<'_>, number: usize, limit: usize) -> Option<&'a [u8]> {
    let node = sheet.found(number)?;
    Some(sheet.characters(node)).filter(|text| text.len() <= limit && fits(text, false))
}

/// The severity of an event, from 0 to 10.
pub(super) fn scaled_severity(sheet: &Sheet<'_>, meta: &Meta) -> u8 {
    let said = sheet.found(id::SEVERITY_ID).and_then(|node| severity::of(sheet.raw(node)));
    severity::scale(said.unwrap_or(meta.severity))
}
