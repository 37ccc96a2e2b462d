//! One JSON object with names in snake_case, as the platform's own records have them.
//!
//! Values are as they are in the event. Arrays stay arrays; `src_geolite` is the one object. `unmapped` and `other`
//! have names that are somebody else's, so each is one text, of JSON.

use std::borrow::Cow;

use adr_core::{Detail, Encoder, Event, Meta};

use super::attributes::{ATTRIBUTES, Kind, id};
use super::input::Input;
use super::keys;
use super::plain::quote;
use super::sheet::{Found, Sheet};
use crate::event::integer;
use crate::json::text;

/// Writes flat records.
#[derive(Debug)]
pub(super) struct Flat {
    input: Input,
    found: Found,
    scratch: Vec<u8>,
}

impl Default for Flat {
    fn default() -> Self {
        Self { input: Input::default(), found: [0; ATTRIBUTES.len()], scratch: Vec::new() }
    }
}

impl Encoder for Flat {
    fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        let (text, tape) = self.input.read(&event.body, detail)?;
        let mut sheet = Sheet::sort(text, tape, &mut self.found, &mut self.scratch);
        out.push(b'{');
        if sheet.has_attributes() {
            attributes(&mut sheet, out);
        } else {
            facts(&event.meta, out);
        }
        if let Some(other) = sheet.other() {
            key("\"other\":", out);
            quote(other, out);
        }
        out.push(b'}');
        Ok(())
    }
}

fn attributes(sheet: &mut Sheet<'_>, out: &mut Vec<u8>) {
    let mut inside = "";
    for (number, keys) in keys::all().iter().enumerate() {
        let node = sheet.found(number);
        let object = keys.object;
        // Most are in none. Empty texts are not compared: reading nothing from nowhere is slow on some processors.
        let elsewhere = if object.is_empty() { !inside.is_empty() } else { node.is_some() && inside != object };
        if elsewhere {
            if !inside.is_empty() {
                out.push(b'}');
            }
            if !object.is_empty() {
                comma(out);
                text::quote(object, out);
                out.extend_from_slice(b":{");
            }
            inside = object;
        }
        if number == id::USER_NAME {
            user_names(sheet, out);
        } else if let Some(node) = node {
            key(&keys.flat, out);
            if ATTRIBUTES[number].kind == Kind::Open {
                quote(sheet.json(node), out);
            } else {
                out.extend_from_slice(sheet.json(node));
            }
            sheet.take(node);
        }
    }
}

/// Appends `user_name`: whom the event is about, then who acts, as often as they are named. (The one who acts is
/// named by `actor_user_name` too, so that it can be told who is who.)
fn user_names(sheet: &mut Sheet<'_>, out: &mut Vec<u8>) {
    let names = [id::USER_NAME, id::ACTOR_NAME].map(|number| sheet.found(number));
    let mut key_or_comma = &b"\"user_name\":["[..];
    if names.iter().all(Option::is_none) {
        return;
    }
    comma(out);
    for node in names.into_iter().flatten() {
        out.extend_from_slice(key_or_comma);
        out.extend_from_slice(sheet.raw(node));
        key_or_comma = b",";
    }
    out.push(b']');
    if let Some(user) = names[0] {
        sheet.take(user);
    }
}

/// Appends what is known of an event that has no attributes itself.
fn facts(meta: &Meta, out: &mut Vec<u8>) {
    if let Some(time) = meta.time {
        key(&keys::all()[id::TIME].flat, out);
        integer(time.as_millis(), out);
    }
    for (number, fact) in [(id::UID, &*meta.id), (id::TENANT, &*meta.tenant), (id::EVENT_CODE, &*meta.kind)] {
        if !fact.is_empty() {
            key(&keys::all()[number].flat, out);
            text::quote(fact, out);
        }
    }
}

/// Appends a key that has its colon, and the comma before it.
fn key(key: &str, out: &mut Vec<u8>) {
    comma(out);
    out.extend_from_slice(key.as_bytes());
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}
