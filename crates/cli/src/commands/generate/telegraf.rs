use super::text::quoted;
use super::{Guest, Way, is_json};

/// Telegraf closes standard input, sends SIGTERM 5 s later, and kills after 5 s more.
const DRAIN_SECS: u32 = 4;

/// An execd input, whose metrics hold an event each.
pub(super) fn stanza(guest: &Guest, way: &Way) -> String {
    let json = !matches!(way, Way::Pipe(encoding) if !is_json(*encoding));
    let command: Vec<String> = guest
        .command(DRAIN_SECS, &["--log-format", "telegraf"])
        .iter()
        .map(|word| format!("    {},\n", quoted(word)))
        .collect();
    let format = if json && guest.adr_events {
        "  data_format = \"json_v2\"
  [[inputs.execd.json_v2]]
    measurement_name = \"jumpcloud_adr\"
    timestamp_path = \"time\"
    timestamp_format = \"unix_ms\"
    ## Without it, events of one millisecond would be one point. It also makes one point of what is sent again.
    [[inputs.execd.json_v2.tag]]
      path = \"metadata.uid\"
      rename = \"uid\"
    ## The whole event, as it was written. Other fields and tags beside it as you like.
    [[inputs.execd.json_v2.field]]
      path = \"@ugly|@tostr\"
      rename = \"event\"
      type = \"string\"
"
    } else {
        "  data_format = \"value\"
  data_type = \"string\"
  name_override = \"jumpcloud_adr\"
"
    };
    format!(
        "# Written by `jumpcloud-adr generate telegraf`. Put it into telegraf.d/.
# Telegraf starts jumpcloud-adr and reads its standard output. Nothing is acknowledged, and an output that falls behind by
# `metric_buffer_limit` (10000) drops the oldest: let the source be slower than your outputs (`page_limit`,
# `request_budget`), or raise that limit. docs/hosts.md says what can be lost, and what is sent again.
{}
[[inputs.execd]]
  command = [
{}  ]
  signal = \"none\"            ## it sends by itself, whatever the interval
  restart_delay = \"10s\"      ## whatever the exit code, for ever: --hosted does not end for a refused key
  buffer_size = \"16MiB\"      ## older versions stop reading at a longer line, by default at 64 KiB
{format}",
        guest.environment("Telegraf"),
        command.concat()
    )
}
