//! How attributes' keys are spelled.

use std::sync::LazyLock;

use super::attributes::ATTRIBUTES;

/// The spellings of an attribute's key.
#[derive(Debug)]
pub(super) struct Keys {
    /// In CEF and in LEEF, where no key of their dictionaries can hold the value: `adrActorUserUid=`.
    pub(super) own: String,
    /// In the flat form: `"actor_user_uid":`.
    pub(super) flat: String,
    /// The object of the flat form that it is a member of; empty for the record itself.
    pub(super) object: &'static str,
}

/// The key of what has none of its own.
pub(super) const OTHER: &str = "adrOther=";

/// The keys of each attribute.
pub(super) fn all() -> &'static [Keys] {
    static ALL: LazyLock<Vec<Keys>> = LazyLock::new(|| {
        let spell = |at: &super::attributes::Attribute| {
            let name = if at.flat.is_empty() { at.path.replace('.', "_") } else { at.flat.to_owned() };
            // Of a member of an object, its own key.
            let flat = name.rsplit('.').next().unwrap_or_default();
            let object = at.flat.split_once('.').map_or("", |(object, _)| object);
            Keys { own: own(at.path), flat: format!("\"{flat}\":"), object }
        };
        ATTRIBUTES.iter().map(spell).collect()
    });
    &ALL
}

/// A path in one word of letters and digits, which no dictionary has.
fn own(path: &str) -> String {
    let mut word = String::from("adr");
    for part in path.split(['.', '_']) {
        let (first, rest) = part.split_at(1);
        word += &first.to_ascii_uppercase();
        word += rest;
    }
    word + "="
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_attributes_have_a_key_in_common() {
        let mut seen = BTreeSet::from([OTHER.to_owned()]);
        for keys in all() {
            assert!(keys.own.trim_end_matches('=').chars().all(|it| it.is_ascii_alphanumeric()), "{}", keys.own);
            assert!(seen.insert(keys.own.clone()), "{}", keys.own);
        }
        for places in [ATTRIBUTES.each_ref().map(|at| at.cef), ATTRIBUTES.each_ref().map(|at| at.leef)] {
            let mut seen = seen.clone();
            for place in places.into_iter().flatten() {
                assert!(seen.insert(place.key.to_owned()), "{}", place.key);
            }
        }
        let names =
            ATTRIBUTES.iter().map(|at| if at.flat.is_empty() { at.path.replace('.', "_") } else { at.flat.to_owned() });
        let names: BTreeSet<_> = names.chain(["other".to_owned()]).collect();
        assert_eq!(names.len(), ATTRIBUTES.len() + 1);
    }
}
