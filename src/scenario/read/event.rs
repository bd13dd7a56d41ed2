//! `events:` beside an embedded service: what happens to it, and when.

use super::{Fields, Reader, World};
use crate::scenario::keys::TARGET_EVENT;
use crate::scenario::model::{EmbeddedService, Target, TargetEvent};
use crate::scenario::problem::Read;
use crate::scenario::yaml::Node;

/// Events of a scenario.
const MOST_EVENTS: usize = 1000;

impl Reader<'_> {
    /// The target with its events, in the order of time.
    pub fn with_events(&mut self, target: Read<Target>, scenario: &Fields, world: &World) -> Read<Target> {
        let entries = scenario.get("target").map(|node| node.entries()).unwrap_or_default();
        let Some(entry) = entries.iter().find(|entry| entry.key == "events") else { return target };
        let mut target = target?;
        if !matches!(target.embedded, Some((EmbeddedService::RemoteWork, _))) {
            let hint = "target: { embedded: remote-work, events: [{ at: \"10:40\", drop: sessions }] }";
            return Err(self.problem_with_hint(entry.place, "only the remote-work service has sessions to drop", hint));
        }
        let items = self.list(&entry.value, "a list such as [{ at: \"10:40\", drop: sessions }]")?;
        if items.len() > MOST_EVENTS {
            return Err(self.problem(entry.place, format!("a scenario has at most {MOST_EVENTS} events")));
        }
        let events: Vec<Read<TargetEvent>> = items.iter().map(|item| self.event(item, world)).collect();
        target.events = events.into_iter().collect::<Read<_>>()?;
        target.events.sort_by(|a, b| a.at.total_cmp(&b.at));
        Ok(target)
    }

    fn event(&mut self, node: &Node, world: &World) -> Read<TargetEvent> {
        let fields = self.fields(node, &TARGET_EVENT)?;
        let at = self.need(&fields, "at").and_then(|node| self.time(node, world));
        let what = self.need(&fields, "drop").and_then(|node| self.word(node, &[("sessions", ())]));
        what.and(at.map(|at| TargetEvent { at }))
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, parse};
    use std::path::Path;

    fn read(target: &str) -> Result<Vec<f64>, String> {
        let text = format!(
            "name: fault\n\
             clock: {{ from: 2026-01-05T10:00, to: 2026-01-05T12:00 }}\n\
             target: {target}\n\
             populations: {{ all: {{ users: 1, arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: see }} }}\n\
             flows: {{ see: {{ steps: [{{ get: / }}] }} }}\n"
        );
        let read = parse(&text, "fault.yaml", Path::new("."), &Overrides::default(), &|_| None);
        read.map(|checked| checked.scenario.target.events.iter().map(|event| event.at).collect())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn events_are_read_in_the_order_of_time() {
        let events = "[{ at: \"11:00\", drop: sessions }, { at: \"10:40\", drop: sessions }]";
        assert_eq!(read(&format!("{{ embedded: remote-work, events: {events} }}")), Ok(vec![2400.0, 3600.0]));
        assert_eq!(read("{ embedded: remote-work, logon_cost: 80ms }"), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_with_an_event_is_told() {
        let event = "{ at: \"10:40\", drop: sessions }";
        for (target, told) in [
            (format!("{{ embedded: election, events: [{event}] }}"), "only the remote-work service has sessions"),
            (
                format!("{{ url: \"http://127.0.0.1:1\", events: [{event}] }}"),
                "only the remote-work service has sessions",
            ),
            ("{ embedded: remote-work, events: [{ at: \"9:40\" }] }".to_owned(), "drop"),
            ("{ embedded: remote-work, events: [{ at: \"09:40\", drop: sessions }] }".to_owned(), "09:40"),
            ("{ embedded: remote-work, events: [{ at: \"10:40\", drop: all }] }".to_owned(), "sessions"),
        ] {
            let error = read(&target).expect_err(&target);
            assert!(error.contains(told), "{target}: {error}");
        }
    }
}
