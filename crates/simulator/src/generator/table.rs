use super::shapes::{Precision, SHAPES};
use super::slots::{Segment, segments};

/// Every documented event type, and the undocumented ones that were seen, with how often a tenant emits them.
const EVENT_TYPES: &str = include_str!("event_types.tsv");

/// Types that nobody documented: a collector must bear them. (service, event_type)
const UNKNOWN_TYPES: &[(&str, &str)] = &[
    ("pam", "pam_session_recording_start"),
    ("access_certification", "access_certification_review_close"),
    ("adbridge_user", "adbridge_user_sync"),
    ("directory", "passkey_attestation_update"),
    ("di_events", "tenant_insight_rollup"),
];

/// One event type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) service: &'static str,
    pub(super) event_type: &'static str,
    pub(super) resource: &'static str,
    pub(super) shape: u16,
}

/// The types and their shapes, ready to draw from.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) kinds: Vec<Kind>,
    /// The index of a kind, as often as its weight.
    pub(super) draws: Vec<u16>,
    pub(super) shapes: Vec<Shape>,
    /// Where the unknown types begin in `kinds`.
    pub(super) unknown: usize,
    /// `sso_auth`: what stands in where a timestamp of whole seconds has no place.
    pub(super) stand_in: u16,
    pub(super) mdm: u16,
}

#[derive(Debug)]
pub(super) struct Shape {
    pub(super) precision: Precision,
    pub(super) segments: Vec<Segment>,
}

impl Table {
    pub(super) fn new() -> Self {
        let shapes = SHAPES
            .iter()
            .map(|(_, precision, text)| Shape { precision: *precision, segments: segments(text) })
            .collect();
        let (mut kinds, mut draws) = (Vec::new(), Vec::new());
        for line in EVENT_TYPES.lines().skip(1) {
            let mut columns = line.split('\t');
            let mut next = || columns.next().expect("event_types.tsv has five columns");
            let (service, event_type, weight, shape, resource) = (next(), next(), next(), next(), next());
            let weight: usize = weight.parse().expect("a weight is a number");
            draws.extend(std::iter::repeat_n(index(kinds.len()), weight));
            kinds.push(Kind { service, event_type, resource, shape: shape_named(shape) });
        }
        let find = |name: &str| index(kinds.iter().position(|kind| kind.event_type == name).expect("a listed type"));
        let (stand_in, mdm) = (find("sso_auth"), find("mdm_command_result"));
        let unknown = kinds.len();
        let shape = shape_named("entity");
        kinds.extend(UNKNOWN_TYPES.iter().map(|(service, event_type)| Kind {
            service,
            event_type,
            resource: "unknown",
            shape,
        }));
        Self { kinds, draws, shapes, unknown, stand_in, mdm }
    }
}

fn shape_named(name: &str) -> u16 {
    index(SHAPES.iter().position(|(other, ..)| *other == name).expect("event_types.tsv names listed shapes"))
}

fn index(value: usize) -> u16 {
    u16::try_from(value).expect("a few hundred types")
}
