use super::Way;
use super::text::quoted;

/// A filelog receiver in a pipeline of logs, to which an exporter is to be added.
pub(super) fn stanza(way: &Way) -> String {
    let Way::Spool(spool) = way else { return String::new() };
    format!(
        "# Written by `jumpcloud-adr generate opentelemetry`. Load it beside your own file (otelcol --config yours.yaml --config
# this.yaml), which gives `service.pipelines.logs/jumpcloud_adr.exporters`, and `extensions` again if it has others.
# jumpcloud-adr, a service of its own, writes files. A record's body is an event as it was written; a `json_parser` would
# make its integers floating-point numbers.

extensions:
  file_storage/jumpcloud_adr:
    directory: /var/lib/otelcol/jumpcloud-adr
    create_directory: true

receivers:
  filelog/jumpcloud_adr:
    include: [{}]
    start_at: beginning                   # the default, end, skips what is there at the first start
    storage: file_storage/jumpcloud_adr   # without it every start begins anew
    fingerprint_size: 4KiB                # files are told apart by so much of their beginning
    max_log_size: 16MiB                   # longer lines, by default than 1 MiB, are cut
    retry_on_failure:
      enabled: true                       # the default, false, drops what the pipeline refuses
      max_elapsed_time: 0                 # for ever; by default for 5 minutes

service:
  extensions: [file_storage/jumpcloud_adr]
  pipelines:
    logs/jumpcloud_adr:
      receivers: [filelog/jumpcloud_adr]
",
        quoted(&spool.glob)
    )
}
