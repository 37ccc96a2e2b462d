//! What is made up about a device. It follows from its number and the time.

use std::time::Duration;

use adr_console::{DeviceStatus, Flow, History, Key, Occurrence, Point, Sample, State};
use adr_core::Timestamp;

const NAMES: [&str; 24] = [
    "Acme",
    "Northwind",
    "Globex",
    "Initech",
    "Umbrella Logistics",
    "Stark & Daughters",
    "Wayne Works",
    "Hooli Labs",
    "Tyrell",
    "Cyberdyne",
    "Soylent Foods",
    "Vandelay",
    "Wonka",
    "Gringotts Trust",
    "Monarch",
    "Oscorp",
    "Aperture",
    "Black Mesa",
    "Massive Dynamic",
    "Pied Piper",
    "Duff",
    "Prestige",
    "Virtucon",
    "Zorin",
];
const STATES: [State; 24] = [
    State::Active,
    State::CatchingUp,
    State::KeyExpiredOrRevoked,
    State::Active,
    State::Idle,
    State::CceUnreachable,
    State::Active,
    State::RateLimited,
    State::Paused,
    State::Active,
    State::OrganizationMismatch,
    State::Starting,
    State::Active,
    State::NotLicensed,
    State::Active,
    State::Unreachable,
    State::Idle,
    State::AuthenticationFailed,
    State::Active,
    State::Failed,
    State::Active,
    State::Active,
    State::Idle,
    State::Active,
];

fn org_id(number: u64) -> String {
    format!("5a2af2a82cf2b0010{:07x}", 0x53_ea41 + number)
}

/// A made-up device.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cce: String,
    pub(crate) state: State,
    pub(crate) number: u64,
    pub(crate) is_provider: bool,
}

/// The provider of some of them.
pub(crate) const PROVIDER: &str = "coyote-msp";

impl Story {
    pub(crate) fn new(number: usize) -> Self {
        let (round, place) = (number / NAMES.len(), number % NAMES.len());
        let name = if round == 0 { NAMES[place].to_owned() } else { format!("{} {}", NAMES[place], round + 1) };
        // Of many devices most are well.
        let state =
            if round > 0 && !(number * 7).is_multiple_of(24) { State::Active } else { STATES[(place + round) % 24] };
        let cce = format!("10.20.{}.{}", number / 200, number % 200 + 5);
        let id = match Self::is_of_provider(number as u64) {
            true => format!("{PROVIDER}.{}", org_id(number as u64)),
            false => name.to_lowercase().replace([' ', '&'], "-"),
        };
        Self { id, name, cce, state, number: number as u64, is_provider: false }
    }

    /// A provider, of whose organizations there are stories as well.
    pub(crate) fn provider() -> Self {
        let (id, name) = (PROVIDER.to_owned(), "Coyote MSP".to_owned());
        Self { id, name, state: State::Idle, is_provider: true, ..Self::new(1) }
    }

    /// Whether a story is of an organization of the provider.
    pub(crate) fn is_of_provider(number: u64) -> bool {
        number % 5 == 4
    }

    fn noise(&self, time: i64) -> f64 {
        let mixed = (time as u64 ^ self.number << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 24)
    }

    /// Seconds that something has been wrong for.
    fn trouble(&self) -> u64 {
        if self.state.is_trouble() { 240 + self.number % 7 * 523 } else { 0 }
    }

    fn rate(&self, now: i64, at: i64) -> f64 {
        let wave = 1.0 + 0.6 * (at as f64 / 4000.0 + self.number as f64).sin();
        let rate = (1.0 + (self.number % 9) as f64 * 1.7) * wave * (0.5 + self.noise(at));
        match self.state {
            State::Starting | State::NotLicensed => 0.0,
            State::Idle | State::Paused => rate * f64::from(u8::from(self.noise(at / 3000) > 0.8)),
            State::CatchingUp => 80.0 * (0.9 + 0.2 * self.noise(at)),
            _ if (now - at) < self.trouble() as i64 => 0.0,
            _ => rate,
        }
    }

    fn lag(&self, now: i64, at: i64) -> Option<u32> {
        let usual = 62.0 + 50.0 * self.noise(at);
        match self.state {
            State::Starting | State::NotLicensed => None,
            State::CatchingUp => Some((5400 + (now - at) * 9 - now % 600 * 9).max(400) as u32),
            _ => Some((usual + (self.trouble() as i64 - (now - at)).max(0) as f64) as u32),
        }
    }

    pub(crate) fn history(&self, now: Timestamp) -> History {
        let now = now.as_nanos() / 1_000_000_000;
        let points = |every: i64, count: i64| {
            let last = now / every * every;
            let point = |at| Point { at, rate: self.rate(now, at) as f32, lag: self.lag(now, at) };
            (0..count).rev().map(|index| point(last - index * every)).collect()
        };
        History { hour: points(10, 360), day: points(300, 200) }
    }

    pub(crate) fn status(&self, begun: Timestamp, now: Timestamp, organizations: u64) -> DeviceStatus {
        if self.is_provider {
            let flow = Flow::default();
            let (last_event, last_poll, complete_until, lag_seconds) = Default::default();
            let whole = Self { is_provider: false, ..self.clone() }.status(begun, now, 0);
            return DeviceStatus {
                org_id: String::new(),
                provider: None,
                is_provider: true,
                organizations,
                is_read: false,
                last_event,
                last_poll,
                flow,
                complete_until,
                lag_seconds,
                ..whole
            };
        }
        let seconds = now.as_nanos() / 1_000_000_000;
        let before = |seconds: u64| Some(now.minus(Duration::from_secs(seconds)).to_string());
        let (lag, trouble) = (self.lag(seconds, seconds), self.trouble());
        let rates: Vec<f64> = (0..360).map(|step| self.rate(seconds, seconds - step * 10)).collect();
        let average = rates.iter().sum::<f64>() / rates.len() as f64;
        let is_new = matches!(self.state, State::Starting | State::NotLicensed);
        let is_read = self.state != State::Paused;
        let since_event = trouble + seconds as u64 % 20 + if self.state == State::Idle { 2700 } else { 40 };
        let events = (average * (86_400.0 + now.since(begun).as_secs_f64())) as u64;
        DeviceStatus {
            id: self.id.clone(),
            name: self.name.clone(),
            device_type: "JumpCloud".to_owned(),
            cce: self.cce.clone(),
            org_id: org_id(self.number),
            provider: Self::is_of_provider(self.number).then(|| PROVIDER.to_owned()),
            is_provider: false,
            organizations: 0,
            is_read,
            state: self.state,
            status: self.state.label().to_owned(),
            since: before(if trouble > 0 { trouble } else { 4 * 3600 + self.number * 31 }),
            last_event: before(since_event).filter(|_| !is_new && is_read),
            last_poll: before(trouble + seconds as u64 % 60).filter(|_| self.state != State::Starting && is_read),
            flow: Flow {
                events,
                duplicates: events / 97,
                rate: rates.iter().take(6).sum::<f64>() / 6.0,
                average,
                maximum: rates.iter().copied().fold(0.0, f64::max),
            },
            complete_until: lag.filter(|_| is_read).and_then(|lag| before(lag.into())),
            lag_seconds: lag.filter(|_| is_read).map(u64::from),
            caught_up_in_seconds: lag.filter(|_| self.state == State::CatchingUp).map(|lag| u64::from(lag) / 9),
            last_error: self.occurrences(now).into_iter().next(),
            key: Key {
                added: before(86_400 * (3 + self.number * 11 % 300)).filter(|_| self.number % 6 != 4),
                age_days: Some(3 + self.number * 11 % 300).filter(|_| self.number % 6 != 4),
                expires: self
                    .days_left()
                    .map(|days| now.plus(Duration::from_secs(86_400 * days.max(0) as u64)).to_string()),
                expires_in_days: self.days_left(),
            },
        }
    }

    fn days_left(&self) -> Option<i64> {
        if self.state == State::KeyExpiredOrRevoked {
            return Some(-1);
        }
        (self.number.is_multiple_of(3)).then_some((self.number * 29 % 180) as i64)
    }

    pub(crate) fn occurrences(&self, now: Timestamp) -> Vec<Occurrence> {
        let at = |seconds: u64| now.minus(Duration::from_secs(seconds)).to_string();
        let (kind, message) = match self.state {
            State::KeyExpiredOrRevoked | State::AuthenticationFailed => ("unauthorized", "JumpCloud refuses the key (401): generate a new one under Profile > My API Key".to_owned()),
            State::OrganizationMismatch => ("wrong_organization", "the key is good, and not for this organization: compare the Organization ID under Settings > Organization Profile".to_owned()),
            State::NotLicensed => ("not_licensed", "the organization's plan has no Directory Insights (402)".to_owned()),
            State::RateLimited => ("rate_limited", "JumpCloud asks for fewer requests (429): asked again in 30 s".to_owned()),
            State::Unreachable => ("unreachable", "api.jumpcloud.com: no connection within 10 s: see whether a firewall or proxy stands between".to_owned()),
            State::CceUnreachable => ("unreachable", format!("sink cce: {}:514: connection refused: see whether the CCE listens there", self.cce)),
            State::Failed => ("storage", "the state directory is full: make room on /var/lib/jumpcloud-adr".to_owned()),
            _ => ("", String::new()),
        };
        let mut found = Vec::new();
        if self.state.is_trouble() {
            found.push(Occurrence { since: at(self.trouble()), at: at(4), kind: kind.to_owned(), message, over: None });
        }
        if self.number % 4 == 2 || self.number.is_multiple_of(10) {
            let message = "JumpCloud asks for fewer requests (429): asked again in 30 s".to_owned();
            found.push(Occurrence {
                since: at(8100),
                at: at(8010),
                kind: "rate_limited".to_owned(),
                message,
                over: Some(at(8000)),
            });
            let message = "api.jumpcloud.com: no answer within 60 s".to_owned();
            found.push(Occurrence {
                since: at(51_000),
                at: at(50_800),
                kind: "timeout".to_owned(),
                message,
                over: Some(at(50_790)),
            });
        }
        found
    }

    pub(crate) fn sample(&self, now: Timestamp) -> Option<Sample> {
        if matches!(self.state, State::Starting | State::NotLicensed | State::Paused) {
            return None;
        }
        let time = Timestamp::from_secs(now.as_nanos() / 20_000_000_000 * 20 - 41);
        let (id, org) = (format!("5e95d60b05e8907888c4{:04x}", time.as_millis() & 0xffff), org_id(self.number));
        let raw = format!(
            r#"{{"id":"{id}","service":"directory","event_type":"admin_login_attempt","timestamp":"{time}","organization":"{org}","initiated_by":{{"id":"5ce434e77128503e528e747c","type":"admin","email":"jane.doe@example.com"}},"client_ip":"203.0.113.76","geoip":{{"country_code":"US","region_code":"CO","timezone":"America/Denver","latitude":39.7236,"longitude":-104.9852}},"mfa":true,"success":true,"provider":null,"useragent":{{"os":"Mac OS X","name":"Chrome","major":"141","device":"Other"}}}}"#
        );
        let mapped = format!(
            r#"{{"class_uid":3002,"class_name":"Authentication","category_uid":3,"activity_id":1,"type_uid":300201,"severity_id":1,"status_id":1,"time":{},"metadata":{{"version":"1.8.0","uid":"{id}","product":{{"name":"Directory Insights","vendor_name":"JumpCloud"}},"event_code":"admin_login_attempt"}},"actor":{{"user":{{"uid":"5ce434e77128503e528e747c","type":"Admin","email_addr":"jane.doe@example.com"}}}},"user":{{"email_addr":"jane.doe@example.com","org":{{"uid":"{org}"}}}},"src_endpoint":{{"ip":"203.0.113.76","location":{{"country":"US","region":"CO"}}}},"is_mfa":true}}"#,
            time.as_millis()
        );
        Some(Sample { raw, mapped: (self.number % 8 != 6).then_some(mapped) })
    }
}
