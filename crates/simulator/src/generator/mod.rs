//! Made-up events that look like JumpCloud's, written straight into a buffer.

mod cast;
mod clock;
mod ids;
mod large;
mod render;
mod shapes;
mod slots;
mod table;
mod words;

use std::sync::LazyLock;

use adr_core::Timestamp;

use crate::random::{Random, is_in_share, mix, object_id};
use cast::Cast;
use render::Scene;
use shapes::Precision;
use table::Table;

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// Writes realistic events: event `n` of a seed is always the same, whatever was written before.
///
/// The mix is that of a middling company: mostly sign-ons of all kinds, a long tail of changes, so that every
/// documented event type occurs. About 1 KB an event.
#[derive(Debug)]
pub struct EventGenerator {
    seed: u64,
    cast: Cast,
    large_share: f64,
    unknown_share: f64,
}

/// Which event it is: drawn first, because its timestamp depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft {
    kind: u16,
    large: bool,
    identity: u64,
}

impl EventGenerator {
    /// The events of this seed: one in a thousand of an undocumented type, one in 20,000 of about 76 KB.
    pub fn new(seed: u64) -> Self {
        Self { seed, cast: Cast::new(seed), large_share: 0.000_05, unknown_share: 0.001 }
    }

    /// The same with this share of events of about 76 KB.
    #[must_use]
    pub fn with_large_share(mut self, share: f64) -> Self {
        self.large_share = share;
        self
    }

    /// The same with this share of undocumented event types.
    #[must_use]
    pub fn with_unknown_share(mut self, share: f64) -> Self {
        self.unknown_share = share;
        self
    }

    /// Appends event `number` of an organization, which happens at `time`, and gives the time that its text says:
    /// `time` cut to the precision that its service writes.
    pub fn write(&self, number: u64, time: Timestamp, organization: &str, out: &mut Vec<u8>) -> Timestamp {
        let draft = self.draft(number);
        self.write_draft(&draft, time, organization, out);
        self.cut(&draft, time)
    }

    /// Event `number` as a text, with the time that it says.
    pub fn event(&self, number: u64, time: Timestamp, organization: &str) -> (Vec<u8>, Timestamp) {
        let mut out = Vec::with_capacity(2048);
        let time = self.write(number, time, organization, &mut out);
        (out, time)
    }

    /// All (service, event_type) that may occur, without the undocumented ones.
    pub fn event_types() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.kinds[..TABLE.unknown].iter().map(|kind| (kind.service, kind.event_type))
    }

    pub(crate) fn draft(&self, number: u64) -> Draft {
        let identity = mix(self.seed.rotate_left(17) ^ mix(number));
        let mut random = Random::of_row(self.seed, number);
        let draw = random.next();
        let large = is_in_share(random.next(), self.large_share);
        let kind = if large {
            TABLE.mdm
        } else if random.chance(self.unknown_share) {
            let count = TABLE.kinds.len() - TABLE.unknown;
            u16::try_from(TABLE.unknown + random.index(count)).unwrap_or(TABLE.stand_in)
        } else {
            TABLE.draws[Random::new(draw).index(TABLE.draws.len())]
        };
        Draft { kind, large, identity }
    }

    pub(crate) fn cut(&self, draft: &Draft, time: Timestamp) -> Timestamp {
        clock::cut(time, precision(draft))
    }

    pub(crate) fn write_draft(&self, draft: &Draft, time: Timestamp, organization: &str, out: &mut Vec<u8>) {
        let kind = &TABLE.kinds[usize::from(draft.kind)];
        if draft.large {
            let mut timestamp = Vec::with_capacity(32);
            clock::write(time, Precision::Nanos, &mut timestamp);
            let seconds = u32::try_from(time.as_millis() / 1000).unwrap_or(0);
            let id = object_id(seconds, draft.identity);
            return large::write(organization, &id, &timestamp, &mut Random::new(draft.identity), out);
        }
        let shape = &TABLE.shapes[usize::from(kind.shape)];
        Scene::new(&self.cast, kind, shape.precision, time, organization, draft.identity).write(shape, out);
    }
}

impl Draft {
    /// Whether it writes whole seconds.
    pub(crate) fn needs_whole_second(&self) -> bool {
        precision(self) == Precision::Seconds
    }

    /// The same event as one whose timestamp may stand anywhere.
    pub(crate) fn anywhere(self) -> Self {
        Self { kind: TABLE.stand_in, ..self }
    }

    pub(crate) fn service(&self) -> &'static str {
        TABLE.kinds[usize::from(self.kind)].service
    }

    pub(crate) fn event_type(&self) -> &'static str {
        TABLE.kinds[usize::from(self.kind)].event_type
    }
}

fn precision(draft: &Draft) -> Precision {
    if draft.large {
        return Precision::Nanos;
    }
    TABLE.shapes[usize::from(TABLE.kinds[usize::from(draft.kind)].shape)].precision
}
