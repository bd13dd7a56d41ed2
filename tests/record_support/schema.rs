//! Holds the JSON of a run's folder against its schemas in `docs/`.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Where a value differs from `docs/NAME.schema.json`. A field that the schema does not name is a problem
/// here, though not by the schema: what we write ourselves must be documented.
pub fn problems(name: &str, value: &Value) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).expect("a schema")).expect("JSON");
    let mut problems = Vec::new();
    check(&schema, &schema, value, name, &mut problems);
    problems
}

/// The keywords of JSON Schema that the schemas use.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return check(root, root.pointer(&name[1..]).expect(name), value, at, problems);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let choice = choices.iter().find(|choice| (choice["type"] == "null") == value.is_null());
        return check(root, choice.expect("one for null, one for a value"), value, at, problems);
    }
    let is = |name: &Value| match name.as_str().expect("a type") {
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    };
    let sound = match &schema["type"] {
        Value::Null => true,
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    } && schema["enum"].as_array().is_none_or(|choices| choices.contains(value))
        && schema.get("const").is_none_or(|only| only == value)
        && value.as_f64().is_none_or(|n| n >= schema["minimum"].as_f64().unwrap_or(f64::MIN))
        && value.as_f64().is_none_or(|n| n <= schema["maximum"].as_f64().unwrap_or(f64::MAX));
    if !sound {
        problems.push(format!("{at}: {value}"));
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], item, &format!("{at}[{i}]"), problems);
    }
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            problems.push(format!("{at}.{name} is missing"));
        }
    }
    for (name, field) in fields {
        match schema["properties"].get(name).or_else(|| schema.get("additionalProperties")) {
            Some(known) => check(root, known, field, &format!("{at}.{name}"), problems),
            None => problems.push(format!("{at}.{name} is not in the schema")),
        }
    }
}
