//! The example unit of systemd: what it starts runs, with the folder and the credential that systemd would give.

use std::fs;

use crate::common::{program, root};
use crate::scene::Scene;

#[test]
fn what_the_unit_starts_serves_sealed_devices() {
    let unit = fs::read_to_string(root().join("examples/systemd/jumpcloud-adr.service")).expect("the unit");
    let value = |name: &str| {
        let mut values = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        values.next().unwrap_or_else(|| panic!("the unit has {name}"))
    };
    let mut scene = Scene::new(200, true);
    let folder = scene.path().to_owned();
    assert!(value("LoadCredentialEncrypted").starts_with("seal:"), "the credential that the folder here has");
    let start = value("ExecStart").replace("${STATE_DIRECTORY}", &folder.display().to_string());
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!(words[0], "/usr/local/bin/jumpcloud-adr");

    let mut command = program();
    command.args(&words[1..]).args(["--listen", "127.0.0.1:0", "--template", "template.yaml"]).current_dir(&folder);
    command.env("STATE_DIRECTORY", &folder).env("CREDENTIALS_DIRECTORY", &folder);
    scene.start(command);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    scene.state("acme", "active");
}
