//! What travels beside an event's text and stands in it as well: its id and its kind.

use crate::everywhere::{Fate, Values};
use crate::find::Place;
use crate::json::unescape;
use crate::path::Step;
use crate::vocabulary::{Around, KIND};

/// Of [`homes`], those of the id.
const OF_ID: usize = 2;

/// Where the id and the kind of an event stand in an ADR event and in JumpCloud's own, in this order.
pub(crate) fn homes() -> impl Iterator<Item = Vec<Step>> {
    let id: [&[&str]; OF_ID] = [&["metadata", "uid"], &["id"]];
    let path = |keys: &[&str]| keys.iter().map(|key| Step::Key((*key).to_owned())).collect();
    id.into_iter().chain(KIND).map(path)
}

/// Whether a home of the kind is at the place, or in it.
pub(crate) fn holds_kind(place: &Place) -> bool {
    place.homes >> OF_ID != 0
}

/// Whether this is the id that stands in its home.
pub(crate) fn is_home_of_id(home: usize) -> bool {
    home < OF_ID
}

/// What was redacted in an event.
pub(crate) struct Redacted<'a> {
    pub(crate) text: &'a str,
    pub(crate) places: &'a [Place],
    pub(crate) insteads: &'a [Option<String>],
    pub(crate) values: &'a Values,
    pub(crate) everywhere: bool,
}

impl Redacted<'_> {
    /// What becomes of the id beside the text. `stays`: it still stands in its home in the text.
    pub(crate) fn id(&self, id: &str, stays: bool) -> Fate {
        if id.is_empty() {
            return Fate::Stays;
        }
        let fate = match self.everywhere {
            true => self.values.fate(id, 0, Around::Other),
            // Another field with the same value was meant.
            false if stays => Fate::Stays,
            false => self.values.whole(id).unwrap_or(Fate::Stays),
        };
        if stays || fate != Fate::Stays {
            return fate;
        }
        // Its home may have been redacted whole.
        self.follow(id, |place| self.text[place.start..].starts_with('{'))
    }

    /// What becomes of the kind beside the text: it follows its home, if a path names that, and no other field.
    pub(crate) fn kind(&self, kind: &str) -> Fate {
        if kind.is_empty() {
            return Fate::Stays;
        }
        self.follow(kind, holds_kind)
    }

    /// What becomes of a word that stands at one of these places or in it.
    fn follow(&self, word: &str, is_one: impl Fn(&Place) -> bool) -> Fate {
        let says = |place: &Place| {
            let text = &self.text[place.start..place.end];
            match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                Some(inner) => unescape(inner) == word,
                None => memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some(),
            }
        };
        match self.places.iter().zip(self.insteads).find(|(place, _)| is_one(place) && says(place)) {
            None => Fate::Stays,
            Some((_, None)) => Fate::Goes,
            Some((_, Some(text))) => Fate::Becomes(text.clone()),
        }
    }
}
