//! `generate`: what a host needs in its own configuration to take a pipeline's events. docs/hosts.md says why.

mod fluent_bit;
mod opentelemetry;
mod telegraf;
mod text;
mod vector;

use std::path::{Path, PathBuf};

use adr_core::Encoding;
use adr_sink_file as file;
use adr_sink_http as http;

use crate::args::{Generate, Host, Logging};
use crate::components::Sink;
use crate::config::{Pipeline, variables};
use crate::exit::{Exit, Outcome, Stop};
use crate::out::answer;
use text::plain;

/// `generate`: the stanza for one sink of the pipeline.
pub(super) fn generate(args: &Generate, logging: &Logging) -> Outcome {
    let paths = args.config.paths();
    let pipeline = super::load(&paths, logging)?;
    let (at, way) = choose(&pipeline, args)?;
    let mut command = vec![plain(&binary(args)?)?, "run".to_owned()];
    for (flag, named) in [("--config", &paths.files), ("--config-dir", &paths.folders)] {
        for path in named {
            command.extend([flag.to_owned(), plain(&absolute(path)?)?]);
        }
    }
    let state_dir = match args.state.state_dir.as_deref().or(pipeline.settings.state_dir.as_deref()) {
        Some(path) => absolute(path)?,
        None => args.host.home().join("jumpcloud-adr"),
    };
    let guest = Guest {
        command,
        state_dir: plain(&state_dir)?,
        variables: variables(&paths).into_iter().collect(),
        adr_events: pipeline.gets_adr_events(at),
    };
    if let Way::Pipe(_) = way
        && let Some(source) = pipeline.sources.iter().find(|source| source.part.reads_stdin())
    {
        let message = format!(
            "source `{}` reads standard input, and {} gives a child nothing to read there: let a shell join the two, or \
             read the events from where they come",
            source.id,
            args.host.name()
        );
        return Err(Stop::new(Exit::Config, message));
    }
    answer(&match args.host {
        Host::Vector => vector::stanza(&guest, &way),
        Host::FluentBit => fluent_bit::stanza(&guest, &way)?,
        Host::Telegraf => telegraf::stanza(&guest, &way),
        Host::Opentelemetry => opentelemetry::stanza(&way),
    })
}

/// How events get to the host.
enum Way {
    /// It starts this program and reads its standard output.
    Pipe(Encoding),
    /// It is sent requests.
    Post(Box<http::Settings>),
    /// It reads files.
    Spool(Spool),
}

/// The files that a sink writes.
struct Spool {
    /// All of them, those that were renamed too.
    glob: String,
    encoding: Encoding,
}

/// What a host's child is.
struct Guest {
    /// Program, command and where the pipeline stands.
    command: Vec<String>,
    state_dir: String,
    /// Names of variables that the pipeline reads; never a value.
    variables: Vec<String>,
    /// What comes has a `metadata.uid`, as long as it is JSON.
    adr_events: bool,
}

impl Guest {
    /// The whole command line: with the flags that every host's child has, and the host's own.
    fn command(&self, drain_secs: u32, more: &[&str]) -> Vec<String> {
        let drain = drain_secs.to_string();
        let flags = ["--state-dir", &self.state_dir, "--hosted", "--graceful-shutdown-limit-secs", &drain];
        self.command.iter().map(String::as_str).chain(flags).chain(more.iter().copied()).map(str::to_owned).collect()
    }

    /// Which variables the host must pass on, as a comment.
    fn environment(&self, host: &str) -> String {
        if self.variables.is_empty() {
            return String::new();
        }
        format!("# A child has {host}'s own environment, which must hold: {}\n", self.variables.join(", "))
    }
}

impl Host {
    fn name(self) -> &'static str {
        match self {
            Self::Vector => "Vector",
            Self::FluentBit => "Fluent Bit",
            Self::Telegraf => "Telegraf",
            Self::Opentelemetry => "the OpenTelemetry Collector",
        }
    }

    /// Where its packages let it write.
    fn home(self) -> &'static Path {
        Path::new(match self {
            Self::Vector => "/var/lib/vector",
            Self::FluentBit => "/var/lib/fluent-bit",
            Self::Telegraf => "/var/lib/telegraf",
            Self::Opentelemetry => "/var/lib/otelcol",
        })
    }

    /// The types of sinks it can take events from, and the easiest of them.
    fn takes(self) -> (&'static [&'static str], &'static str) {
        let stdout = "out: { type: stdout, inputs: [adr] }";
        match self {
            Self::Vector | Self::FluentBit => (&["stdout", "http", "file"], stdout),
            Self::Telegraf => (&["stdout"], stdout),
            Self::Opentelemetry => {
                (&["file"], "spool: { type: file, inputs: [adr], path: /var/spool/adr/events.ndjson }")
            }
        }
    }
}

/// The one sink that leads to the host, by its index.
fn choose(pipeline: &Pipeline, args: &Generate) -> Result<(usize, Way), Stop> {
    use crate::config::Part;
    let (types, example) = args.host.takes();
    let named = |id: &str| args.sink.as_deref().is_none_or(|sink| sink == id);
    let mut found = Vec::new();
    for (at, sink) in pipeline.sinks.iter().enumerate() {
        if types.contains(&sink.part.type_name()) && named(&sink.id) {
            found.push((at, &sink.part));
        }
    }
    let refused = |message: String| Err(Stop::new(Exit::Config, message));
    match found[..] {
        [(at, sink)] => Ok((at, way(sink)?)),
        [] => {
            let which =
                args.sink.as_ref().map_or("no sink of this pipeline".to_owned(), |sink| format!("no sink `{sink}`"));
            refused(format!(
                "{which} leads to {}, which takes events from a sink of type {}; add one, such as\n  {example}",
                args.host.name(),
                types.join(" or ")
            ))
        }
        [..] => {
            let names: Vec<&str> = found.iter().map(|(at, _)| &*pipeline.sinks[*at].id).collect();
            refused(format!(
                "several sinks can lead to {}: say which with --sink {}",
                args.host.name(),
                names.join(" or --sink ")
            ))
        }
    }
}

fn way(sink: &Sink) -> Result<Way, Stop> {
    Ok(match sink {
        Sink::Http(config) => Way::Post(Box::new(http::Settings::try_from((**config).clone())?)),
        Sink::File(config) => {
            let settings = file::Settings::try_from(config.clone())?;
            let path = plain(&settings.path)?;
            // Renamed files keep the ending and get the time before it.
            let (stem, ending) = match Path::new(&path).extension().and_then(|ending| ending.to_str()) {
                Some(ending) => {
                    (path.strip_suffix(ending).unwrap_or(&path).trim_end_matches('.'), format!(".{ending}"))
                }
                None => (&*path, String::new()),
            };
            Way::Spool(Spool { glob: format!("{stem}*{ending}"), encoding: settings.encoding })
        }
        Sink::Stdout(config) => Way::Pipe(config.encoding),
        Sink::CceSyslog(_) | Sink::Kafka(_) => {
            return Err(Stop::new(Exit::Bug, "a host was offered a sink that it cannot take"));
        }
    })
}

/// Whether a line is a JSON object.
fn is_json(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Json | Encoding::Flat)
}

fn binary(args: &Generate) -> Result<PathBuf, Stop> {
    let unknown = |error: std::io::Error| {
        Stop::new(Exit::Temporary, format!("cannot tell where this program is: {error}; say it with --binary PATH"))
    };
    args.binary.clone().map_or_else(|| std::env::current_exe().map_err(unknown), Ok)
}

fn absolute(path: &Path) -> Result<PathBuf, Stop> {
    let unknown =
        |error| Stop::new(Exit::Config, format!("{}: {error}; write the path from the root on", path.display()));
    std::path::absolute(path).map_err(unknown)
}
