use std::time::Duration;

use super::kind::{FaultKind, RetryAfter};
use super::schedule::{Fault, When};
use crate::random::Random;

impl Fault {
    /// Some faults by seed, each of which a collector survives without losing an event: errors that pass, broken
    /// and bent pages, missing headers. Each strikes a share of requests below `intensity`.
    pub fn seeded(seed: u64, count: usize, intensity: f64) -> Vec<Self> {
        let mut random = Random::new(seed ^ 0x6661_756c_7473);
        (0..count).map(|_| Self::drawn(&mut random, intensity)).collect()
    }

    fn drawn(random: &mut Random, intensity: f64) -> Self {
        let retry = match random.below(3) {
            0 => RetryAfter::Absent,
            1 => RetryAfter::Seconds(1 + random.below(30)),
            _ => RetryAfter::Date(Duration::from_secs(1 + random.below(30))),
        };
        let headers = ["X-Result-Count", "X-Limit", "X-Sort", "X-Search_after", "X-Request-Id", "Content-Type"];
        let kind = match random.below(20) {
            0 | 1 => FaultKind::TooManyRequests(retry),
            2 => FaultKind::InternalError,
            3 => FaultKind::BadGateway,
            4 => FaultKind::Unavailable(retry),
            5 => FaultKind::GatewayTimeout,
            6 => FaultKind::Reset,
            7 => FaultKind::Cut(random.below(5_000)),
            8 => FaultKind::Truncated,
            9 => FaultKind::Garbage,
            10 => FaultKind::NotObject,
            11 => FaultKind::EmptyBody,
            12 => FaultKind::Unsorted,
            13 => FaultKind::RepeatedCursor,
            14 => FaultKind::CursorsExpire,
            15 => FaultKind::NotJson,
            16 => FaultKind::Unauthorized,
            17 => FaultKind::Firewall,
            18 => FaultKind::Delay(Duration::from_secs(random.below(120))),
            _ => FaultKind::NoHeader(headers[random.index(headers.len())].to_owned()),
        };
        let share = intensity * (random.below(1_000) as f64 + 1.0) / 1_000.0;
        Self::new(kind).when(When::share(share))
    }
}
