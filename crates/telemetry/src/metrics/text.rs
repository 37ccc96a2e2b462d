//! The two text formats that Prometheus reads.

use std::fmt::Write;

use super::sample::Family;
use super::table::Shape;

/// A text format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus text 0.0.4.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Exposition {
    /// The one that the client asks for in its `Accept` header; Prometheus text where it does not say.
    pub fn accepted(accept: Option<&str>) -> Self {
        let open = accept.is_some_and(|accept| accept.contains("application/openmetrics-text"));
        if open { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// What an answer says that it is.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A family without values is not told: what it is of is not there.
pub(crate) fn write(families: &[Family], exposition: Exposition) -> String {
    let mut text = String::with_capacity(64 << 10);
    for Family { metric, samples } in families.iter().filter(|family| !family.samples.is_empty()) {
        let series = metric.prometheus_name();
        let name = match exposition {
            Exposition::Prometheus => series.clone(),
            Exposition::OpenMetrics => metric.family_name(),
        };
        let shape = if metric.shape == Shape::Gauge { "gauge" } else { "counter" };
        let _ = writeln!(text, "# HELP {name} {}", escaped(metric.help, false));
        let _ = writeln!(text, "# TYPE {name} {shape}");
        if exposition == Exposition::OpenMetrics
            && let Some(unit) = unit(metric.unit).filter(|unit| name.ends_with(unit))
        {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        for (labels, value) in samples {
            text.push_str(&series);
            for (place, (label, value)) in labels.iter().enumerate() {
                let before = if place == 0 { '{' } else { ',' };
                let _ = write!(text, "{before}{label}=\"{}\"", escaped(value, true));
            }
            let after = if labels.is_empty() { "" } else { "}" };
            let _ = writeln!(text, "{after} {value}");
        }
    }
    if exposition == Exposition::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

/// A unit in OpenMetrics is a word that the name ends with.
fn unit(ucum: &str) -> Option<&'static str> {
    match ucum {
        "s" => Some("seconds"),
        "By" => Some("bytes"),
        "{event}" => Some("events"),
        _ => None,
    }
}

fn escaped(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}
