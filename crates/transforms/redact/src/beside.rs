//! What travels beside an event's text and stands in it as well: its id and its kind.

use crate::everywhere::{Fate, Values};
use crate::find::Place;
use crate::path::Step;

/// Where the id and the kind of an event stand in an ADR event and in JumpCloud's own, in this order.
pub(crate) fn homes() -> [Vec<Step>; 4] {
    let path = |keys: &[&str]| keys.iter().map(|key| Step::Key((*key).to_owned())).collect();
    [path(&["metadata", "uid"]), path(&["id"]), path(&["metadata", "event_code"]), path(&["event_type"])]
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
    /// What becomes of a word beside the text. `stays`: it still stands in its home in the text.
    pub(crate) fn fate(&self, word: &str, stays: bool) -> Fate {
        if word.is_empty() {
            return Fate::Stays;
        }
        let fate = match self.everywhere {
            true => self.values.fate(word, 0),
            // Another field with the same value was meant.
            false if stays => Fate::Stays,
            false => self.values.whole(word).unwrap_or(Fate::Stays),
        };
        if stays || fate != Fate::Stays {
            return fate;
        }
        // Its home may have been redacted whole.
        let holds = |place: &Place| {
            let text = &self.text[place.start..place.end];
            text.starts_with('{') && memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
        };
        match self.places.iter().zip(self.insteads).find(|(place, _)| holds(place)) {
            None => Fate::Stays,
            Some((_, None)) => Fate::Goes,
            Some((_, Some(text))) => Fate::Becomes(text.clone()),
        }
    }
}
