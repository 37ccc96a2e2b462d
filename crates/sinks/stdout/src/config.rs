use adr_core::Encoding;
use serde::Deserialize;

/// Settings of the `stdout` sink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StdoutConfig {
    /// The form of a line: `json` (the event as it is), `cef`, `leef` or `flat`.
    pub encoding: Encoding,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_an_error_that_names_it() {
        assert_eq!(serde_json::from_str::<StdoutConfig>("{}").expect("no settings"), StdoutConfig::default());
        let error = serde_json::from_str::<StdoutConfig>(r#"{"taget":"stderr"}"#).expect_err("unknown");
        assert!(error.to_string().contains("taget"), "{error}");
    }
}
