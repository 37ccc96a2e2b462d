//! Records as they should be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use adr_core::{Detail, Encoder, Encoding, Event, Sink};
use adr_sink_kafka::Compression;
use adr_tests::kafka::{Broker, read_all, unique};

use super::scene::{config, event, events, run, sink, sink_of, write_all};

pub(super) fn whole(broker: &Broker) {
    let topic = unique("whole");
    broker.create_topic(&topic, 4, &[]);
    let tenants = ["org-a", "org-b", "org-c", "org-d", "org-e"];
    let sent = events(&tenants, 2000, 100);
    run(async {
        let mut sink = sink(config(broker, &topic));
        let seen = write_all(&mut sink, &sent, 333).await;
        assert!(seen.rejected.is_empty() && seen.failures.is_empty(), "{seen:?}");
        sink.close().await.expect("closed");
    });
    let found = read_all(&broker.bootstrap(), &topic);
    assert_eq!(found.len(), sent.len());
    let mut partitions = BTreeMap::new();
    for tenant in tenants {
        let theirs: Vec<_> = found.iter().filter(|message| message.key.as_deref() == Some(tenant.as_bytes())).collect();
        let uids: Vec<_> = theirs.iter().map(|message| message.header("uid").unwrap_or_default().to_owned()).collect();
        let expected: Vec<_> = (0..2000).map(|number| format!("{tenant}-{number}")).collect();
        assert_eq!(uids, expected, "in order, each once");
        let of: BTreeSet<i32> = theirs.iter().map(|message| message.partition).collect();
        assert_eq!(of.len(), 1, "one key, one partition");
        partitions.insert(tenant, of);
    }
    // As Java's producers place these keys: murmur2 of the key, without its sign, by 4.
    let of = |tenant| partitions[tenant].first().copied();
    assert_eq!(tenants.map(of), tenants.map(|tenant| Some(java_partition(tenant.as_bytes(), 4))));
    for (message, event) in found
        .iter()
        .filter(|message| message.header("tenant") == Some("org-c"))
        .zip(sent.iter().filter(|event| &*event.meta.tenant == "org-c"))
    {
        assert_eq!(message.payload, event.body);
        let names: Vec<_> = message.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["uid", "kind", "tenant", "schema"]);
        assert_eq!((message.header("kind"), message.header("schema")), (Some("sso_auth"), Some("ocsf/1.8.0")));
    }
}

/// MurmurHash2 with Kafka's seed.
fn java_partition(key: &[u8], partitions: i32) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(key.len()).expect("a short key");
    let (words, rest) = key.as_chunks::<4>();
    let mut hash = words.iter().fold(0x9747_b28c ^ length, |hash, word| {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash.wrapping_mul(M) ^ k.wrapping_mul(M)
    });
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u32::from(*byte));
        hash = (hash ^ last).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    i32::try_from(hash & 0x7fff_ffff).expect("31 bits") % partitions
}

pub(super) fn templates(broker: &Broker) {
    let base = unique("template");
    let topics: Vec<String> = (0..3).map(|user| format!("{base}.u{user}")).collect();
    topics.iter().for_each(|topic| broker.create_topic(topic, 1, &[]));
    let sent = events(&["org-a", "org-b"], 70, 10);
    let seen = run(async {
        let mut config = config(broker, &format!("{base}.{{{{ .user }}}}"));
        config.topics = Some(topics.clone());
        config.key = Some("{{ tenant }}/{{ .n }}".into());
        write_all(&mut sink(config), &sent, 50).await
    });
    let misfits: Vec<usize> = (0..140).filter(|place| place / 2 % 7 > 2).collect();
    assert_eq!(seen.rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), misfits);
    assert!(seen.rejected[0].reason.contains(&format!("{base}.u3")), "{}", seen.rejected[0].reason);
    for (user, topic) in topics.iter().enumerate() {
        let found = read_all(&broker.bootstrap(), topic);
        let keys: Vec<_> =
            found.into_iter().map(|message| String::from_utf8(message.key.unwrap_or_default())).collect();
        let of_user = (0..70).filter(|number| number % 7 == user);
        let expected: Vec<_> =
            of_user.flat_map(|number| ["org-a", "org-b"].map(|tenant| Ok(format!("{tenant}/{number}")))).collect();
        assert_eq!(keys, expected);
    }
}

struct Shouting;

impl Encoder for Shouting {
    fn encode(&mut self, event: &Event, _: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        if event.meta.id.ends_with('3') {
            return Err("it cannot be shouted".into());
        }
        out.extend(event.body.iter().map(u8::to_ascii_uppercase));
        Ok(())
    }
}

pub(super) fn encodings(broker: &Broker) {
    let topic = unique("encoding");
    broker.create_topic(&topic, 1, &[]);
    let sent: Vec<Event> = (0..5).map(|number| event("org-a", number, 10)).collect();
    let seen = run(async {
        let mut config = config(broker, &topic);
        config.encoding = Some(Encoding::Cef);
        write_all(&mut sink_of(config, || Some(Box::new(Shouting))), &sent, 10).await
    });
    assert_eq!(
        (seen.rejected.len(), seen.rejected[0].index, &*seen.rejected[0].reason),
        (1, 3, "it cannot be shouted")
    );
    let found = read_all(&broker.bootstrap(), &topic);
    let payloads: Vec<_> = found.into_iter().map(|message| message.payload).collect();
    let expected: Vec<_> = [0, 1, 2, 4].map(|place: usize| sent[place].body.to_ascii_uppercase()).into();
    assert_eq!(payloads, expected);
}

pub(super) fn compressions(broker: &Broker) {
    let sent = events(&["org-a"], 300, 500);
    let kinds = [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
    for kind in kinds {
        let topic = unique("compression");
        broker.create_topic(&topic, 1, &[]);
        let mut config = config(broker, &topic);
        config.compression = Some(kind);
        let seen = run(async { write_all(&mut sink(config), &sent, 100).await });
        assert!(seen.rejected.is_empty() && seen.failures.is_empty(), "{kind:?}: {seen:?}");
        let payloads: Vec<_> = read_all(&broker.bootstrap(), &topic).into_iter().map(|found| found.payload).collect();
        assert!(payloads.iter().eq(sent.iter().map(|event| &*event.body)), "{kind:?}");
    }
}
