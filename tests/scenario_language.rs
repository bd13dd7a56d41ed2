//! The language of scenario files: what a file says is what the model holds.

use scrutinio::scenario::{Overrides, load};

#[test]
fn the_design_document_example_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let mut csv = "section,voters,token\n".to_owned();
    (1..=174).for_each(|i| csv.push_str(&format!("{i},{},t{i}\n", 100 + i)));
    std::fs::write(dir.path().join("data/sections.csv"), csv).unwrap();
    let file = dir.path().join("night.yaml");
    std::fs::write(&file, include_str!("scenario_data/design.yaml")).unwrap();
    let checked = load(&file, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    let scenario = checked.scenario;
    let names: Vec<&str> = scenario.populations.iter().map(|population| population.name.as_str()).collect();
    assert_eq!(names, ["citizens", "maps", "newsrooms", "sections"]);
    assert_eq!((scenario.requests, scenario.clock.length), (Some(7_000_000), 108_900.0));
    assert_eq!((scenario.objectives.len(), scenario.flows.len()), (5, 4));
}
