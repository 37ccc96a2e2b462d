//! The variables that OpenTelemetry has for this. Nothing here reads the environment: the caller does.

use std::time::Duration;

use adr_core::SecretString;

use super::{Otlp, OtlpError};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SIGNALS: [&str; 3] = ["METRICS", "TRACES", "LOGS"];

impl Otlp {
    /// What `OTEL_*` variables say, where one of them names an endpoint. `variable` looks one up; those that are empty count as
    /// not set.
    ///
    /// Heeded are `OTEL_SDK_DISABLED`, `OTEL_EXPORTER_OTLP_` `ENDPOINT` (also of one signal), `HEADERS`, `PROTOCOL`, `TIMEOUT`,
    /// `COMPRESSION` and `CERTIFICATE`, `OTEL_` `METRICS`, `TRACES` and `LOGS_EXPORTER` (`otlp` or `none`),
    /// `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_TRACES_SAMPLER` with its `_ARG`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
    ///
    /// # Errors
    /// One that cannot be understood, by its name.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, OtlpError> {
        let get = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let disabled = get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let of_signal = |signal: &str| get(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"));
        let common = get(ENDPOINT);
        if disabled || (common.is_none() && !SIGNALS.iter().any(|signal| of_signal(signal).is_some())) {
            return Ok(None);
        }
        let mut otlp = Self::new(common.as_deref().unwrap_or_default());
        let places = [&mut otlp.metrics, &mut otlp.traces, &mut otlp.logs];
        for (signal, place) in SIGNALS.iter().zip(places) {
            let (name, general) = (format!("OTEL_{signal}_EXPORTER"), place.take().filter(|_| common.is_some()));
            *place = match get(&name).as_deref() {
                None | Some("otlp") => of_signal(signal).or(general),
                Some("none") => None,
                Some(other) => {
                    return Err(OtlpError::new(&name, format!("{other:?} is not known; write otlp or none")));
                }
            };
        }
        if let Some(protocol) = get("OTEL_EXPORTER_OTLP_PROTOCOL").filter(|protocol| protocol != "http/protobuf") {
            let reason = format!("{protocol:?} is not spoken here; write http/protobuf, usually on port 4318");
            return Err(OtlpError::new("OTEL_EXPORTER_OTLP_PROTOCOL", reason));
        }
        otlp.gzip = match get("OTEL_EXPORTER_OTLP_COMPRESSION").as_deref() {
            None | Some("none") => false,
            Some("gzip") => true,
            Some(other) => {
                let reason = format!("{other:?} is not known; write gzip or none");
                return Err(OtlpError::new("OTEL_EXPORTER_OTLP_COMPRESSION", reason));
            }
        };
        for (name, place) in
            [("OTEL_EXPORTER_OTLP_TIMEOUT", &mut otlp.timeout), ("OTEL_METRIC_EXPORT_INTERVAL", &mut otlp.interval)]
        {
            if let Some(value) = get(name) {
                let millis = value.parse().ok().filter(|millis| *millis > 0);
                let millis = millis.ok_or_else(|| OtlpError::new(name, "must be a number of milliseconds above 0"))?;
                *place = Duration::from_millis(millis);
            }
        }
        otlp.ca_file = get("OTEL_EXPORTER_OTLP_CERTIFICATE").map(Into::into);
        otlp.sampling = sampling(&get)?;
        for (name, value) in pairs("OTEL_EXPORTER_OTLP_HEADERS", get("OTEL_EXPORTER_OTLP_HEADERS"))? {
            otlp.headers.push((name, SecretString::from(value)));
        }
        otlp.attributes = pairs("OTEL_RESOURCE_ATTRIBUTES", get("OTEL_RESOURCE_ATTRIBUTES"))?;
        let named = otlp.attributes.iter().position(|(name, _)| name == "service.name");
        let named = named.map(|place| otlp.attributes.remove(place).1);
        if let Some(name) = get("OTEL_SERVICE_NAME").or(named) {
            otlp.service_name = name;
        }
        Ok(Some(otlp))
    }
}

fn sampling(get: &impl Fn(&str) -> Option<String>) -> Result<f64, OtlpError> {
    let sampler = get("OTEL_TRACES_SAMPLER").unwrap_or_default();
    match sampler.strip_prefix("parentbased_").unwrap_or(&sampler) {
        "" | "always_on" => Ok(1.0),
        "always_off" => Ok(0.0),
        "traceidratio" => {
            let ratio = get("OTEL_TRACES_SAMPLER_ARG").map_or(Ok(1.0), |ratio| ratio.parse::<f64>());
            let ratio = ratio.ok().filter(|ratio| (0.0..=1.0).contains(ratio));
            ratio.ok_or_else(|| OtlpError::new("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1"))
        }
        other => {
            let reason = format!("{other:?} is not known; write always_on, always_off or traceidratio");
            Err(OtlpError::new("OTEL_TRACES_SAMPLER", reason))
        }
    }
}

/// `name=value,name=value`, percent-encoded. What is wrong is told without a value: it may be a key.
fn pairs(variable: &str, text: Option<String>) -> Result<Vec<(String, String)>, OtlpError> {
    let wrong = || OtlpError::new(variable, "must be name=value pairs with commas between them, percent-encoded");
    let text = text.unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let (name, value) = (decoded(name.trim()).ok_or_else(wrong)?, decoded(value.trim()).ok_or_else(wrong)?);
        if name.is_empty() { Err(wrong()) } else { Ok((name, value)) }
    };
    parts.map(pair).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::ExposeSecret;

    fn otlp(variables: &[(&str, &str)]) -> Result<Option<Otlp>, OtlpError> {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Otlp::from_variables(get)
    }

    #[test]
    fn without_an_endpoint_nothing_is_pushed() {
        assert!(otlp(&[("OTEL_SERVICE_NAME", "x"), (ENDPOINT, " ")]).is_ok_and(|otlp| otlp.is_none()));
        let disabled = otlp(&[(ENDPOINT, "http://localhost:4318"), ("OTEL_SDK_DISABLED", "TRUE")]);
        assert!(disabled.is_ok_and(|otlp| otlp.is_none()));
    }

    #[test]
    fn the_variables_mean_what_opentelemetry_says() {
        let otlp = otlp(&[
            (ENDPOINT, "https://otlp.example.com/in/"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.com/exactly"),
            ("OTEL_LOGS_EXPORTER", "none"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb, x-scope = acme"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "15000"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=adr-eu,deployment.environment=prod%20eu"),
        ]);
        let otlp = otlp.expect("understood").expect("there is an endpoint");
        assert_eq!(otlp.metrics.as_deref(), Some("https://otlp.example.com/in/v1/metrics"));
        assert_eq!(otlp.traces.as_deref(), Some("https://traces.example.com/exactly"));
        assert_eq!((otlp.logs.as_deref(), otlp.gzip, otlp.sampling), (None, true, 0.25));
        let headers: Vec<_> = otlp.headers.iter().map(|(name, value)| (&**name, value.expose_secret())).collect();
        assert_eq!(headers, [("api-key", "a,b"), ("x-scope", "acme")]);
        assert_eq!((otlp.timeout, otlp.interval), (Duration::from_millis(2500), Duration::from_secs(15)));
        assert_eq!(otlp.service_name, "adr-eu");
        assert_eq!(otlp.attributes, [("deployment.environment".to_owned(), "prod eu".to_owned())]);
    }

    #[test]
    fn an_endpoint_of_one_signal_is_for_that_signal_alone() {
        let otlp = otlp(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://localhost:9/m")]);
        let otlp = otlp.expect("understood").expect("there is an endpoint");
        assert_eq!((otlp.metrics.as_deref(), otlp.traces, otlp.logs), (Some("http://localhost:9/m"), None, None));
    }

    #[test]
    fn a_variable_that_cannot_be_understood_is_named_and_no_key_is() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
            ("OTEL_TRACES_EXPORTER", "jaeger"),
            ("OTEL_TRACES_SAMPLER", "often"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret-k3y"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "key=s3cret%2"),
        ] {
            let error = otlp(&[(ENDPOINT, "http://localhost:4318"), (name, value)]).expect_err(name);
            assert_eq!(error.setting, name);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
