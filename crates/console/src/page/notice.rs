//! What is said on the next page after something was done.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, PoisonError};

use maud::{Markup, html};

use super::badge::Tone;
use super::icon::Icon;

/// So many are kept until their page has been asked for.
const KEPT: usize = 64;

/// A sentence for who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) message: String,
}

/// Notices by a name that cannot be guessed: an address carries the name and never the text, so that nobody can put words
/// into the page by a link.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    kept: Mutex<VecDeque<(String, Notice)>>,
}

impl Notices {
    /// Keeps a notice and gives its name.
    pub(crate) fn keep(&self, notice: Notice) -> String {
        // Each state is seeded anew.
        let half = || RandomState::new().build_hasher().finish();
        let name = format!("{:016x}{:016x}", half(), half());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((name.clone(), notice));
        name
    }

    /// The notice of that name. It stays, as a page may be loaded again.
    pub(crate) fn find(&self, name: &str) -> Option<Notice> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(kept, _)| kept == name).map(|(_, notice)| notice.clone())
    }
}

impl Notice {
    pub(crate) fn good(message: impl Into<String>) -> Self {
        Self { tone: Tone::Good, message: message.into() }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, message: message.into() }
    }

    pub(crate) fn draw(&self) -> Markup {
        let is_bad = self.tone == Tone::Bad;
        let icon = if is_bad { Icon::Warning } else { Icon::Check };
        html! {
            div.notice.(self.tone.class()) role=(if is_bad { "alert" } else { "status" }) {
                (icon.draw()) p { (self.message) }
            }
        }
    }
}
