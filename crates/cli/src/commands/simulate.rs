use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Clock, Timestamp};
use adr_simulator::{Server, SharedDirectory, SimulatorOptions, list_of_faults};
use tokio::net::TcpListener;

use crate::args::{Logging, Simulate};
use crate::clock::SystemClock;
use crate::config::in_short;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, tell};
use crate::signals::{Asked, Signals};

/// How long answers under way may take after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// `simulate`: a JumpCloud Directory Insights of one's own.
pub(super) fn simulate(args: &Simulate, logging: &Logging) -> Outcome {
    if args.list_faults {
        return answer(&faults());
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = options(args, clock.now())?;
    let directory = options.directory(clock.now()).map_err(|error| Stop::new(Exit::Usage, error.to_string()))?;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::new(Exit::Temporary, format!("cannot start the threads: {error}")))?;
    tokio.block_on(async {
        let mut signals =
            Signals::listen().map_err(|error| Stop::new(Exit::Bug, format!("cannot listen for signals: {error}")))?;
        let busy = |error| {
            Stop::new(
                Exit::Unavailable,
                format!("cannot listen at {}: {error}; give another --listen ADDR", args.listen),
            )
        };
        let listener = TcpListener::bind(args.listen).await.map_err(busy)?;
        let server = Server::start(listener, SharedDirectory::new(directory), clock).map_err(busy)?;
        if logging.quiet == 0 {
            tell(&greeting(&server, &options));
        }
        if signals.next().await == Asked::Drain {
            tokio::select! {
                () = server.stop(GRACE) => {}
                _ = signals.next() => {}
            }
        }
        Ok(())
    })
}

fn options(args: &Simulate, now: Timestamp) -> Result<SimulatorOptions, Stop> {
    let files = args.files.iter().map(|path| {
        let text = std::fs::read(path);
        let text =
            text.map_err(|error| Stop::new(Exit::Usage, format!("file {}: {}", path.display(), in_short(&error))))?;
        Ok((path.display().to_string(), text.into()))
    });
    let otherwise = SimulatorOptions::default();
    Ok(SimulatorOptions {
        events: args.events,
        tenants: args.tenants,
        seed: args.seed,
        files: files.collect::<Result<_, Stop>>()?,
        faults: args.faults.clone(),
        span: args.live.map_or(otherwise.span, |live| live.0),
        until: args.live.map(|live| now.plus(live.0)),
        ..otherwise
    })
}

/// What a person needs to point a pipeline at it. Its key opens nothing else.
fn greeting(server: &Server, options: &SimulatorOptions) -> String {
    let (url, org_id, key) = (server.base_url(), options.organization_id(0), options.key_of(0));
    let others = if options.tenants > 1 {
        let ids: Vec<String> = (1..options.tenants).map(|number| options.organization_id(number)).collect();
        format!("The key {} reads its other organizations too: {}\n\n", options.provider_key(), ids.join(" "))
    } else {
        String::new()
    };
    format!(
        "a simulated JumpCloud listens at {url}; read it with\n\n  \
         JUMPCLOUD_API_KEY={key} jumpcloud-adr source jumpcloud --base-url {url} --org-id {org_id} --once\n\n{others}\
         Ctrl-C ends it. Faults can be changed meanwhile: {url}/__sim/faults"
    )
}

fn faults() -> String {
    let mut text = String::from("--fault NAME or NAME:SETTING=VALUE,...\n\n");
    for fault in list_of_faults() {
        let name =
            if fault.example.is_empty() { fault.name.to_owned() } else { format!("{}:{}", fault.name, fault.example) };
        // Writing into a String does not fail.
        let _ = writeln!(text, "  {name:<40} {}", fault.about);
    }
    text.push_str(
        "\nFaults of answers also take after=N, every=N, first=N, times=N, share=0.1, org=ID and\n\
         at=events|count|distinct|interval|token|console|any.\n",
    );
    text
}
