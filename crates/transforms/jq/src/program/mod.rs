//! A program in jq: checked, compiled, and run on one event after the other.

mod check;
mod compile;

use std::ops::ControlFlow;

use adr_core::{Event, Failure};
use jaq_core::{Ctx, Exn, Vars};
use jaq_json::Val;

use crate::functions::{Jq, Tools, object};
use crate::meter::limited;
use crate::regexes::Regexes;
use crate::value::{Value, parse, write};

/// A compiled program. It always ends, and does nothing but give values.
pub(crate) struct Program {
    filter: jaq_core::Filter<Jq>,
    /// Whether it looks at `$meta`.
    meta: bool,
}

impl Program {
    /// Compiles the text of a setting. The failure names the setting, the place in the text and what is wrong there.
    pub(crate) fn compile(setting: &str, text: &str) -> Result<Self, Failure> {
        compile::compile(setting, text)
    }

    /// Hands over the program's outputs for an event, until there are no more or `each` has enough. The error is what
    /// a person reads.
    pub(crate) fn run(
        &self,
        regexes: &Regexes,
        event: &Event,
        mut each: impl FnMut(&Value) -> Result<ControlFlow<()>, String>,
    ) -> Result<(), String> {
        regexes.next_run();
        limited(event.body.len(), || {
            let input = parse(&event.body).map_err(|reason| format!("the event is {reason}"))?;
            let meta = if self.meta { meta(event) } else { Value::default() };
            let context = Ctx::<Jq>::new(Tools { lut: &self.filter.lut, regexes }, Vars::new([meta]));
            for output in self.filter.id.run((context, input)) {
                if each(&output.map_err(reason)?)?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("meta", &self.meta).finish_non_exhaustive()
    }
}

/// The variable `$meta`.
fn meta(event: &Event) -> Value {
    let text = |text: &str| Val::utf8_str(text.as_bytes().to_vec());
    let meta = &event.meta;
    object([
        ("id", text(&meta.id)),
        ("kind", text(&meta.kind)),
        ("tenant", text(&meta.tenant)),
        ("time", meta.time.map_or(Val::Null, |time| text(&time.to_string()))),
        ("severity", Val::from(meta.severity as usize)),
    ])
}

/// What an error says: its text, or the JSON of what `error` was called with.
fn reason(exception: Exn<'_, Value>) -> String {
    const LONGEST: usize = 500;
    let Ok(error) = exception.get_err() else { return "the program was left in its middle".to_owned() };
    let value = error.into_val();
    let mut said = match value.val() {
        Val::TStr(text) => String::from_utf8_lossy(text).into_owned(),
        val => {
            let mut out = Vec::new();
            write(val, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    };
    if said.len() > LONGEST {
        said.truncate(said.floor_char_boundary(LONGEST));
        said.push('…');
    }
    said
}
