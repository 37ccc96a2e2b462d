use adr_core::Encoding;
use adr_sink_http::Settings;

use super::text::{quoted, shell, yaml};
use super::{Guest, Spool, Way, is_json};
use crate::exit::{Exit, Stop};

/// Fluent Bit ends after its `grace`, 5 s, and systemd has told its children to end at the same time.
const DRAIN_SECS: u32 = 4;

/// A line may be this long: 4096 bytes are exec's default, 32 KiB tail's, 4 MiB http's.
const LONGEST: &str = "16M";

/// An input whose records have the tag `jumpcloud.adr`.
pub(super) fn stanza(guest: &Guest, way: &Way) -> Result<String, Stop> {
    let (how, input, encoding) = match way {
        Way::Pipe(encoding) => {
            let how = format!(
                "# Fluent Bit starts jumpcloud-adr and reads its standard output. Nothing is acknowledged, and a stop is not passed\n\
                 # on: the sink http is the better way. docs/hosts.md says what can be lost, and what is sent again.\n{}",
                guest.environment("Fluent Bit")
            );
            (how, exec(guest, *encoding), *encoding)
        }
        Way::Post(settings) => {
            let how = "# jumpcloud-adr, a service of its own, sends requests, which Fluent Bit answers when it has stored the events.\n";
            (how.to_owned(), http(settings)?, settings.encoding)
        }
        Way::Spool(spool) => {
            let how = "# jumpcloud-adr, a service of its own, writes files.\n";
            (how.to_owned(), tail(guest, spool), spool.encoding)
        }
    };
    let parsers = if is_json(encoding) && !matches!(way, Way::Post(_)) {
        "\nparsers:\n  - name: jumpcloud_adr\n    format: json\n"
    } else {
        ""
    };
    Ok(format!(
        "# Written by `jumpcloud-adr generate fluent-bit`. Take it into your file by `includes:`, and match `jumpcloud.adr` in an\n\
         # output with `retry_limit: no_limits`: the default gives up after one retry.\n{how}
service:
  storage.path: /var/lib/fluent-bit/storage   # what an output cannot take yet waits here, and not in memory
{parsers}
pipeline:
  inputs:
{input}      storage.type: filesystem
"
    ))
}

fn exec(guest: &Guest, encoding: Encoding) -> String {
    let command: Vec<String> = guest.command(DRAIN_SECS, &[]).iter().map(|word| shell(word)).collect();
    let parser = if is_json(encoding) { "      parser: jumpcloud_adr\n" } else { "" };
    format!(
        "    - name: exec
      tag: jumpcloud.adr
      # By a shell, which gives its place to it. Its log is Fluent Bit's standard error.
      command: {}
{parser}      buf_size: {LONGEST}           # a longer line is cut into pieces, by default at 4096 bytes
      threaded: true          # else nothing else runs while it does
      interval_sec: 5         # the pause before it is started again
      interval_nsec: 0
",
        quoted(&format!("exec {}", command.join(" ")))
    )
}

fn http(settings: &Settings) -> Result<String, Stop> {
    let json =
        settings.headers.get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !json || !is_json(settings.encoding) {
        return Err(Stop::new(
            Exit::Config,
            "Fluent Bit's http input takes lines only as JSON by this name; add to the sink\n  headers: { content-type: \
             application/json }\nand leave out `encoding`",
        ));
    }
    let uri = &settings.uri;
    let host = uri.host_str().unwrap_or_default();
    let loopback = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    let tls = if uri.scheme() == "https" {
        "      tls: on\n      tls.crt_file: /etc/fluent-bit/server.pem   # yours: `tls.ca_file` of the sink must know who signed it\n      \
         tls.key_file: /etc/fluent-bit/server.key\n"
    } else {
        ""
    };
    Ok(format!(
        "    - name: http
      tag: jumpcloud.adr
      listen: {}
      port: {}
      buffer_max_size: {LONGEST}    # of a request
      successful_response_code: 201
{tls}",
        if loopback { "127.0.0.1" } else { "0.0.0.0" },
        uri.port_or_known_default().unwrap_or(80)
    ))
}

fn tail(guest: &Guest, spool: &Spool) -> String {
    let parser = if is_json(spool.encoding) { "      parser: jumpcloud_adr\n" } else { "" };
    format!(
        "    - name: tail
      tag: jumpcloud.adr
      path: {}
{parser}      read_from_head: true
      db: {}
      buffer_max_size: {LONGEST}    # a longer line, by default than 32 KiB, stops its file
      rotate_wait: 60
",
        quoted(&spool.glob),
        yaml(&format!("{}-tail.db", guest.state_dir))
    )
}
