//! What must hold of an event: by its meta first, which costs nothing, then by a condition in jq.

use std::ops::ControlFlow;
use std::sync::Arc;

use adr_core::{Event, Failure, FailureKind, Severity};

use crate::config::{FilterConfig, OnError};
use crate::program::Program;
use crate::regexes::Regexes;

/// Checked settings of a filter or of a route.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    kinds: Option<Vec<Pattern>>,
    tenants: Option<Vec<Box<str>>>,
    least: Option<Severity>,
    program: Option<Arc<Program>>,
    on_error: OnError,
}

#[derive(Clone, Debug)]
enum Pattern {
    Whole(Box<str>),
    Beginning(Box<str>),
}

/// What a condition says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    HoldsNot,
    /// It could not be evaluated, and such events are to be rejected.
    Failed(String),
}

impl Condition {
    pub(crate) fn new(config: FilterConfig) -> Result<Self, Failure> {
        let failure = |message: &str| Err(Failure::fatal(FailureKind::Config, message));
        let FilterConfig { kinds, tenants, min_severity, condition, on_error } = config;
        if kinds.is_none() && tenants.is_none() && min_severity.is_none() && condition.is_none() {
            return failure("it lets everything through: give `kinds`, `tenants`, `min_severity` or `condition`");
        }
        if on_error.is_some() && condition.is_none() {
            return failure("`on_error` has nothing to act on: give `condition`, or leave it out");
        }
        for (list, name) in [(&kinds, "kinds"), (&tenants, "tenants")] {
            if let Some(list) = list
                && (list.is_empty() || list.iter().any(String::is_empty))
            {
                return failure(&format!("`{name}` has nothing in it that could hold: give names, or leave it out"));
            }
        }
        let kinds =
            kinds.map(|kinds| kinds.iter().map(|kind| Pattern::new(kind)).collect::<Result<_, _>>()).transpose()?;
        Ok(Self {
            kinds,
            tenants: tenants.map(|tenants| tenants.into_iter().map(String::into_boxed_str).collect()),
            least: min_severity.map(Severity::from),
            program: condition.map(|text| Program::compile("condition", &text).map(Arc::new)).transpose()?,
            on_error: on_error.unwrap_or_default(),
        })
    }

    pub(crate) fn of(&self, event: &Event, regexes: &Regexes) -> Verdict {
        let meta = &event.meta;
        let holds = self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind.fits(&meta.kind)))
            && self.tenants.as_ref().is_none_or(|tenants| tenants.iter().any(|tenant| **tenant == *meta.tenant))
            && self.least.is_none_or(|least| meta.severity >= least);
        if !holds {
            return Verdict::HoldsNot;
        }
        let Some(program) = &self.program else { return Verdict::Holds };
        let mut verdict = Verdict::HoldsNot;
        let run = program.run(regexes, event, |output| {
            if jaq_core::ValT::as_bool(output) {
                verdict = Verdict::Holds;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        });
        match (run, self.on_error) {
            (Ok(()), _) => verdict,
            (Err(_), OnError::Keep) => Verdict::Holds,
            (Err(_), OnError::Discard) => Verdict::HoldsNot,
            (Err(reason), OnError::Reject) => Verdict::Failed(format!("the condition failed: {reason}")),
        }
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Self, Failure> {
        let (head, beginning) = text.strip_suffix('*').map_or((text, false), |head| (head, true));
        if head.contains('*') {
            let message = format!("`kinds` has {text:?}, where a * is not at the end: give one such as user_*");
            return Err(Failure::fatal(FailureKind::Config, message));
        }
        Ok(if beginning { Self::Beginning(head.into()) } else { Self::Whole(head.into()) })
    }

    fn fits(&self, kind: &str) -> bool {
        match self {
            Self::Whole(text) => **text == *kind,
            Self::Beginning(text) => kind.starts_with(&**text),
        }
    }
}
