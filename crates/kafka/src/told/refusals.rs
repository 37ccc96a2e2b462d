//! That we are not let in, and why, is told whatever else there is to tell.

use adr_core::SecretRef;
use serde_json::json;

use super::tests::logged_in;
use super::*;

struct Secret;

impl Secrets for Secret {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok("client-secret".into())
    }
}

fn cause(text: &str, lasts: bool) -> Cause {
    Cause { kind: FailureKind::Unauthorized, text: text.to_owned(), lasts }
}

#[test]
fn a_flood_of_other_lines_does_not_hide_a_refused_login() {
    let sasl = json!({"mechanism": "plain", "username": "sender", "password": {"env": "HERE"}});
    let secrets: Arc<dyn Secrets> = Arc::new(Secret);
    let told = Told::new("sink", &logged_in(sasl), &secrets);
    let mut state = told.state();
    for number in 0..100 {
        told.failed(&mut state, cause(&number.to_string(), false));
    }
    assert_eq!(state.said.len(), MOST_LINES);
    told.failed(&mut state, cause("the login is refused", true));
    assert!(!add(&mut state.refusals, "the login is refused"), "it was said");
    assert!(add(&mut state.refusals, "another login is refused"));
}

#[test]
fn a_token_endpoint_that_is_not_there_has_refused_nobody() {
    let sasl = json!({
        "mechanism": "oauthbearer", "token_endpoint": "http://127.0.0.1:9/token", "client_id": "sender",
        "client_secret": {"env": "HERE"},
    });
    let secrets: Arc<dyn Secrets> = Arc::new(Secret);
    let told = Told::new("sink", &logged_in(sasl), &secrets);
    // librdkafka tells it once more.
    let words = told.generate_oauth_token(None).map(drop).unwrap_err().to_string();
    told.forget();
    let error = KafkaError::Global(RDKafkaErrorCode::Authentication);
    told.error(error, &format!("{NO_TOKEN}{words}"));
    assert!(told.state().last.is_none(), "{:?}", told.state().last);
    let client = rdkafka::ClientConfig::new().create_with_context::<_, rdkafka::admin::AdminClient<Told>>(told);
    let failure = crate::native::give_token(client.unwrap().inner()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
    assert!(failure.message.contains("127.0.0.1:9"), "{failure}");
}
