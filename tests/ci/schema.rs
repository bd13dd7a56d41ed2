//! What two schemas say of such a file: that of Jenkins's xUnit plugin (`junit-10.xsd`), which refuses what it does not
//! know, and that of Maven Surefire, which Jenkins's JUnit plugin and others were written for. Of both the elements that are
//! written, with all that is said of these.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// What is said of an element: its attributes, those that it must have in capitals, and its children.
struct Rule {
    element: &'static str,
    attributes: &'static str,
    children: &'static str,
}

/// A schema.
pub struct Schema {
    rules: &'static [Rule],
    /// Whether children come in the order in which they are named.
    ordered: bool,
}

const fn rule(element: &'static str, attributes: &'static str, children: &'static str) -> Rule {
    Rule { element, attributes, children }
}

pub const JENKINS: Schema = Schema {
    ordered: false,
    rules: &[
        rule("testsuites", "name time tests failures errors", "testsuite"),
        rule(
            "testsuite",
            "NAME TESTS FAILURES ERRORS group time skipped timestamp hostname id package file log url version",
            "testsuite properties testcase system-out system-err",
        ),
        rule("properties", "", "property"),
        rule("property", "NAME VALUE", ""),
        rule("testcase", "NAME time classname group", "skipped error failure system-out system-err"),
        rule("skipped", "type message", "#text"),
        rule("error", "type message", "#text"),
        rule("failure", "type message", "#text"),
        rule("system-out", "", "#text"),
    ],
};

/// Its root is a suite; what holds several is Jenkins's.
pub const SUREFIRE: Schema = Schema {
    ordered: true,
    rules: &[
        rule("testsuites", "name time tests failures errors", "testsuite"),
        rule("testsuite", "NAME time TESTS ERRORS SKIPPED FAILURES group", "properties testcase"),
        rule("properties", "", "property"),
        rule("property", "NAME VALUE", ""),
        rule("testcase", "NAME classname group TIME", "failure skipped error system-out system-err"),
        rule("failure", "message TYPE", "#text"),
        rule("skipped", "message", "#text"),
        rule("error", "message TYPE", "#text"),
        rule("system-out", "", "#text"),
    ],
};

/// Where a file differs from a schema.
pub fn problems(xml: &str, schema: &Schema) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    // The elements that are open, each with the place of its last child among those that it may have.
    let mut open: Vec<(&Rule, usize)> = Vec::new();
    let mut problems = Vec::new();
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) => {
                let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
                problems.extend(child(&mut open, &name, schema));
                let Some(rule) = schema.rules.iter().find(|rule| rule.element == name) else {
                    problems.push(format!("unknown element {name}"));
                    return problems;
                };
                problems.extend(attributes(&tag, rule));
                open.push((rule, 0));
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(text) if !text.iter().all(u8::is_ascii_whitespace) => {
                problems.extend(child(&mut open, "#text", schema));
            }
            Event::Eof => return problems,
            _ => {}
        }
    }
}

fn child(open: &mut [(&Rule, usize)], name: &str, schema: &Schema) -> Option<String> {
    let Some((parent, last)) = open.last_mut() else {
        return (name != "testsuites").then(|| format!("the root is {name}"));
    };
    let Some(at) = parent.children.split(' ').position(|known| known == name) else {
        return Some(format!("{name} in {}", parent.element));
    };
    let behind = schema.ordered && at < *last;
    *last = at;
    behind.then(|| format!("{name} comes too late in {}", parent.element))
}

fn attributes(tag: &BytesStart<'_>, rule: &Rule) -> Vec<String> {
    let mut problems = Vec::new();
    let mut missing: Vec<String> =
        rule.attributes.split(' ').filter(|it| *it == it.to_uppercase()).map(str::to_lowercase).collect();
    for attribute in tag.attributes() {
        let attribute = attribute.expect("an attribute, once");
        let name = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap();
        missing.retain(|known| *known != name);
        if !rule.attributes.split(' ').any(|known| known.to_lowercase() == name) {
            problems.push(format!("{} has {name}", rule.element));
        }
        // Seconds, of which Surefire takes three decimals.
        let decimals = value.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        if name == "time" && (value.parse::<f64>().is_err() || decimals > 3 || value.starts_with('-')) {
            problems.push(format!("time={value}"));
        }
    }
    missing.retain(|name| !name.is_empty());
    problems.extend(missing.iter().map(|name| format!("{} has no {name}", rule.element)));
    problems
}

#[test]
fn what_a_schema_does_not_know_is_found() {
    let suite = |inside: &str| {
        format!(
            "<testsuites><testsuite name='' tests='' skipped='' failures='' errors=''>{inside}</testsuite></testsuites>"
        )
    };
    let case = "<testcase name='a' time='0.000'/>";
    for (xml, jenkins, surefire) in [
        (suite(case), "", ""),
        (suite("<testcase time='1'/>"), "testcase has no name", "testcase has no name"),
        (suite(&format!("{case}<properties/>")), "", "properties comes too late in testsuite"),
        (suite("<testcase name='a' time='0'><error>b</error></testcase>"), "", "error has no type"),
        (suite("<testcase name='a' time='0'><skipped type='t'/></testcase>"), "", "skipped has type"),
        (suite("<testcase name='a' time='0'>b</testcase>"), "#text in testcase", "#text in testcase"),
        (suite("<testcase name='a' time='0.0001'/>"), "time=0.0001", "time=0.0001"),
        ("<testsuites skipped='1'/>".to_owned(), "testsuites has skipped", "testsuites has skipped"),
        ("<testsuite/>".to_owned(), "the root is testsuite", "the root is testsuite"),
    ] {
        for (schema, expected) in [(JENKINS, jenkins), (SUREFIRE, surefire)] {
            assert_eq!(problems(&xml, &schema).first().map_or("", |first| first), expected, "{xml}");
        }
    }
}
