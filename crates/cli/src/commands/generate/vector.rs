use super::text::yaml;
use super::{Guest, Spool, Way, is_json};
use adr_core::Encoding;
use adr_sink_http::Settings;

/// Vector's own limit is 60 s, then it kills.
const DRAIN_SECS: u32 = 50;

/// A source, and behind it a transform `jumpcloud_adr` whose events are what was sent.
pub(super) fn stanza(guest: &Guest, way: &Way) -> String {
    let (source, encoding) = match way {
        Way::Pipe(encoding) => (exec(guest, *encoding), *encoding),
        Way::Post(settings) => (http_server(settings), settings.encoding),
        Way::Spool(spool) => (file(spool), spool.encoding),
    };
    let how = match way {
        Way::Pipe(_) => format!(
            "# Vector starts jumpcloud-adr and reads its standard output. Nothing is acknowledged: docs/hosts.md says what can be\n\
             # lost, and what is sent again.\n{}",
            guest.environment("Vector")
        ),
        Way::Post(_) => {
            "# jumpcloud-adr, a service of its own, sends requests, which Vector answers when its sinks have the events.\n"
                .to_owned()
        }
        Way::Spool(_) => {
            "# jumpcloud-adr, a service of its own, writes files, of which Vector keeps a place once its sinks have the events.\n"
                .to_owned()
        }
    };
    let adr_events = guest.adr_events && encoding == Encoding::Json;
    format!(
        "# Written by `jumpcloud-adr generate vector`. Load it beside your own files (vector --config-dir), whose sinks take\n\
         # `inputs: [jumpcloud_adr]`.\n{how}\n{source}\n{}",
        transforms(way, encoding, adr_events)
    )
}

fn exec(guest: &Guest, encoding: Encoding) -> String {
    let log = format!("{}/jumpcloud-adr.log", guest.state_dir);
    let command: String = guest
        .command(DRAIN_SECS, &["--log-file", &log])
        .iter()
        .map(|word| format!("      - {}\n", yaml(word)))
        .collect();
    format!(
        "sources:
  jumpcloud_adr_source:
    type: exec
    mode: streaming
    command:
{command}    include_stderr: false         # true, the default, makes events of log lines; false throws them away: --log-file
    streaming:
      respawn_on_exit: true
      respawn_interval_secs: 5    # whatever the exit code, for ever: --hosted does not end for a refused key
    framing:
      method: newline_delimited   # without max_length: a longer line would be dropped
    decoding:
      codec: {}
",
        codec(encoding)
    )
}

fn http_server(settings: &Settings) -> String {
    let uri = &settings.uri;
    let host = uri.host_str().unwrap_or_default();
    let loopback = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    let port = uri.port_or_known_default().unwrap_or(80);
    let address = format!("{}:{port}", if loopback { "127.0.0.1" } else { "0.0.0.0" });
    let tls = if uri.scheme() == "https" {
        "    tls:\n      enabled: true\n      crt_file: /etc/vector/server.pem   # yours: `tls.ca_file` of the sink must know who signed it\n      \
         key_file: /etc/vector/server.key\n"
    } else {
        ""
    };
    let auth = if settings.auth.is_some() || !settings.secret_headers.is_empty() {
        "    # The sink proves who it is: let Vector ask for the same here (`auth`), or a proxy before it.\n"
    } else {
        ""
    };
    format!(
        "sources:
  jumpcloud_adr_source:
    type: http_server
    address: {}
    path: {}
    framing:
      method: newline_delimited
    decoding:
      codec: {}
    acknowledgements:
      enabled: true               # else 200 only says that Vector has read the events
{tls}{auth}",
        super::text::quoted(&address),
        yaml(uri.path()),
        codec(settings.encoding)
    )
}

fn file(spool: &Spool) -> String {
    format!(
        "sources:
  jumpcloud_adr_source:
    type: file
    include:
      - {}
    read_from: beginning
    max_line_bytes: 16777216      # longer lines, by default than 102400 bytes, are dropped
    acknowledgements:
      enabled: true               # else the place is kept once Vector has read the events
",
        super::text::quoted(&spool.glob)
    )
}

fn codec(encoding: Encoding) -> &'static str {
    if is_json(encoding) { "json" } else { "bytes" }
}

fn transforms(way: &Way, encoding: Encoding, adr_events: bool) -> String {
    let (name, mut program) = match way {
        Way::Pipe(_) => {
            ("exec", "      del(.command)\n      del(.pid)\n      del(.source_type)\n      del(.stream)\n".to_owned())
        }
        Way::Post(_) => ("http_server", "      del(.path)\n      del(.source_type)\n".to_owned()),
        Way::Spool(_) if is_json(encoding) => {
            ("file", "      . = object!(parse_json!(string!(.message)))\n".to_owned())
        }
        Way::Spool(_) => ("file", "      . = { \"message\": .message }\n".to_owned()),
    };
    if adr_events && !matches!(way, Way::Spool(_)) {
        program.insert_str(0, "      del(.host)\n      del(.timestamp)\n");
    }
    let pipe = matches!(way, Way::Pipe(_));
    let dedupe = adr_events && pipe;
    let first = if dedupe { "jumpcloud_adr_plain" } else { "jumpcloud_adr" };
    let mut text = format!(
        "transforms:
  {first}:
    type: remap                   # without what the source {name} adds: the event as it was written
    inputs: [jumpcloud_adr_source]
    source: |
{program}"
    );
    if dedupe {
        text.push_str(
            "  jumpcloud_adr:
    type: dedupe                  # what is sent again after a crash of jumpcloud-adr
    inputs: [jumpcloud_adr_plain]
    fields:
      match: [metadata.uid]
    cache:
      num_events: 100000
",
        );
    }
    text
}
