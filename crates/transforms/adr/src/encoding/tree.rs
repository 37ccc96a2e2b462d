//! Which attribute a key is, by the object it stands in.

use std::sync::LazyLock;

use super::attributes::ATTRIBUTES;

/// What a key of an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The attribute of that number.
    Attribute(u8),
    /// An object that has attributes.
    Object(u8),
}

/// The event itself, as the object that a key stands in.
pub(super) const EVENT: u8 = 0;

/// All keys of the attributes' paths.
#[derive(Debug)]
pub(super) struct Tree {
    keys: Vec<Key>,
    slots: [u8; SLOTS],
}

#[derive(Debug)]
struct Key {
    object: u8,
    text: &'static str,
    target: Target,
}

const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

impl Tree {
    /// The tree of all attributes.
    pub(super) fn all() -> &'static Self {
        static ALL: LazyLock<Tree> = LazyLock::new(Tree::build);
        &ALL
    }

    fn build() -> Self {
        let mut tree = Self { keys: Vec::new(), slots: [EMPTY; SLOTS] };
        let mut objects = EVENT;
        for (number, attribute) in ATTRIBUTES.iter().enumerate() {
            let number = u8::try_from(number).expect("there are fewer than 256 attributes");
            let (path, last) = attribute.path.rsplit_once('.').unwrap_or(("", attribute.path));
            let mut object = EVENT;
            for text in path.split('.').filter(|text| !text.is_empty()) {
                object = match tree.find(object, text.as_bytes()) {
                    Some(Target::Object(inner)) => inner,
                    Some(Target::Attribute(_)) => panic!("{path} is an attribute and has attributes"),
                    None => {
                        objects += 1;
                        assert!(objects < 64, "objects are counted in 64 bits");
                        tree.add(object, text, Target::Object(objects));
                        objects
                    }
                };
            }
            tree.add(object, last, Target::Attribute(number));
        }
        tree
    }

    fn add(&mut self, object: u8, text: &'static str, target: Target) {
        let mut slot = hash(object, text.as_bytes());
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = u8::try_from(self.keys.len()).expect("there are fewer than 256 keys");
        self.keys.push(Key { object, text, target });
    }

    /// What a key without escapes is in that object.
    #[inline]
    pub(super) fn find(&self, object: u8, text: &[u8]) -> Option<Target> {
        let mut slot = hash(object, text);
        loop {
            // An empty slot has no key.
            let key = self.keys.get(usize::from(self.slots[slot]))?;
            if key.object == object && key.text.as_bytes() == text {
                return Some(key.target);
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

#[inline]
fn hash(object: u8, text: &[u8]) -> usize {
    let length = text.len();
    if length == 0 {
        return 0;
    }
    let bytes = [text[0], text[length / 2], text[length - 1], text[length * 3 / 4]];
    #[expect(clippy::cast_possible_truncation, reason = "keys are short, and a hash may lose what is above")]
    let place = (length as u32).wrapping_mul(0x9E37_79B9) ^ u32::from(object).wrapping_mul(0x85EB_CA6B);
    ((u32::from_le_bytes(bytes) ^ place).wrapping_mul(0xBAAC_C33B) >> 22) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_to_its_attribute_and_no_other_does() {
        let tree = Tree::all();
        let walk = |path: &str| {
            path.split('.').try_fold(Target::Object(EVENT), |at, key| match at {
                Target::Object(object) => tree.find(object, key.as_bytes()),
                Target::Attribute(_) => None,
            })
        };
        for (number, attribute) in ATTRIBUTES.iter().enumerate() {
            assert_eq!(
                walk(attribute.path).map(|it| matches!(it, Target::Attribute(at) if usize::from(at) == number)),
                Some(true),
                "{}",
                attribute.path
            );
        }
        for path in ["", "tim", "uid", "metadata.", "metadata.uids", "user.tenant_uid", "actor.user.user", "time.time"]
        {
            assert_eq!(walk(path), None, "{path}");
        }
    }
}
