//! What a user may not do, and the words for it.

use adr_tests::kafka::{Broker, Listener, Security, USER, Version};

use super::scene::Scene;

pub(super) fn told(version: Version) {
    let broker = Broker::start_with(version, Security::Acls);
    let class = match version {
        Version::V3_9 => "kafka.admin.AclCommand",
        Version::V4 => "org.apache.kafka.tools.AclCommand",
    };
    let user = format!("User:{USER}");
    let allow = |what: &[&str]| {
        let arguments = [&["--add", "--allow-principal", &user][..], what].concat();
        broker.tool(class, &arguments);
    };
    let mut scene = Scene::new(&broker, 1);
    scene.write(0..10);
    scene.servers = broker.address(Listener::Sasl);
    scene.source.push(format!("tls: {{ ca_file: {} }}", broker.pki().authority.display()));
    let login = format!("mechanism: scram_sha_256, username: {USER}, password: {{ env: KAFKA_PASSWORD }}");
    scene.source.push(format!("sasl: {{ {login} }}"));
    let (topic, group) = (&scene.raw, &scene.group);
    let refused = |(said, code): (String, Option<i32>), words: &[&str]| {
        assert!(code == Some(77) && words.iter().all(|words| said.contains(words)), "{code:?}: {said}");
    };

    refused(scene.check(), &["ok     raw: ", topic, "--operation Read --topic"]);
    allow(&["--topic", topic, "--operation", "Describe"]);
    refused(scene.check(), &[&format!("cannot read kafka topic {topic}"), "--operation Read --topic"]);
    allow(&["--topic", topic, "--operation", "Read"]);
    refused(scene.check(), &["topic with 1 partition", "--operation Read --group"]);
    refused(scene.once(), &[&format!("as group {group}"), "--operation Read --group"]);
    allow(&["--group", group, "--operation", "Read"]);
    let (said, code) = scene.check();
    assert!(code == Some(0) && said.contains("group without offsets yet"), "{said}");
    let (said, code) = scene.once();
    assert!(code == Some(0), "{said}");
    assert_eq!(scene.counts().len(), 10);
}
