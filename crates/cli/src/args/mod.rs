//! The command line, as a user of Vector would guess it.

mod alone;
mod config;
mod control;
mod devices;
mod hosts;
mod process;
mod simulator;
mod source;
mod web;

use std::path::PathBuf;

use adr_source_jumpcloud::Start;
use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use alone::{Given, SourceArgs, TransformArgs};
pub(crate) use config::Config;
pub(crate) use control::{Control, ControlSocket, Status, Tap, Top};
pub(crate) use devices::{Add, Device, Devices, Key, List, Serve};
pub(crate) use hosts::{Generate, Guest, Host};
pub(crate) use process::{DRAIN_SECS, Process, State};
pub(crate) use simulator::{Demo, Simulate};
pub(crate) use source::{JumpcloudArgs, SourceCommand};
pub(crate) use web::{User, UserRole, UsersFile, Web};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

const LONG_ABOUT: &str = "\
Carries every JumpCloud audit event into ADR: completely, without repeats, and fast.

It polls JumpCloud Directory Insights, maps every event to the ADR event schema (valid OCSF 1.8.0) and delivers it \
as NDJSON. Data goes to standard output, everything else to standard error.";

const AFTER_HELP: &str = "\
Try it without an account:      jumpcloud-adr demo | head
Check a pipeline file:          jumpcloud-adr validate pipeline.yaml
Ask JumpCloud about the keys:   jumpcloud-adr check -c pipeline.yaml
Run it:                         jumpcloud-adr run -c pipeline.yaml

Exit codes: 0 done, 64 usage, 65 not all events are where or as they should be, 69 unreachable, 70 bug, 75 temporary (try again), 77 key refused, 78 configuration";

/// Carries every JumpCloud audit event into ADR
#[derive(Debug, Parser)]
#[command(
    name = "jumpcloud-adr",
    version,
    long_version = concat!(env!("CARGO_PKG_VERSION"), "\nADR event schema 1, OCSF 1.8.0"),
    long_about = LONG_ABOUT,
    after_help = AFTER_HELP,
    styles = STYLES,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) logging: Logging,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Logging {
    /// More detail on standard error; -vv for all of it, -vvv for libraries' too
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Logs")]
    pub(crate) verbose: u8,
    /// Only warnings and errors on standard error; -qq for errors, -qqq for nothing
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Logs", conflicts_with = "verbose")]
    pub(crate) quiet: u8,
    /// Which log lines to show, such as `info,adr_runtime=debug`; goes before -v and -q
    #[arg(long, global = true, env = "JUMPCLOUD_ADR_LOG", value_name = "FILTER", help_heading = "Logs")]
    pub(crate) log: Option<String>,
    /// How log lines look
    #[arg(
        long,
        global = true,
        env = "JUMPCLOUD_ADR_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Logs"
    )]
    pub(crate) log_format: LogFormat,
    /// Append log lines to this file instead of standard error, for hosts that throw that away
    #[arg(long, global = true, env = "JUMPCLOUD_ADR_LOG_FILE", value_name = "PATH", help_heading = "Logs")]
    pub(crate) log_file: Option<PathBuf>,
    /// When to use color on standard error
    #[arg(
        long,
        global = true,
        env = "JUMPCLOUD_ADR_COLOR",
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Logs"
    )]
    pub(crate) color: Color,
}

impl Logging {
    /// Whether all that is said is a log line: for a machine, or in a file.
    pub(crate) fn in_lines(&self) -> bool {
        self.log_format != LogFormat::Text || self.log_file.is_some()
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
    /// For Telegraf's execd input: `E! ` and the like before each line
    Telegraf,
}

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a pipeline file
    Run(Run),
    /// Run a pipeline for every device of a folder, and take over what changes there
    Serve(Serve),
    /// Add, list, test, pause or remove devices, or rotate their keys: ADR's Add-On Store
    #[command(subcommand)]
    Device(Device),
    /// Say who may sign in to the page
    #[command(subcommand)]
    User(User),
    /// Check pipeline files, without touching the network or a secret
    Validate(Validate),
    /// Run the tests of pipeline files: which events come out of their transforms, for which
    Test(Test),
    /// Ask JumpCloud whether every tenant's key, organization and region work, and connect to every CCE and to Kafka
    Check(Check),
    /// Read a Kafka topic and say which events are missing and which are there twice
    Verify(Verify),
    /// Say which instance of a cluster owns which shards and tenants
    Cluster(Cluster),
    /// Print the pipeline as it is after all files and variables, without secrets
    PrintConfig(PrintConfig),
    /// Print how the components are joined, as Mermaid or dot
    Graph(Graph),
    /// Print what Vector, Fluent Bit, Telegraf or the OpenTelemetry Collector needs in its configuration to take a
    /// pipeline's events
    Generate(Generate),
    /// Say how every device of a running pipeline is: ADR's Collection Status
    Status(Status),
    /// Show the events of a component of a running pipeline as they pass
    Tap(Tap),
    /// Show what flows through a running pipeline
    Top(Top),
    /// Print the JSON Schema of the ADR event or of pipeline files
    Schema(Schema),
    /// Run one source alone: raw events to standard output, one JSON object a line
    Source(SourceArgs),
    /// Run one transform alone: a filter from standard input to standard output
    Transform(TransformArgs),
    /// See it work: a simulated JumpCloud in this process, read over HTTP and mapped to ADR events
    Demo(Demo),
    /// Serve a simulated JumpCloud Directory Insights, with faults on a switch
    Simulate(Simulate),
    /// Print a shell completion script
    Completion(Completion),
}

impl Command {
    /// Whether it looks something up and answers on standard output, rather than running a pipeline.
    pub(crate) fn answers(&self) -> bool {
        matches!(self, Self::Verify(_) | Self::Cluster(_) | Self::Test(_) | Self::Device(_) | Self::User(_))
    }
}

/// `run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Read the pipeline again whenever one of its files has changed, as on SIGHUP
    #[arg(long, env = "JUMPCLOUD_ADR_WATCH_CONFIG")]
    pub(crate) watch_config: bool,
    /// End when everything up to now is delivered, instead of waiting for more
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) guest: Guest,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) socket: ControlSocket,
    /// Show the page there, with /status, /metrics, /health, /livez and /readyz, such as 127.0.0.1:8690 [default: nowhere]
    #[arg(long, env = "JUMPCLOUD_ADR_LISTEN", value_name = "ADDRESS", help_heading = "Page")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) web: Web,
    #[command(flatten)]
    pub(crate) process: Process,
}

/// `validate`
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The pipeline files, each a pipeline of its own
    #[arg(required_unless_present = "config_dir", env = "JUMPCLOUD_ADR_CONFIG", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A folder whose `*.yaml` files are one pipeline together
    #[arg(long, env = "JUMPCLOUD_ADR_CONFIG_DIR", value_name = "DIR")]
    pub(crate) config_dir: Option<PathBuf>,
    /// The files are templates for `serve`, which the devices' values are put into
    #[arg(long)]
    pub(crate) template: bool,
    /// Fail on warnings too: on what works and will hurt all the same
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

/// `test`
#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Only tests whose names have one of these words in them
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// `check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) config: Config,
}

/// `verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The sink of type kafka, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) sink: Option<String>,
    /// From where on to compare, such as -24h or 2026-01-31T00:00:00Z [default: the source's start]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) start: Option<Start>,
    /// Compare with the ADR events of an NDJSON file (- for standard input) instead of asking JumpCloud
    #[arg(long, value_name = "FILE", conflicts_with = "start")]
    pub(crate) against: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) process: Process,
}

/// `cluster`
#[derive(Debug, Args)]
pub(crate) struct Cluster {
    #[command(flatten)]
    pub(crate) config: Config,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `print-config`
#[derive(Debug, Args)]
pub(crate) struct PrintConfig {
    #[command(flatten)]
    pub(crate) config: Config,
}

/// `graph`
#[derive(Debug, Args)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) config: Config,
    /// For what
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    pub(crate) format: GraphFormat,
}

/// In which language a graph is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// For Markdown pages
    Mermaid,
    /// For Graphviz: jumpcloud-adr graph --format dot -c FILE | dot -Tsvg
    Dot,
}

/// `schema`
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Whose schema
    pub(crate) of: SchemaOf,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The ADR event
    Event,
    /// Pipeline files, for editors
    Config,
}

/// `transform`
#[derive(Debug, Subcommand)]
pub(crate) enum TransformCommand {
    /// JumpCloud events to ADR events
    Adr(TransformAdr),
}

/// `transform adr`
#[derive(Debug, Args)]
pub(crate) struct TransformAdr {
    #[command(flatten)]
    pub(crate) given: Given,
    /// Keep the source's own text in `raw_data`
    #[arg(long, conflicts_with = "Given")]
    pub(crate) include_raw: bool,
    /// The Organization ID of events that do not say theirs
    #[arg(long, env = "JUMPCLOUD_ADR_ORG_ID", value_name = "ID")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) process: Process,
}

/// `completion`
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
