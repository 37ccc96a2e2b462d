use std::borrow::Cow;

use adr_core::{Meta, Severity};
use rdkafka::message::Headers;

use super::*;
use crate::KafkaConfig;

fn shaper(change: impl FnOnce(&mut KafkaConfig), encoder: fn() -> Option<Box<dyn Encoder>>) -> Shaper {
    let mut config =
        KafkaConfig { bootstrap_servers: "192.0.2.1:9092".into(), topic: "adr".into(), ..Default::default() };
    change(&mut config);
    let form = Form { schema: "ocsf/1.8.0".into(), encoder: Arc::new(encoder) };
    Shaper::new(&Settings::try_from(config).unwrap(), &form)
}

fn event(body: &str) -> Event {
    let meta = Meta {
        id: "u-1".into(),
        time: None,
        tenant: "org-1".into(),
        kind: "sso_auth".into(),
        severity: Severity::High,
    };
    Event { meta, body: body.to_owned().into() }
}

fn pairs(headers: &OwnedHeaders) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec())).collect()
}

struct Upper;

impl Encoder for Upper {
    fn encode(&mut self, event: &Event, _: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        if event.body.is_empty() {
            return Err("nothing to write".into());
        }
        out.extend(event.body.iter().map(u8::to_ascii_uppercase));
        Ok(())
    }
}

#[test]
fn by_default_the_text_itself_goes_under_its_tenant() {
    let mut shaper = shaper(|_| (), || None);
    let event = event("{}");
    let shaped = shaper.shape(&event).unwrap();
    assert_eq!((shaped.topic, shaped.key), ("adr", "org-1".as_bytes()));
    assert_eq!(shaped.payload.as_ptr(), event.body.as_ptr(), "it is not copied");
    let expected = [("uid", "u-1"), ("kind", "sso_auth"), ("tenant", "org-1"), ("schema", "ocsf/1.8.0")];
    assert_eq!(pairs(&shaped.headers), expected.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec())));
}

#[test]
fn what_is_empty_has_no_header() {
    let mut shaper = shaper(|_| (), || None);
    let mut event = event("{}");
    event.meta.id = "".into();
    event.meta.kind = "".into();
    let names: Vec<String> = pairs(&shaper.shape(&event).unwrap().headers).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["tenant", "schema"]);
}

#[test]
fn a_key_without_its_field_is_the_tenant() {
    let mut shaper = shaper(|config| config.key = Some("{{ kind }}:{{ .actor.user.name }}".into()), || None);
    let known = event(r#"{"actor":{"user":{"name":"ada"}}}"#);
    assert_eq!(shaper.shape(&known).unwrap().key, b"sso_auth:ada");
    assert_eq!(shaper.shape(&event("{}")).unwrap().key, b"org-1");
}

#[test]
fn a_topic_that_is_not_listed_is_refused_with_both_names() {
    let change = |config: &mut KafkaConfig| {
        config.topic = "adr-{{ .class }}".into();
        config.topics = Some(vec!["adr-a".into(), "adr-b".into()]);
    };
    let mut shaper = shaper(change, || None);
    assert_eq!(shaper.shape(&event(r#"{"class":"b"}"#)).unwrap().topic, "adr-b");
    let reason = shaper.shape(&event(r#"{"class":"c"}"#)).err().unwrap();
    assert!(reason.contains("`topic` adr-{{ .class }} makes \"adr-c\"") && reason.contains("`topics`"), "{reason}");
    let reason = shaper.shape(&event("{}")).err().unwrap();
    assert!(reason.contains("no .class") && reason.contains("`topic` adr-{{ .class }}"), "{reason}");
    assert_eq!(shaper.shape(&event(r#"{"class":"a"}"#)).unwrap().topic, "adr-a", "the next one goes on");
}

#[test]
fn the_encoder_makes_the_payload_and_its_word_is_the_reason() {
    let mut shaper = shaper(|config| config.key = Some("{{ .a }}".into()), || Some(Box::new(Upper)));
    let event_of_a = event(r#"{"a":"k"}"#);
    let shaped = shaper.shape(&event_of_a).unwrap();
    assert_eq!((shaped.payload, shaped.key), (br#"{"A":"K"}"#.as_slice(), b"k".as_slice()));
    assert_eq!(shaper.shape(&event("")).err().unwrap(), "nothing to write");
}
