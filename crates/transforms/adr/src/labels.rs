//! `metadata.labels`: what ADR has to say about an event besides its facts.

/// A label, by its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Label {
    /// Every ADR v1 event.
    V1,
    /// The table has no row for its event type: a Base Event.
    UnknownEventType,
    /// What its class requires is not in it: a Base Event.
    RequiredMissing,
    /// It has no legible `timestamp`: `time` is 0.
    TimeMissing,
    /// It names no `organization`: `metadata.tenant_uid` is the tenant it was polled for.
    TenantFromLane,
    /// It has no `id`: `metadata.uid` is a hash of its text.
    UidFromText,
    /// Nobody is named but the initiator, who acts on their own account: `user` repeats `actor.user`.
    UserFromActor,
    /// The event has no `resource` that is a user: `user.name` is its `username`.
    UserFromUsername,
    /// Nobody is named at all: an anonymous bind.
    UserAnonymous,
    /// `entity` is not the event's `resource` but the next best: device, application, organization.
    EntityFallback,
    /// The web resource is the JumpCloud product, as nothing in it is named.
    ResourceFallback,
    /// Kept as text in `raw_data`: an object has a key twice.
    DuplicateKey,
    /// Kept as text in `raw_data`: nested too deeply.
    TooDeep,
    /// Kept as text in `raw_data`: a string has half a surrogate pair.
    LoneSurrogate,
    /// On its way to a sink, `unmapped` was left out, and `raw_data` perhaps: by an encoder, not by the mapping.
    Shortened,
}

/// All labels, by bit.
pub const LABELS: [(Label, &str); 15] = [
    (Label::V1, "adr.v1"),
    (Label::UnknownEventType, "adr.unknown_event_type"),
    (Label::RequiredMissing, "adr.required_missing"),
    (Label::TimeMissing, "adr.time_missing"),
    (Label::TenantFromLane, "adr.tenant_from_lane"),
    (Label::UidFromText, "adr.uid_from_text"),
    (Label::UserFromActor, "adr.user_from_actor"),
    (Label::UserFromUsername, "adr.user_from_username"),
    (Label::UserAnonymous, "adr.user_anonymous"),
    (Label::EntityFallback, "adr.entity_fallback"),
    (Label::ResourceFallback, "adr.resource_fallback"),
    (Label::DuplicateKey, "adr.duplicate_key"),
    (Label::TooDeep, "adr.too_deep"),
    (Label::LoneSurrogate, "adr.lone_surrogate"),
    (Label::Shortened, "adr.shortened"),
];

impl Label {
    /// The label as it stands in `metadata.labels`.
    pub fn as_str(self) -> &'static str {
        LABELS[self as usize].1
    }
}

/// The labels of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels(u16);

impl Labels {
    /// With one more.
    #[must_use]
    pub const fn with(self, label: Label) -> Self {
        Self(self.0 | 1 << label as u8)
    }

    /// Whether it is among them.
    pub const fn has(self, label: Label) -> bool {
        self.0 & 1 << label as u8 != 0
    }

    /// Them, in order.
    pub fn iter(self) -> impl Iterator<Item = Label> {
        LABELS.into_iter().map(|(label, _)| label).filter(move |label| self.has(*label))
    }

    /// Them as the labels of a JSON array: `"adr.v1"`.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"adr.v1\"");
        let mut rest = self.0 & !1;
        while rest != 0 {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(LABELS[rest.trailing_zeros() as usize].1.as_bytes());
            out.push(b'"');
            rest &= rest - 1;
        }
    }
}

/// How many events had each label: a schema that drifts shows here first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; LABELS.len()]);

impl Counts {
    pub(crate) fn add(&mut self, labels: Labels) {
        let mut rest = labels.0;
        while rest != 0 {
            self.0[rest.trailing_zeros() as usize] += 1;
            rest &= rest - 1;
        }
    }

    /// How many events had it.
    pub fn of(&self, label: Label) -> u64 {
        self.0[label as usize]
    }

    /// All labels and how many events had them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        LABELS.iter().map(|(label, text)| (*text, self.of(*label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_its_own_bit() {
        for (at, (label, text)) in LABELS.iter().enumerate() {
            assert_eq!((*label as usize, label.as_str()), (at, *text));
            assert_eq!(Labels::default().with(*label).iter().collect::<Vec<_>>(), [*label]);
        }
    }
}
