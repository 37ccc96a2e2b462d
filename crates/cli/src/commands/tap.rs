use std::io::{self, Write};

use adr_console::Console;

use crate::args::{Logging, Tap};
use crate::control::meant;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::tell;

/// `tap`: the events of a component as they pass.
pub(super) fn tap(args: &Tap, logging: &Logging) -> Outcome {
    let console = Console::at(&meant(&args.control, logging)?);
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut failed = None;
    let mut stdout = io::stdout().lock();
    let show = |line: &[u8]| {
        if let Some(remark) = line.strip_prefix(b"# ") {
            tell(String::from_utf8_lossy(remark).trim_end());
            return true;
        }
        if let Err(error) = stdout.write_all(line).and_then(|()| stdout.flush()) {
            failed = Some(error);
            return false;
        }
        left -= 1;
        left > 0
    };
    super::on_one_thread(console.tap(&args.component, show))??;
    match failed {
        // Who read it has seen enough.
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::new(Exit::Temporary, format!("cannot write to standard output: {error}; make room there")))
        }
        _ => Ok(()),
    }
}
