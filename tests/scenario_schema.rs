//! The published JSON Schema: its copy in `docs/`, its keys, and the examples that it describes.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use scrutinio::scenario::{Overrides, parse, schema};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Each object of the schema with a name, and its keys.
fn objects() -> Vec<(String, Vec<String>)> {
    let schema = schema();
    let keys = |object: &Value| object["properties"].as_object().unwrap().keys().cloned().collect();
    let mut all = vec![("scenario".to_owned(), keys(&schema))];
    all.extend(schema["$defs"].as_object().unwrap().iter().map(|(name, object)| (name.clone(), keys(object))));
    all
}

fn is_sound(text: &str) -> Result<(), String> {
    let base = root().join("tests/scenario_data");
    let env = |name: &str| (name == "TOKEN").then(|| "secret".to_owned());
    parse(text, "test.yaml", &base, &Overrides::default(), &env).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn the_copy_in_docs_is_the_schema() {
    let path = root().join("docs/scenario.schema.json");
    let now = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let copy = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(copy == now, "docs/scenario.schema.json is out of date: UPDATE_SCHEMA=1 cargo test --test scenario_schema");
}

#[test]
fn the_parser_takes_every_key_of_the_schema_and_no_other() {
    let schema = schema();
    let mut taken = BTreeSet::new();
    for file in ["everything.yaml", "design.yaml", "events.yaml"] {
        let value = as_json(&root().join("tests/scenario_data").join(file));
        for (pointer, object) in visit(&value, &schema, &schema, "", "scenario") {
            let keys = value.pointer(&pointer).unwrap().as_object().unwrap().keys().cloned();
            taken.extend(keys.map(|key| (object.clone(), key)));
            let mut broken = value.clone();
            broken.pointer_mut(&pointer).unwrap().as_object_mut().unwrap().insert("qqqq".to_owned(), 1.into());
            // JSON is YAML. A target that is embedded takes any knob.
            let told = is_sound(&broken.to_string()).err().unwrap_or_default();
            assert!(
                told.contains("`qqqq` is not a key of") || file != "everything.yaml" && object == "target",
                "{pointer}: {told}"
            );
        }
    }
    let all: BTreeSet<(String, String)> = objects()
        .into_iter()
        .flat_map(|(object, keys)| keys.into_iter().map(move |key| (object.clone(), key)))
        .collect();
    let missing: Vec<_> = all.difference(&taken).collect();
    assert!(missing.is_empty(), "no example has {missing:?}");
    assert_eq!(is_sound(&as_json(&root().join("tests/scenario_data/everything.yaml")).to_string()), Ok(()));
}

/// Where each object that the schema names stands in a value, as JSON pointers.
fn visit(value: &Value, schema: &Value, root: &Value, at: &str, object: &str) -> Vec<(String, String)> {
    if let Some(name) = schema["$ref"].as_str().map(|name| name.trim_start_matches("#/$defs/")) {
        return visit(value, &root["$defs"][name], root, at, name);
    }
    let mut all = Vec::new();
    for shape in schema["anyOf"].as_array().into_iter().flatten() {
        if violations(value, shape, root, at).is_empty() {
            all.extend(visit(value, shape, root, at, ""));
        }
    }
    if let (Some(keys), true) = (value.as_object(), schema["type"] == "object") {
        if !object.is_empty() {
            all.push((at.to_owned(), object.to_owned()));
        }
        for (key, inner) in keys {
            let shape = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
            let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            all.extend(visit(inner, shape, root, &at, ""));
        }
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        all.extend(visit(item, &schema["items"], root, &format!("{at}/{i}"), ""));
    }
    all
}

#[test]
fn every_key_has_a_description() {
    let schema = schema();
    let mut all = vec![&schema];
    all.extend(schema["$defs"].as_object().unwrap().values());
    for object in all {
        for (key, value) in object["properties"].as_object().unwrap() {
            assert!(value["description"].as_str().is_some_and(|text| text.len() > 5), "{key} is not described");
        }
    }
}

#[test]
fn every_key_is_in_the_users_documentation() {
    let guide = std::fs::read_to_string(root().join("docs/scenario.md")).unwrap();
    let missing: BTreeSet<String> = objects()
        .into_iter()
        .flat_map(|(object, keys)| keys.into_iter().map(move |key| (object.clone(), key)))
        .filter(|(_, key)| !guide.contains(&format!("`{key}`")) && !guide.contains(&format!("{key}:")))
        .map(|(object, key)| format!("{object}.{key}"))
        .collect();
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn the_examples_of_the_documentation_are_sound() {
    let guides = ["scenario.md", "coming-from.md", "your-own-service.md"];
    let guide = guides.map(|name| std::fs::read_to_string(root().join("docs").join(name)).unwrap()).concat();
    let whole: Vec<&str> = guide
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .filter(|block| block.contains("\nname:") || block.starts_with("name:"))
        .collect();
    assert!(whole.len() >= guides.len(), "each guide has a whole scenario");
    for block in whole {
        assert_eq!(is_sound(block), Ok(()), "{block}");
    }
}

#[test]
fn the_fragments_of_the_documentation_fit_the_schema() {
    let (schema, guide) = (schema(), std::fs::read_to_string(root().join("docs/scenario.md")).unwrap());
    let fragments = guide.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let objects = [&schema, &schema["$defs"]["population"], &schema["$defs"]["step"]];
    for fragment in fragments {
        let value = yaml_as_json(fragment);
        let told = match value.as_object() {
            None => violations(&value, &schema["$defs"]["flow"]["properties"]["steps"], &schema, ""),
            Some(keys) => {
                let key = keys.keys().next().unwrap();
                let object = objects.iter().find(|object| !object["properties"][key].is_null());
                let mut object = (*object.unwrap_or_else(|| panic!("no object has `{key}`"))).clone();
                object.as_object_mut().unwrap().remove("required");
                violations(&value, &object, &schema, "")
            }
        };
        assert_eq!(told, [] as [String; 0], "{fragment}");
    }
}

/// A validator of what the schema uses, so that it is known to describe real files.
fn violations(value: &Value, schema: &Value, root: &Value, at: &str) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(name) = schema["$ref"].as_str() {
        return violations(value, &root["$defs"][name.trim_start_matches("#/$defs/")], root, at);
    }
    let fits = |shape: &Value| violations(value, shape, root, at).is_empty();
    if schema["anyOf"].as_array().is_some_and(|shapes| !shapes.iter().any(fits)) {
        all.push(format!("{at}: none of the shapes fits {value}"));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        all.push(format!("{at}: {value} is none of {words:?}"));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![kind],
    };
    let fits = kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
    if !fits {
        all.push(format!("{at}: {value} is no {kinds:?}"));
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        all.extend(violations(item, &schema["items"], root, &format!("{at}[{i}]")));
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false))
                if !(key.starts_with("x-") && schema["patternProperties"].is_object()) =>
            {
                all.push(format!("{at}: unknown key"));
            }
            (Value::Null, other) => all.extend(violations(inner, other, root, &at)),
            (property, _) => all.extend(violations(inner, property, root, &at)),
        }
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(key).is_none() {
            all.push(format!("{at}: `{key}` is missing"));
        }
    }
    all
}

/// A YAML file as an editor sees it: JSON by the core schema, with merge keys.
fn as_json(path: &Path) -> Value {
    yaml_as_json(&std::fs::read_to_string(path).unwrap())
}

#[test]
fn scenario_files_fit_the_schema() {
    let schema = schema();
    let mut files: Vec<PathBuf> =
        vec![root().join("tests/scenario_data/everything.yaml"), root().join("tests/scenario_data/design.yaml")];
    if let Ok(folder) = std::fs::read_dir(root().join("scenarios")) {
        files.extend(
            folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "yaml")),
        );
    }
    for file in files {
        assert_eq!(violations(&as_json(&file), &schema, &schema, ""), [] as [String; 0], "{}", file.display());
    }
    let wrong = serde_json::json!({ "name": 5, "clocks": {}, "requests": -1 });
    let told = violations(&wrong, &schema, &schema, "").join("\n");
    for part in [".name: 5 is no", ".clocks: unknown key", ".requests: none of", "`flows` is missing"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

/// Enough of YAML's loading for [`as_json`]: events of the same parser, core schema, aliases, merge keys.
fn yaml_as_json(text: &str) -> Value {
    use granit_parser::{Event, Parser, ScalarStyle};
    enum Open {
        List(Vec<Value>, usize),
        Map(serde_json::Map<String, Value>, Option<String>, usize),
    }
    fn add(stack: &mut [Open], root: &mut Value, value: Value) {
        match stack.last_mut() {
            None => *root = value,
            Some(Open::List(items, _)) => items.push(value),
            Some(Open::Map(map, key, _)) => match key.take() {
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
                Some(key) if key == "<<" => map.extend(value.as_object().cloned().unwrap()),
                Some(key) => {
                    map.insert(key, value);
                }
            },
        }
    }
    let (mut stack, mut root) = (Vec::new(), Value::Null);
    let mut anchors: std::collections::HashMap<usize, Value> = std::collections::HashMap::new();
    for event in Parser::new_from_str(text) {
        let (value, anchor) = match event.unwrap().0 {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let number = || text.parse::<f64>().ok().map(Value::from);
                let core = plain.then(|| serde_json::from_str(&text).ok().or_else(number)).flatten();
                let null = plain && matches!(&*text, "" | "~");
                (if null { Value::Null } else { core.unwrap_or_else(|| Value::from(&*text)) }, anchor)
            }
            Event::Alias(id) => (anchors[&id].clone(), 0),
            Event::SequenceStart(_, anchor, _) => {
                stack.push(Open::List(Vec::new(), anchor));
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                stack.push(Open::Map(serde_json::Map::new(), None, anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop().unwrap() {
                Open::List(items, anchor) => (Value::Array(items), anchor),
                Open::Map(map, _, anchor) => (Value::Object(map), anchor),
            },
            _ => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, value.clone());
        }
        add(&mut stack, &mut root, value);
    }
    root
}
