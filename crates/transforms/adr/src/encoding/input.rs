//! Reading an event's text, and leaving out of it what is to be left out.

use std::borrow::Cow;

use adr_core::Detail;

use super::shorten;
use crate::adr::read_object;
use crate::json::Tape;

/// Bytes kept between events.
pub(super) const KEPT: usize = 1 << 16;

/// The memory that reading needs.
#[derive(Debug)]
pub(super) struct Input {
    tape: Tape,
    shortened: Vec<u8>,
}

impl Default for Input {
    fn default() -> Self {
        Self { tape: Tape::lax(), shortened: Vec::new() }
    }
}

impl Input {
    /// Reads an event. Gives its text, shortened where that is asked for, and the tape of that text.
    pub(super) fn read<'a>(
        &'a mut self,
        body: &'a [u8],
        detail: Detail,
    ) -> Result<(&'a [u8], &'a mut Tape), Cow<'static, str>> {
        read_object(&mut self.tape, body).map_err(|reject| reject.to_string())?;
        if detail == Detail::Whole {
            return Ok((body, &mut self.tape));
        }
        self.shortened.clear();
        self.shortened.shrink_to(KEPT);
        shorten::write(body, &self.tape, detail, &mut self.shortened);
        read_object(&mut self.tape, &self.shortened).map_err(|reject| reject.to_string())?;
        Ok((&self.shortened, &mut self.tape))
    }
}
