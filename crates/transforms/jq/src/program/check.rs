//! What a program may not hold although it is jq: functions that are not offered, and functions that call themselves.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

use crate::functions::REFUSED;

/// What else is known of a program after the walk.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// It looks at `$meta`.
    pub(super) meta: bool,
}

/// How deep a program may be nested, its own functions counted where they are called: running it recurses so far.
const DEEPEST: usize = 600;

/// The part of the text, and what is wrong with it.
type Wrong<'s> = (&'s str, String);

/// A function or argument of the user's that is in scope.
struct Name<'s> {
    name: &'s str,
    arguments: usize,
    /// How deep its body is; none while that is being walked.
    depth: Option<usize>,
}

struct Walk<'s> {
    names: Vec<Name<'s>>,
    /// How deep the walk is, and has been.
    depth: usize,
    deepest: usize,
    /// The name that was met last: the nearest place.
    last: &'s str,
    checked: Checked,
}

pub(super) fn check<'s>(term: &Term<&'s str>) -> Result<Checked, Wrong<'s>> {
    let mut walk = Walk { names: Vec::new(), depth: 0, deepest: 0, last: "", checked: Checked::default() };
    walk.term(term)?;
    Ok(walk.checked)
}

impl<'s> Walk<'s> {
    fn term(&mut self, term: &Term<&'s str>) -> Result<(), Wrong<'s>> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth > DEEPEST {
            return Err((self.last, format!("it is nested more than {DEEPEST} deep")));
        }
        let walked = self.parts(term);
        self.depth -= 1;
        walked
    }

    fn parts(&mut self, term: &Term<&'s str>) -> Result<(), Wrong<'s>> {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) => Ok(()),
            Term::Str(format, parts) => {
                if let Some(format) = format {
                    self.call(format, &[])?;
                }
                parts.iter().try_for_each(|part| match part {
                    StrPart::Term(term) => self.term(term),
                    StrPart::Str(_) | StrPart::Char(_) => Ok(()),
                })
            }
            Term::Arr(term) => term.iter().try_for_each(|term| self.term(term)),
            Term::Obj(entries) => entries.iter().try_for_each(|(key, value)| {
                self.term(key)?;
                value.iter().try_for_each(|value| self.term(value))
            }),
            Term::Neg(term) | Term::Label(_, term) => self.term(term),
            Term::BinOp(left, op, right) => {
                self.term(left)?;
                if let BinaryOp::Pipe(Some(pattern)) = op {
                    self.pattern(pattern)?;
                }
                self.term(right)
            }
            Term::Fold(_, over, pattern, arguments) => {
                self.term(over)?;
                self.pattern(pattern)?;
                self.terms(arguments)
            }
            Term::TryCatch(body, catch) => {
                self.term(body)?;
                catch.iter().try_for_each(|catch| self.term(catch))
            }
            Term::IfThenElse(branches, otherwise) => {
                for (condition, then) in branches {
                    self.term(condition)?;
                    self.term(then)?;
                }
                otherwise.iter().try_for_each(|otherwise| self.term(otherwise))
            }
            Term::Def(defs, body) => {
                let before = self.names.len();
                for def in defs {
                    self.def(def)?;
                }
                self.term(body)?;
                self.names.truncate(before);
                Ok(())
            }
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Var(name) => self.variable(name),
            Term::Path(term, path) => {
                self.term(term)?;
                path.0.iter().try_for_each(|(part, _)| match part {
                    Part::Index(index) => self.term(index),
                    Part::Range(start, end) => start.iter().chain(end).try_for_each(|end| self.term(end)),
                })
            }
        }
    }

    fn terms(&mut self, terms: &[Term<&'s str>]) -> Result<(), Wrong<'s>> {
        terms.iter().try_for_each(|term| self.term(term))
    }

    fn pattern(&mut self, pattern: &Pattern<&'s str>) -> Result<(), Wrong<'s>> {
        match pattern {
            Pattern::Var(_) => Ok(()),
            Pattern::Arr(items) => items.iter().try_for_each(|item| self.pattern(item)),
            Pattern::Obj(entries) => entries.iter().try_for_each(|(key, pattern)| {
                self.term(key)?;
                self.pattern(pattern)
            }),
        }
    }

    /// A definition, which is in scope in its own body too.
    fn def(&mut self, def: &Def<&'s str>) -> Result<(), Wrong<'s>> {
        let own = self.names.len();
        self.names.push(Name { name: def.name, arguments: def.args.len(), depth: None });
        for name in &def.args {
            self.names.push(Name { name, arguments: 0, depth: Some(0) });
        }
        let before = std::mem::replace(&mut self.deepest, self.depth);
        self.term(&def.body)?;
        let depth = Some(self.deepest - self.depth);
        self.deepest = self.deepest.max(before);
        self.names.truncate(own);
        self.names.push(Name { name: def.name, arguments: def.args.len(), depth });
        Ok(())
    }

    fn call(&mut self, name: &'s str, arguments: &[Term<&'s str>]) -> Result<(), Wrong<'s>> {
        self.last = name;
        let known = self.names.iter().rev().find(|known| known.name == name && known.arguments == arguments.len());
        let body = match known {
            Some(Name { depth: Some(depth), .. }) => *depth,
            Some(Name { depth: None, .. }) => {
                return Err((
                    name,
                    format!("`{name}` calls itself, which is not offered, as a program must always end"),
                ));
            }
            None => {
                let refused = |(refused, count, _): &&(&str, Option<usize>, &str)| {
                    *refused == name && count.is_none_or(|count| count == arguments.len())
                };
                if let Some((.., why)) = REFUSED.iter().find(refused) {
                    return Err((name, format!("`{name}` {why}")));
                }
                0
            }
        };
        // Arguments are evaluated from within the body.
        self.depth += body;
        self.deepest = self.deepest.max(self.depth);
        if self.depth > DEEPEST {
            return Err((name, format!("it is nested more than {DEEPEST} deep")));
        }
        self.terms(arguments)?;
        self.depth -= body;
        Ok(())
    }

    fn variable(&mut self, name: &'s str) -> Result<(), Wrong<'s>> {
        match name {
            "$meta" => self.checked.meta = true,
            "$ENV" | "$__prog_args" | "$__loc__" => {
                return Err((
                    name,
                    format!("`{name}` is not offered, as the same event must always give the same result"),
                ));
            }
            _ => {}
        }
        Ok(())
    }
}
