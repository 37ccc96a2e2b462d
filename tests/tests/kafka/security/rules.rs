//! Access rules: what a user may not do, and the words for it.

use adr_core::Failure;
use adr_core::FailureKind::Forbidden;
use adr_tests::kafka::{Broker, Listener, Security, USER, Version, unique};
use serde_json::{Value, json};

use super::scene::{Scene, exactly_once, login, trusted};
use super::{lines, run};

pub(super) fn all(version: Version) {
    let broker = Broker::start_with(version, Security::Acls);
    let settings = json!({"tls": trusted(&broker), "sasl": login("scram_sha_256")});
    let tool = match version {
        Version::V3_9 => "kafka.admin.AclCommand",
        Version::V4 => "org.apache.kafka.tools.AclCommand",
    };
    let rules = Rules { broker, tool };
    run(async {
        events(&rules, &settings).await;
        transactions(&rules, &exactly_once(&rules.broker, &settings)).await;
        checkpoints(&rules, &exactly_once(&rules.broker, &settings)).await;
    });
}

/// Makes rules with the tool of that version.
struct Rules {
    broker: Broker,
    tool: &'static str,
}

impl Rules {
    fn allow(&self, resource: &[&str], operations: &[&str]) {
        let user = format!("User:{USER}");
        let mut arguments = vec!["--add", "--allow-principal", &user];
        arguments.extend(resource);
        arguments.extend(operations.iter().flat_map(|operation| ["--operation", operation]));
        self.broker.tool(self.tool, &arguments);
    }
}

#[track_caller]
fn forbidden(failure: &Failure, words: &[&str]) {
    assert!(failure.kind == Forbidden && words.iter().all(|words| failure.message.contains(words)), "{failure:?}");
}

async fn events(rules: &Rules, settings: &Value) {
    let scene = Scene::new(&rules.broker, &rules.broker.address(Listener::Sasl), settings);
    let topic = &scene.topic;
    forbidden(&scene.send("nothing allowed").await.expect_err("no right at all"), &[topic, "kafka-acls.sh", "Write"]);
    rules.allow(&["--topic", topic], &["Describe"]);
    forbidden(&scene.send("seen").await.expect_err("no right to write"), &[topic, "kafka-acls.sh", "Write"]);
    rules.allow(&["--topic", topic], &["Write"]);
    scene.send("written").await.expect("all it needs");
    scene.check().await.expect("all it needs");
}

async fn transactions(rules: &Rules, settings: &Value) {
    let scene = Scene::new(&rules.broker, &rules.broker.address(Listener::Sasl), settings);
    let checkpoints = settings["checkpoints"]["topic"].as_str().expect("a name");
    rules.allow(&["--topic", &scene.topic], &["Write", "Describe"]);
    forbidden(&scene.commit("nothing allowed").await.expect_err("no right to the checkpoints"), &[checkpoints]);
    rules.allow(&["--topic", checkpoints], &["Read", "Write", "Describe", "DescribeConfigs"]);
    forbidden(
        &scene.commit("no transaction").await.expect_err("no right to the id"),
        &["--transactional-id jumpcloud-adr."],
    );
    rules.allow(
        &["--transactional-id", "jumpcloud-adr.", "--resource-pattern-type", "prefixed"],
        &["Write", "Describe"],
    );
    scene.commit(&unique("text")).await.expect("all it needs");
}

/// With the rights that docs/kafka.md lists and no other, checkpoints are read: their reader's group has no rule, and
/// nobody is told of that.
async fn checkpoints(rules: &Rules, settings: &Value) {
    let scene = Scene::new(&rules.broker, &rules.broker.address(Listener::Sasl), settings);
    let checkpoints = settings["checkpoints"]["topic"].as_str().expect("a name");
    rules.allow(&["--topic", &scene.topic], &["Write", "Describe", "DescribeConfigs"]);
    rules.allow(&["--topic", checkpoints], &["Read", "Write", "Describe", "DescribeConfigs"]);
    for number in 0..3 {
        // From the second on there is something to read.
        scene.commit(&format!("event {number}")).await.expect("all it needs");
    }
    let told = lines::told_by(&scene.name);
    assert!(told.is_empty(), "nothing was wrong: {told:#?}");
}
