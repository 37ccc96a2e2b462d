//! The pipeline file that a site deploys, with the site's own values in it: the real binary, from a simulated JumpCloud to
//! a real receiver.

use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use adr_tests::process::{Simulator, binary, errors_of, source_id};
use adr_tests::receivers::{Clients, Pki, Product, Receiver, Setup, Wire};

use crate::Case;

pub(crate) fn cases() -> Vec<Case> {
    let case = |product: Product| {
        let name = format!("pipeline::{product:?}_has_every_event_of_the_deployed_file").to_lowercase();
        Case::new(name, product, move || deployed(product))
    };
    vec![case(Product::Rsyslog), case(Product::SyslogNg)]
}

/// `pipelines/jumpcloud-to-cce.yaml` with these in the place of its examples. Each of them must be there.
fn filled_in(values: &[(&str, &str)]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipelines/jumpcloud-to-cce.yaml");
    let mut text = std::fs::read_to_string(file).expect("the file is there");
    for (example, value) in values {
        assert!(text.contains(example), "{example} is not in the file any more");
        text = text.replace(example, value);
    }
    text
}

fn deployed(product: Product) {
    const EVENTS: usize = 400;
    let pki = Pki::new();
    let mut receiver = Receiver::start(Setup::new(product, Wire::Tls).clients(Clients::All), &pki, &pki.server());
    let simulator = Simulator::start(&["--events", &EVENTS.to_string(), "--seed", "21"]);
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("jumpcloud.key");
    std::fs::write(&key, &simulator.key).expect("the key is written");
    let text = filled_in(&[
        (
            "{ file: /etc/jumpcloud-adr/jumpcloud.key }",
            &format!("{{ file: {} }}\n    base_url: {}", key.display(), simulator.url),
        ),
        ("5a2af2a82cf2b0010053ea41", &simulator.org_id),
        ("address: \"10.0.0.5:514\"", &format!("address: \"{}\"", receiver.address())),
        ("/etc/jumpcloud-adr/cce-ca.pem", &pki.authority.display().to_string()),
    ]);
    let pipeline = folder.path().join("pipeline.yaml");
    std::fs::write(&pipeline, text).expect("the pipeline is written");

    let check = std::process::Command::new(binary()).args(["check", "-c"]).arg(&pipeline).output().expect("it runs");
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success() && said.lines().count() == 2, "{said}");
    assert!(said.contains("ok     cce: ") && said.contains("with certificate sha256:"), "{said}");

    let state = folder.path().join("state");
    let mut run = simulator.run(&pipeline, &state, &["--once"], Stdio::null(), Stdio::piped());
    let errors = errors_of(&mut run);
    assert!(run.end(Duration::from_secs(60)).success(), "{errors}");
    receiver.until("every event", |records| records.len() >= EVENTS);
    let bodies = receiver.records().iter().map(|record| {
        let text = str::from_utf8(record).expect("UTF-8");
        source_id(&text[text.find('{').expect("a JSON body")..])
    });
    let ids: Vec<String> = bodies.collect();
    assert_eq!((ids.len(), ids.iter().collect::<HashSet<_>>().len()), (EVENTS, EVENTS), "each once");
}
