//! The project's own JSON Schema of ADR v1 events.

use serde_json::{Value, json};

use crate::classes::{CLASSES, Class, OTHER};

/// Objects and classes; which activities a class has is added from the program's own list.
const TEXT: &str = include_str!("adr-v1.json");

/// The JSON Schema (draft 2020-12) of ADR v1 events, as text.
///
/// It holds the OCSF envelope, each class's attributes and requirements, ids with their captions, `type_uid` with
/// its class and activity, what a profile makes possible, and that nothing but `unmapped` is open: so a null can
/// stand nowhere else. A coordinate is a `number`: whether it is written as a float, JSON Schema cannot say.
pub fn schema() -> String {
    let mut schema: Value = serde_json::from_str(TEXT).expect("the schema in the program is JSON");
    let classes: Vec<Value> = CLASSES.iter().map(|class| when(class)).collect();
    schema["properties"] =
        json!({ "class_uid": { "enum": CLASSES.iter().map(|class| class.uid).collect::<Vec<_>>() } });
    schema["allOf"] = classes.into();
    format!("{schema:#}")
}

/// What holds for events of a class.
fn when(class: &Class) -> Value {
    let activities: Vec<Value> = (0..=OTHER)
        .filter(|id| *id == OTHER || (*id > 0 && class.activity(*id).is_some()))
        .map(|id| {
            let name = class.activity(id).map_or(json!({ "not": { "const": "Other" } }), |it| json!({ "const": it }));
            let type_uid = u32::from(class.uid) * 100 + u32::from(id);
            json!({ "properties": {
                "activity_id": { "const": id }, "activity_name": name, "type_uid": { "const": type_uid },
            }})
        })
        .collect();
    json!({
        "if": { "properties": { "class_uid": { "const": class.uid } } },
        "then": {
            "$ref": format!("#/$defs/class_{}", class.uid),
            "properties": {
                "class_name": { "const": class.caption },
                "category_uid": { "const": class.category },
            },
            "oneOf": activities,
        },
    })
}
