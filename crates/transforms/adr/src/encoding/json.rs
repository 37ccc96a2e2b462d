//! The event as it is.

use std::borrow::Cow;

use adr_core::{Detail, Encoder, Event};

use super::input::Input;
use super::plain::squeeze;

/// Writes the event's own text, on one line.
#[derive(Debug, Default)]
pub(super) struct Json(Input);

impl Encoder for Json {
    fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        let (text, _) = self.0.read(&event.body, detail)?;
        if memchr::memchr2(b'\n', b'\r', text).is_some() {
            squeeze(text, out);
        } else {
            out.extend_from_slice(text);
        }
        Ok(())
    }
}
