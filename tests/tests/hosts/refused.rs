//! What cannot work under a host that starts its child again at once: told, and neither spun on nor given up.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use adr_tests::hosts::{Farewell, Manners, Record, StandIn, Stderr, Stream};
use adr_tests::process::Simulator;

use crate::Case;
use crate::guest::{As, Guest, ended_well};

/// At once, and with everything that is said.
const HASTY: Manners = Manners { stderr: Stderr::Mixed, respawn: Duration::ZERO, ..Manners::TELEGRAF };
/// The line that a host's user sees.
const STATUS: &str = "E! not running: ";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a refused key is told once, and the right one is taken", None, refused_key),
        Case::new("a bad file is told once, and the mended one is taken", None, bad_file),
        Case::new("a stop of what does not run is at once, and says why it did not", None, stop_while_waiting),
        Case::new("a host that goes away takes along what does not run", None, gone_while_waiting),
        Case::new("without --hosted the same host spins", None, spins),
    ]
}

fn said(record: &Record) -> Vec<String> {
    record.look(|seen| {
        seen.lines.iter().filter(|line| line.stream == Stream::Err).map(|line| line.text.clone()).collect()
    })
}

fn until_told(host: &StandIn) {
    host.record.until("a status line", |seen| seen.lines.iter().any(|line| line.text.starts_with(STATUS)));
}

/// One process has said little.
fn no_flood(host: &StandIn) {
    let said = said(&host.record);
    assert!(said.len() <= 6, "{said:#?}");
    let troubles = said.iter().filter(|line| line.starts_with("E! ") || line.starts_with("W! ")).count();
    assert_eq!(troubles, 1, "{said:#?}");
    assert!(said.iter().all(|line| line.as_bytes().get(1..3) == Some(b"! ")), "as Telegraf wants them: {said:#?}");
    host.record.look(|seen| assert_eq!((seen.children.len(), seen.ends.len()), (1, 0)));
}

fn until_all(host: &StandIn) {
    host.record.until("all events", |seen| seen.lines.iter().filter(|line| line.stream == Stream::Out).count() >= 50);
}

fn signal(host: &StandIn, name: &str) {
    let child = host.record.look(|seen| seen.children[0]);
    let sent = Command::new("kill").args(["-s", name, &child.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

fn change(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).expect("reads");
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).expect("writes");
}

/// JumpCloud may take the key again, so that the program runs on; it asks every five minutes.
fn refused_key() {
    let simulator = Simulator::start(&["--events", "50"]);
    let guest = Guest::new(As::Telegraf, &simulator, "", "");
    let key = guest.folder.path().join("key");
    std::fs::write(&key, "wrong-key-wrong-key").expect("writes");
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("sets");
    change(&guest.pipeline, "{ env: SIMULATED_KEY }", &format!("{{ file: {} }}", key.display()));
    let host = guest.start(HASTY);
    host.record.until("the refusal", |seen| seen.lines.iter().any(|line| line.text.contains("refused the API key")));
    no_flood(&host);
    // Whoever changes the key and anything of its source need not wait.
    std::fs::write(&key, &guest.key).expect("writes");
    change(&guest.pipeline, "device_name: JumpCloud", "device_name: Mended");
    signal(&host, "HUP");
    until_all(&host);
    let record = host.stop();
    ended_well(&record, 1);
    let said = said(&record);
    assert!(said.iter().all(|line| !line.contains("wrong-key")), "{said:#?}");
}

fn bad_file() {
    let simulator = Simulator::start(&["--events", "50"]);
    let guest = Guest::new(As::Telegraf, &simulator, "", "");
    change(&guest.pipeline, "type: adr", "type: ard");
    let host = guest.start(HASTY);
    until_told(&host);
    no_flood(&host);
    let status = said(&host.record).into_iter().find(|line| line.starts_with(STATUS)).expect("it was told");
    assert!(status.contains("there is no transform of type `ard`") && status.contains("exit_code=78"), "{status}");
    let mended = Instant::now();
    change(&guest.pipeline, "type: ard", "type: adr");
    until_all(&host);
    assert!(mended.elapsed() < Duration::from_secs(20), "that is by the clock, and not because the file has changed");
    ended_well(&host.stop(), 1);
}

fn stop_while_waiting() {
    let simulator = Simulator::start(&["--events", "5"]);
    let bad = Guest::new(As::Telegraf, &simulator, "", "");
    change(&bad.pipeline, "type: adr", "type: ard");
    // What reads to the present and no further ends where JumpCloud refuses it.
    let mut refused = Guest::new(As::Telegraf, &simulator, "", "").but(|word| match &*word {
        "--hosted" => vec![word, "--once".to_owned()],
        _ => vec![word],
    });
    refused.key = "wrong-key-wrong-key".to_owned();
    for (guest, code) in [(bad, 78), (refused, 77)] {
        let host = guest.start(Manners { farewell: Farewell::Signal, ..HASTY });
        until_told(&host);
        // Once at once, and the file is as bad as before.
        signal(&host, "HUP");
        let record = host.stop();
        record.look(|seen| {
            assert_eq!(seen.ends.iter().map(ExitStatus::code).collect::<Vec<_>>(), [Some(code)]);
        });
    }
}

fn gone_while_waiting() {
    let simulator = Simulator::start(&["--events", "5"]);
    let guest = Guest::new(As::Vector, &simulator, "", "");
    change(&guest.pipeline, "type: adr", "type: ard");
    let host = guest.start(Manners::VECTOR);
    let log = guest.folder.path().join("state/jumpcloud-adr.log");
    // Its log goes into a file, which tells nobody that it grows.
    while !std::fs::read_to_string(&log).unwrap_or_default().contains("not running: ") {
        std::thread::sleep(Duration::from_millis(10));
    }
    let record = host.vanish();
    record.look(|seen| assert_eq!(seen.ends.iter().map(ExitStatus::code).collect::<Vec<_>>(), [Some(0)]));
}

fn spins() {
    let simulator = Simulator::start(&["--events", "5"]);
    let guest = Guest::new(As::Telegraf, &simulator, "", "")
        .but(|word| Some(word).filter(|word| word != "--hosted").into_iter().collect());
    change(&guest.pipeline, "type: adr", "type: ard");
    let host = guest.start(HASTY);
    host.record.until("one start after the other", |seen| seen.children.len() >= 5);
    let record = host.stop();
    record.look(|seen| assert!(seen.ends.iter().take(4).all(|end| end.code() == Some(78)), "{:?}", seen.ends));
}
