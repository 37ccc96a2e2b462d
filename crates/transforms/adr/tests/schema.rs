//! The schema lets through what is right (see `support::check`) and nothing that is not.

mod support;

use support::{EVENTS, map, schema_errors};

#[test]
fn the_schema_refuses_mistakes() {
    let login = map(EVENTS.lines().next().expect("a login")).0;
    assert!(schema_errors(&login).is_empty());
    for (was, is) in [
        ("\"type_uid\":300201", "\"type_uid\":300202"),
        ("\"activity_id\":1", "\"activity_id\":2"),
        ("\"activity_name\":\"Logon\"", "\"activity_name\":\"Login\""),
        ("\"class_uid\":3002", "\"class_uid\":3001"),
        ("\"class_uid\":3002", "\"class_uid\":3003"),
        ("\"class_uid\":3002,", ""),
        ("\"category_uid\":3", "\"category_uid\":6"),
        ("\"severity_id\":1", "\"severity_id\":2"),
        ("\"severity_id\":1", "\"severity_id\":7"),
        ("\"status\":\"Success\"", "\"status\":\"Failure\""),
        ("\"status\":\"Success\"", "\"status\":null"),
        ("\"user\":", "\"usr\":"),
        ("\"service\":{\"name\":\"JumpCloud Admin Portal\"},", ""),
        ("\"service\":{\"name\":\"JumpCloud Admin Portal\"},", "\"service\":{},"),
        ("\"lat\":50.1155", "\"lat\":\"50.1155\""),
        ("\"lat\":50.1155", "\"lat\":null"),
        ("\"ip\":\"203.0.113.44\"", "\"ip\":\"nowhere\""),
        ("\"is_mfa\":true", "\"is_mfa\":\"true\""),
        ("\"time\":1", "\"time\":1.5"),
        ("\"time\":1", "\"extra\":1"),
        ("\"labels\":[\"adr.v1\"]", "\"labels\":[]"),
        ("\"labels\":[\"adr.v1\"]", "\"labels\":[\"adr.v1\",\"other\"]"),
        ("\"labels\":[\"adr.v1\"]", "\"labels\":[\"adr.v1\"],\"profiles\":[\"adr\"]"),
        ("\"version\":\"1.8.0\"", "\"version\":\"1.7.0\""),
        ("\"tenant_uid\":\"", "\"tenant_id\":\""),
        ("\"type_id\":300", "\"type_id\":3"),
        ("\"type_id\":2", "\"type_id\":2,\"type\":\"Person\""),
        ("\"is_mfa\":true", "\"is_mfa\":true,\"device\":{\"uid\":\"d\",\"type_id\":0}"),
        ("\"unmapped\":{", "\"unmapped\":[],\"x\":{"),
    ] {
        assert!(login.contains(was), "{was} in {login}");
        assert!(!schema_errors(&login.replacen(was, is, 1)).is_empty(), "{was} -> {is}");
    }
}

#[test]
fn the_schema_is_a_schema_and_names_every_class() {
    let schema: serde_json::Value = serde_json::from_str(&adr_transform::schema()).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["properties"]["class_uid"]["enum"].as_array().map(Vec::len), Some(12));
}
