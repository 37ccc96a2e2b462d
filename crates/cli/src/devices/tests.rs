use std::sync::Arc;

use adr_console::{Change, Form};
use adr_core::{SecretRef, SecretString};

use super::*;

fn seat(id: &str, cce: &str) -> Seat {
    Seat {
        id: id.into(),
        device_name: id.into(),
        cce: Some(cce.into()),
        access_id: String::new(),
        secret_key: SecretRef::Env("KEY".into()),
        org_id: format!("org-{id}").as_str().into(),
        region: None,
        base_url: None,
    }
}

fn listed(id: &str) -> Listed {
    Listed {
        id: id.into(),
        name: id.into(),
        cce: String::new(),
        org_id: format!("org-{id}"),
        provider: None,
        key: adr_console::KeyFacts::default(),
        paused: false,
        is_provider: false,
        trouble: None,
    }
}

#[test]
fn a_device_that_can_have_no_place_takes_nobody_elses() {
    let template = Template::built_in().unwrap_or_else(|found| panic!("{found}"));
    let mut roll = Roll(["good", "bad", "fine"].map(listed).into());
    let seats = vec![seat("good", "192.0.2.5"), seat("bad", "no address"), seat("fine", "192.0.2.6")];
    let pipeline = of_seats(&template, seats, &mut roll).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(pipeline.sinks.len(), 2);
    let why = roll.0[1].trouble.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
    assert!(why.contains("no address"), "{why}");
    assert!(roll.0[0].trouble.is_none() && roll.0[2].trouble.is_none());

    // Two that cannot be there together are no fault of one of them.
    let mut twice = Roll(["good", "good"].map(listed).into());
    let seats = vec![seat("good", "192.0.2.5"), seat("good", "192.0.2.5")];
    assert!(of_seats(&template, seats, &mut twice).is_err());
}

#[tokio::test]
async fn a_key_in_the_wrong_field_is_written_nowhere() {
    let root = tempfile::tempdir().unwrap();
    let site = Arc::new(Site::open(root.path(), None, None).unwrap_or_else(|stop| panic!("{}", stop.message)));
    for device_name in ["canary-of-the-wrong-field", "canary-that-stands-here-alone"] {
        let form = Form {
            device_name: device_name.into(),
            cce_ip: "192.0.2.5".into(),
            access_id: String::new(),
            secret_key: SecretString::from("canary-of-the-wrong-field"),
            configuration: "{}".into(),
            region: String::new(),
            base_url: String::new(),
            key_expires: String::new(),
            provider: false,
            include: Vec::new(),
            exclude: Vec::new(),
        };
        let refused = site.clone().change("jane", Change::Add(form)).await.expect_err("it has no organization");
        assert_eq!(refused.kind, adr_core::FailureKind::Config);
    }
    let audit = std::fs::read_to_string(root.path().join("audit.ndjson")).unwrap();
    assert!(audit.lines().count() == 2 && audit.contains("jane") && !audit.contains("canary"), "{audit}");
}
