use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::args::{Schema, SchemaOf};
use crate::components::{Sink, Source, Transform};
use crate::config::{Buffer, Part, Settings, TestConfig};
use crate::exit::Outcome;
use crate::out::answer;

/// `schema`: what editors and validators read.
pub(super) fn schema(args: &Schema) -> Outcome {
    let text = match args.of {
        SchemaOf::Event => adr_transform::schema(),
        SchemaOf::Config => format!("{:#}", config()),
    };
    answer(&format!("{}\n", text.trim_end()))
}

/// The JSON Schema of pipeline files.
fn config() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = Settings::json_schema(&mut generator).to_value();
    let properties = root["properties"].as_object_mut().expect("settings are an object");
    properties.insert(Source::SECTION.to_owned(), section::<Source>(&mut generator));
    properties.insert(Transform::SECTION.to_owned(), section::<Transform>(&mut generator));
    properties.insert(Sink::SECTION.to_owned(), section::<Sink>(&mut generator));
    let tests = json!({
        "type": "array",
        "items": generator.subschema_for::<TestConfig>(),
        "description": "what comes out of the transforms for which events: jumpcloud-adr test",
    });
    properties.insert("tests".to_owned(), tests);
    let definitions = generator.take_definitions(true);
    let root = root.as_object_mut().expect("settings are an object");
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("A pipeline of jumpcloud-adr"));
    root.insert("required".to_owned(), json!([Source::SECTION, Sink::SECTION]));
    root.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(std::mem::take(root))
}

/// A section: components by id, each by its `type`.
fn section<T: Part>(generator: &mut SchemaGenerator) -> Value {
    let mut kinds = T::json_schema(generator).to_value();
    // A kind refers to its settings, which take no other key: `type` and `inputs` belong among them.
    if let Some(kinds) = kinds.get_mut("oneOf").and_then(Value::as_array_mut) {
        for kind in kinds {
            *kind = component::<T>(kind, generator);
        }
    }
    json!({
        "type": "object",
        "minProperties": if T::KIND == "transform" { 0 } else { 1 },
        "propertyNames": { "pattern": "^[A-Za-z0-9_.-]+$" },
        "description": format!("{} by their names", T::SECTION),
        "additionalProperties": kinds,
    })
}

fn component<T: Part>(kind: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut schema: Map<String, Value> = Map::new();
    let name = kind["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    for part in [generator.definitions().get(name), Some(kind)].into_iter().flatten() {
        merge(&mut schema, part);
    }
    if T::KIND != "source" {
        let inputs = json!({
            "type": "array", "items": { "type": "string" }, "minItems": 1, "uniqueItems": true,
            "description": "the sources and transforms it takes events from",
        });
        merge(&mut schema, &json!({ "properties": { "inputs": inputs } }));
    }
    match T::KIND {
        "transform" => merge(&mut schema, &json!({ "required": ["inputs"] })),
        // A sink without inputs may be the dead letter.
        "sink" => {
            let buffer = generator.subschema_for::<Buffer>();
            merge(&mut schema, &json!({ "properties": { "buffer": buffer } }));
        }
        _ => {}
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    Value::Object(schema)
}

fn merge(into: &mut Map<String, Value>, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten().filter(|(key, _)| *key != "$ref") {
        match (into.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new.clone()),
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new.iter().cloned()),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}
