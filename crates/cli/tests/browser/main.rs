//! The page in a real browser: a device is added in the Add-On Store, seen in Collection Status, loses its key and gets another.
//!
//! Chromium is driven through `chromedriver`. Where one of the two is missing, the trials are reported as ignored and a line on
//! standard error says so; with `JUMPCLOUD_ADR_BROWSER_REQUIRED` they fail instead.

#[path = "../common/mod.rs"]
mod common;
mod page;
mod scene;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Trial};

type Story = fn();

const STORIES: &[(&str, Story)] = &[
    ("a_device_is_added_fails_with_its_key_and_recovers_with_another", page::story),
    ("all_that_is_read_is_there_without_a_script", page::without_a_script),
    ("a_form_whose_answer_does_not_come_stays_and_is_not_sent_twice", page::without_an_answer),
    ("the_theme_stays_and_a_lost_connection_is_told_until_it_is_back", page::while_it_is_gone),
];

#[expect(clippy::print_stderr, reason = "says whether a browser runs")]
fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A browser takes a core of its own.
    arguments.test_threads.get_or_insert(1);
    let missing: Vec<&str> = ["chromedriver", "chromium"].into_iter().filter(|name| !runs(name)).collect();
    if !missing.is_empty() {
        eprintln!(
            "SKIPPED: all trials in Chromium: there is no {}; on Debian: apt-get install chromium-driver",
            missing.join(" and no ")
        );
    }
    let ignored = !missing.is_empty() && !is_required();
    let trial = |(name, story): &(&str, Story)| {
        let story = *story;
        let run = move || {
            story();
            Ok(())
        };
        Trial::test(*name, run).with_ignored_flag(ignored)
    };
    libtest_mimic::run(&arguments, STORIES.iter().map(trial).collect()).exit_code()
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "how CI asks for a browser that must be there")]
fn is_required() -> bool {
    std::env::var_os("JUMPCLOUD_ADR_BROWSER_REQUIRED").is_some()
}
