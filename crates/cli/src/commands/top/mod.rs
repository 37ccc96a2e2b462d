//! `top`: what flows, in the terminal.

mod table;

use std::io::{self, IsTerminal};
use std::time::Instant;

use adr_console::{Console, View};
use adr_core::Failure;

use crate::args::{Logging, Top};
use crate::control::meant;
use crate::exit::{Outcome, Stop};
use crate::out::answer;

/// Back to the upper left corner, and nothing of the last look left.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Looks until it is interrupted, or once.
pub(in crate::commands) fn top(args: &Top, logging: &Logging) -> Outcome {
    let console = Console::at(&meant(&args.control, logging)?);
    let clears = io::stdout().is_terminal() && !args.once;
    super::on_one_thread(async {
        let mut last = look(&console).await?;
        loop {
            tokio::time::sleep(args.interval.0).await;
            let next = look(&console).await?;
            let text = table::render(&last.1, &next.1, (next.0 - last.0).as_secs_f64());
            answer(&if clears { format!("{CLEAR}{text}") } else { format!("{text}\n") })?;
            if args.once {
                return Ok::<_, Stop>(());
            }
            last = next;
        }
    })?
}

async fn look(console: &Console) -> Result<(Instant, View), Failure> {
    let view = console.view().await?;
    Ok((Instant::now(), view))
}
