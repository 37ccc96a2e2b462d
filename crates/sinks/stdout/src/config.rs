use serde::{Deserialize, Serialize};

/// Settings of the `stdout` sink: there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StdoutConfig {}

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
