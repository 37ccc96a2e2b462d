//! What makes a context report to a [`Told`](super::Told).

/// Hands all that a client tells its context on to the [`Told`](crate::Told) in a field of it: `told_by!(MyContext, told)`. An error
/// that is none to this client is left out: `told_by!(MyContext, told, except Code::PartitionEOF)`.
#[macro_export]
macro_rules! told_by {
    ($context:ty, $field:tt $(, except $code:pat)?) => {
        impl rdkafka::ClientContext for $context {
            const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

            fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, line: &str) {
                rdkafka::ClientContext::log(&self.$field, level, facility, line);
            }

            fn stats(&self, _: rdkafka::Statistics) {}

            fn stats_raw(&self, _: &[u8]) {}

            fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
                $(if matches!(error.rdkafka_error_code(), Some($code)) {
                    return;
                })?
                rdkafka::ClientContext::error(&self.$field, error, reason);
            }

            fn generate_oauth_token(
                &self,
                config: Option<&str>,
            ) -> Result<rdkafka::client::OAuthToken, Box<dyn std::error::Error>> {
                rdkafka::ClientContext::generate_oauth_token(&self.$field, config)
            }
        }
    };
}
