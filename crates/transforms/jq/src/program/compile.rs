//! Program text to a program, or to words about what is wrong with it.

use adr_core::{Failure, FailureKind};
use jaq_core::compile::Undefined;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, load::parse::Term};

use super::{Program, check};
use crate::functions::{Jq, defs, natives};

/// How long a program may be.
const LONGEST: usize = 64 * 1024;
/// How many brackets may be open at once.
const OPEN: usize = 1000;
/// The stack to compile on: enough for the deepest program of that length.
const STACK: usize = 256 * 1024 * 1024;

pub(super) fn compile(setting: &str, text: &str) -> Result<Program, Failure> {
    let failure = |what: String| Failure::fatal(FailureKind::Config, format!("`{setting}` {what}"));
    if text.trim().is_empty() {
        return Err(failure("is empty: give a jq program, or leave it out".to_owned()));
    }
    if text.len() > LONGEST {
        return Err(failure(format!("is longer than {LONGEST} bytes: divide it among several transforms")));
    }
    if most_open(text) > OPEN {
        return Err(failure(format!("has more than {OPEN} open brackets: divide it among several transforms")));
    }
    let compiled = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("jq".to_owned()).stack_size(STACK);
        let thread = thread.spawn_scoped(scope, || on_large_stack(text));
        thread.map_err(|error| format!("cannot be compiled: {error}")).and_then(|thread| {
            thread.join().unwrap_or_else(|_| Err("cannot be compiled: jaq panicked over it".to_owned()))
        })
    });
    compiled.map_err(failure)
}

/// A problem, told at its place in the program.
fn told(text: &str, part: &str, what: &str) -> String {
    let at = offset(text, part);
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!("is wrong in line {line}, column {column}: {what}")
}

/// Where a part of the program stands; names that stand in no program come from our own definitions.
fn offset(text: &str, part: &str) -> usize {
    let (start, at) = (text.as_ptr().addr(), part.as_ptr().addr());
    if (start..=start + text.len()).contains(&at) { at - start } else { 0 }
}

fn on_large_stack(text: &str) -> Result<Program, String> {
    let arena = Arena::default();
    let modules = Loader::new(defs()).load(&arena, File { code: text, path: () }).map_err(|errors| {
        let mut problems: Vec<(&str, String)> = errors.into_iter().flat_map(|(_, error)| words(error)).collect();
        first(text, &mut problems)
    })?;
    let Some(term) = load::parse::<Term<&str>, _>(text, |parser| parser.term()) else {
        return Err("is wrong in line 1, column 1: modules are not offered".to_owned());
    };
    let checked = check::check(&term).map_err(|(part, what)| told(text, part, &what))?;
    let compiler: Compiler<&str, Jq> = Compiler::default().with_funs(natives()).with_global_vars(["$meta"]);
    let filter = compiler.compile(modules).map_err(|errors| {
        let undefined = errors.into_iter().flat_map(|(_, errors)| errors).map(|(name, kind)| {
            let what = match kind {
                Undefined::Filter(0) => format!("there is no function `{name}`"),
                Undefined::Filter(arguments) => format!("there is no function `{name}` with {arguments} arguments"),
                kind => format!("there is no {} `{name}`", kind.as_str()),
            };
            (name, what)
        });
        first(text, &mut undefined.collect())
    })?;
    Ok(Program { filter, meta: checked.meta })
}

/// The problem that stands first.
fn first(text: &str, problems: &mut Vec<(&str, String)>) -> String {
    problems.sort_by_key(|(part, _)| offset(text, part));
    match problems.first() {
        Some((part, what)) => told(text, part, what),
        None => "is no jq program".to_owned(),
    }
}

fn words(error: load::Error<&str>) -> Vec<(&str, String)> {
    let shown = |found: &str| match found.chars().take(20).collect::<String>() {
        nothing if nothing.trim().is_empty() => "the end".to_owned(),
        found => format!("`{}`", found.lines().next().unwrap_or_default().trim_end()),
    };
    match error {
        load::Error::Io(errors) => {
            errors.into_iter().map(|(part, _)| (part, "modules are not offered".to_owned())).collect()
        }
        load::Error::Lex(errors) => errors
            .into_iter()
            .map(|(expected, found)| (found, format!("{} expected, not {}", expected.as_str(), shown(found))))
            .collect(),
        load::Error::Parse(errors) => errors
            .into_iter()
            .map(|(expected, found)| (found, format!("{} expected, not {}", expected.as_str(), shown(found))))
            .collect(),
    }
}

/// How many brackets are open at once, at most; those in texts count as well.
fn most_open(text: &str) -> usize {
    let mut open = 0usize;
    text.bytes().fold(0, |most, byte| {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most.max(open)
    })
}
