//! The transform `remap`.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use adr_core::{Emit, Event, Failure, FailureKind, Output, Size, Transform, Verdict};
use jaq_json::Val;

use crate::config::RemapConfig;
use crate::program::Program;
use crate::regexes::Regexes;
use crate::value::{Value, write_up_to};

/// So much may be made of any event, however small.
const LEAST_MOST: usize = 16 << 10;
/// And so much more for each byte of it.
const MOST_PER_BYTE: usize = 16;
/// What a new event takes beside its text; a program may make very many of one.
const EACH: usize = 64;

/// Checked settings of a remap.
#[derive(Clone, Debug)]
pub struct RemapSettings {
    program: Arc<Program>,
    most: Option<usize>,
}

impl TryFrom<RemapConfig> for RemapSettings {
    type Error = Failure;

    fn try_from(config: RemapConfig) -> Result<Self, Failure> {
        let failure = |message: String| Failure::fatal(FailureKind::Config, message);
        let most = match config.max_output {
            Some(Size(0)) => {
                return Err(failure("`max_output` is 0, so that nothing could be made: give 1MiB or so".to_owned()));
            }
            most => most.map(|Size(bytes)| bytes),
        };
        let program = match (config.program, config.file) {
            (Some(text), None) => Program::compile("program", &text)?,
            (None, Some(file)) => {
                let read = std::fs::read_to_string(&file);
                let text =
                    read.map_err(|error| failure(format!("`file` {} cannot be read: {error}", file.display())))?;
                Program::compile("file", &text)?
            }
            (None, None) => {
                return Err(failure("`program` is missing: give a jq program, or a `file` with one".to_owned()));
            }
            (Some(_), Some(_)) => {
                return Err(failure("`program` and `file` are both given: leave one of them out".to_owned()));
            }
        };
        Ok(Self { program: Arc::new(program), most })
    }
}

/// Makes events of what its program gives for an event.
#[derive(Debug)]
pub struct Remap {
    program: Arc<Program>,
    regexes: Regexes,
    /// What it may make of an event, where the settings say so.
    most: Option<usize>,
    /// What the program has made of the event so far: the body, and the id where it has one of its own.
    made: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl Remap {
    /// A remap for one worker.
    pub fn new(settings: &RemapSettings) -> Self {
        let (program, most) = (settings.program.clone(), settings.most);
        Self { program, regexes: Regexes::default(), most, made: Vec::new() }
    }

    /// How much may be made of an event of so many bytes.
    fn most(&self, bytes: usize) -> usize {
        self.most.unwrap_or_else(|| LEAST_MOST.saturating_add(bytes.saturating_mul(MOST_PER_BYTE)))
    }
}

impl Transform for Remap {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let start = out.buffer.len();
        let most = self.most(event.body.len());
        let (made, buffer) = (&mut self.made, &mut out.buffer);
        made.clear();
        let run = self.program.run(&self.regexes, event, |output| {
            if !matches!(output.val(), Val::Obj(_)) {
                return Err(format!("its output is no object: {output}"));
            }
            let from = buffer.len();
            write_up_to(output.val(), buffer, start.saturating_add(most));
            let body = from..buffer.len();
            made.push((body, own_id(output).map(|id| append(buffer, id))));
            if buffer.len() - start + EACH * made.len() > most.saturating_add(EACH) {
                return Err(format!("it made more than {most} bytes of the event: see `max_output`"));
            }
            Ok(ControlFlow::Continue(()))
        });
        if let Err(reason) = run {
            // All of it or nothing: the dead letter keeps the event whole.
            out.buffer.truncate(start);
            return out.reject(event.clone(), format!("the program failed: {reason}"));
        }
        let Some((last, others)) = self.made.split_last() else { return out.discard() };
        let kind = append(&mut out.buffer, event.meta.kind.as_bytes());
        let old = match self.made.iter().any(|(_, id)| id.is_none()) {
            true => append(&mut out.buffer, event.meta.id.as_bytes()),
            false => 0..0,
        };
        let emit = |(body, id): &(Range<usize>, Option<Range<usize>>)| Emit {
            body: body.clone(),
            id: id.clone().unwrap_or_else(|| old.clone()),
            kind: kind.clone(),
            time: event.meta.time,
            tenant: event.meta.tenant.clone(),
            severity: event.meta.severity,
        };
        for one in others {
            let _verdict = out.emit(emit(one));
        }
        out.emit(emit(last))
    }
}

/// Texts that stand in no body stand behind it.
fn append(buffer: &mut Vec<u8>, text: &[u8]) -> Range<usize> {
    let from = buffer.len();
    buffer.extend_from_slice(text);
    from..buffer.len()
}

/// The id that an output has: `metadata.uid`, else `id`, if that is a text.
fn own_id(output: &Value) -> Option<&[u8]> {
    let uid = get(output.val(), "metadata").and_then(|metadata| get(metadata, "uid"));
    [uid, get(output.val(), "id")].into_iter().flatten().find_map(|val| match val {
        Val::TStr(text) if !text.is_empty() => Some(&text[..]),
        _ => None,
    })
}

fn get<'a>(val: &'a Val, key: &'static str) -> Option<&'a Val> {
    match val {
        Val::Obj(entries) => entries.get(&Val::utf8_str(key)),
        _ => None,
    }
}
