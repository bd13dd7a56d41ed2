//! The JSON Schema of scenario files, made from the tables of `keys`, for completion in editors.

use serde_json::{Map, Value, json};

use super::keys::{Key, Others, SCENARIO, Shape, Table};

/// The JSON Schema (draft 2020-12) of the language.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("scrutinio scenario"));
    if let Value::Object(scenario) = of_table(&SCENARIO, &mut definitions) {
        root.extend(scenario);
    }
    definitions.sort_keys();
    root.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(root)
}

fn of_table(table: &'static Table, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for Key { name, shape, doc, .. } in table.keys {
        let mut value = of_shape(shape, definitions);
        // Beside a `$ref`, draft 2020-12 allows a description of its own.
        if let Value::Object(object) = &mut value {
            object.insert("description".to_owned(), json!(doc));
        }
        properties.insert((*name).to_owned(), value);
    }
    let mut object = Map::new();
    object.insert("description".to_owned(), json!(table.doc));
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    if !table.one_of.is_empty() {
        let one_of: Vec<Value> = table.one_of.iter().map(|key| json!({ "required": [key] })).collect();
        object.insert("oneOf".to_owned(), json!(one_of));
    }
    match table.others {
        Others::Refused => object.insert("additionalProperties".to_owned(), json!(false)),
        Others::Extensions => {
            object.insert("patternProperties".to_owned(), json!({ "^x-": {} }));
            object.insert("additionalProperties".to_owned(), json!(false))
        }
        Others::Knobs => object.insert("additionalProperties".to_owned(), json!({ "type": ["string", "number"] })),
    };
    Value::Object(object)
}

fn of_shape(shape: &'static Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Number => json!({ "type": "number", "minimum": 0 }),
        Shape::Whole => json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^[0-9][0-9_]*$" },
        ] }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Template => json!({ "type": ["string", "number", "boolean", "null"] }),
        Shape::Json => json!({}),
        Shape::List(item) => json!({ "type": "array", "items": of_shape(item, definitions) }),
        Shape::Names(value) => json!({ "type": "object", "additionalProperties": of_shape(value, definitions) }),
        Shape::AnyOf(shapes) => {
            let shapes: Vec<Value> = shapes.iter().map(|shape| of_shape(shape, definitions)).collect();
            json!({ "anyOf": shapes })
        }
        Shape::Map(table) => {
            if !definitions.contains_key(table.name) {
                // Steps hold steps: the name is taken before its definition is made.
                definitions.insert(table.name.to_owned(), Value::Null);
                let definition = of_table(table, definitions);
                definitions.insert(table.name.to_owned(), definition);
            }
            json!({ "$ref": format!("#/$defs/{}", table.name) })
        }
    }
}
