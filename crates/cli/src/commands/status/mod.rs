//! `status`: how every device of a running pipeline is.

mod table;

use adr_console::{Console, DeviceStatus, Report};

use crate::args::{Logging, Status};
use crate::control::meant;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::answer;

/// Asks the running pipeline once.
pub(in crate::commands) fn status(args: &Status, logging: &Logging) -> Outcome {
    let console = Console::at(&meant(&args.control, logging)?);
    let mut report = super::on_one_thread(console.status())??;
    report.devices.retain(|device| is_meant(device, &args.words));
    if args.json {
        let text = serde_json::to_string_pretty(&report);
        return answer(&(text.map_err(|error| Stop::new(Exit::Bug, error.to_string()))? + "\n"));
    }
    answer(&in_words(&report))
}

fn is_meant(device: &DeviceStatus, words: &[String]) -> bool {
    let DeviceStatus { id, name, org_id, status, cce, .. } = device;
    let texts = [id, name, org_id, status, cce, device.state.as_str()].map(|text: &str| text.to_lowercase());
    let is_in = |word: &String| texts.iter().any(|text| text.contains(&word.to_lowercase()));
    words.is_empty() || words.iter().any(is_in)
}

fn in_words(report: &Report) -> String {
    if report.devices.is_empty() {
        return "no device: nothing here reads JumpCloud, or none is meant\n".to_owned();
    }
    table::render(report)
}
