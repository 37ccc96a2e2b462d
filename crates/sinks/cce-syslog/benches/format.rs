//! The cost of messages: header and framing of each event, without the network.

use std::borrow::Cow;
use std::hint::black_box;
use std::io::IoSlice;
use std::sync::Arc;

use adr_core::{Clock, Detail, Encoder, Event, Meta, Severity, Timestamp};
use adr_sink_cce_syslog::{CceSyslogConfig, Chunk, Formatter, Framing, HeaderKind, Mode, Settings};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const EVENTS: usize = 256;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_772_368_496)
    }
}

/// Never called: the text of `json` is the event's own.
struct NoEncoder;

impl Encoder for NoEncoder {
    fn encode(&mut self, _: &Event, _: Detail, _: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        Err("not measured".into())
    }
}

/// Events of so many bytes; every `other`th has a character that is not ASCII. Each is 37 seconds after the one before.
fn events(bytes: usize, other: usize) -> Vec<Event> {
    let tenant: Arc<str> = "5a2af2a82cf2b0010053ea41".into();
    (0..EVENTS)
        .map(|number| {
            let mut text = "x".repeat(bytes - 2);
            if number.is_multiple_of(other) {
                text.replace_range(..2, "ü");
            }
            Event {
                meta: Meta {
                    id: format!("6405f6e2a7b1c2d3e4f5{number:04}").into(),
                    time: Some(
                        Timestamp::from_millis(1_772_368_496_250)
                            .plus(std::time::Duration::from_secs(37) * u32::try_from(number).expect("few")),
                    ),
                    tenant: tenant.clone(),
                    kind: "user_login_attempt".to_owned().into(),
                    severity: Severity::Low,
                },
                body: format!("\"{text}\"").into_bytes().into(),
            }
        })
        .collect()
}

fn formatter(change: impl FnOnce(&mut CceSyslogConfig)) -> Formatter {
    let mut config = CceSyslogConfig { address: "192.0.2.7".parse().ok(), ..CceSyslogConfig::default() };
    change(&mut config);
    Formatter::new(&Settings::try_from(config).expect("sound settings"), Arc::new(Fixed), Box::new(NoEncoder))
}

/// What a kind of message sets.
type Change = fn(&mut CceSyslogConfig);

fn format(c: &mut Criterion) {
    let mut group = c.benchmark_group("format");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let kinds: [(&str, Change); 4] = [
        ("rfc5424 octet counting", |_| {}),
        ("rfc5424 newline", |config| config.framing = Some(Framing::Newline)),
        ("rfc5424 bare", |config| config.mode = Some(Mode::Udp)),
        ("rfc3164 octet counting", |config| config.header = Some(HeaderKind::Rfc3164)),
    ];
    // Almost no text: what is left is the header's cost.
    for (bytes, other) in [(16, usize::MAX), (1500, 4)] {
        let events = events(bytes, other);
        for (name, change) in kinds {
            let mut formatter = formatter(change);
            let (mut chunk, mut rejected) = (Chunk::default(), Vec::new());
            group.bench_function(BenchmarkId::new(name, bytes), |b| {
                b.iter(|| {
                    let next = formatter.format(black_box(&events), 0, &mut chunk, &mut rejected);
                    assert_eq!((next, rejected.len()), (EVENTS, 0));
                    chunk.bytes()
                });
            });
        }
    }
    group.finish();
}

fn slices(c: &mut Criterion) {
    let mut group = c.benchmark_group("slices");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let events = events(1500, 4);
    let (mut chunk, mut rejected) = (Chunk::default(), Vec::new());
    formatter(|_| {}).format(&events, 0, &mut chunk, &mut rejected);
    group.bench_function("rfc5424 octet counting", |b| {
        b.iter_batched_ref(
            || Vec::<IoSlice<'_>>::with_capacity(2 * EVENTS),
            |out| chunk.slices(&events, out),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, format, slices);
criterion_main!(benches);
