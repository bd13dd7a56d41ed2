//! A checked plan as a page of text, at 80 columns or more; nothing depends on colour.

use std::io::{self, Write};

use crate::plan::{Plan, PopulationPlan};
use crate::report::words::count;
use crate::scenario::{Scenario, Size};
use crate::unit::{Bytes, Rate, Span};

use super::check_proof::write_table;
use super::curve::{Chart, columns, number};
use super::streams::planned_streams;
use super::table::Table;
use super::text::{hanging, indented, titled};
use super::{Check, CheckPopulation, Style};

/// Rows of blocks of a curve.
const ROWS: usize = 7;
/// Points of a compiled curve that are looked at for each column; it shows the highest.
const SAMPLES: u32 = 16;
/// Peaks below this part of the highest have no name in the drawing.
const NAMED: f64 = 0.1;
/// A curve that rises no further above its mean is flat, and its peak is not worth a name.
const FLAT: f64 = 1.001;

/// Whether some sessions start in two bursts of a population.
fn bursts_overlap(p: &CheckPopulation) -> bool {
    p.bursts.iter().map(|burst| burst.starts).sum::<u64>() > p.sessions
}

/// Writes what `check` says.
pub fn write_check(
    check: &Check,
    scenario: &Scenario,
    plan: &Plan,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page { check, scenario, plan, style };
    page.heading(out)?;
    page.populations(out)?;
    page.starts(out)?;
    page.requests(out)?;
    page.load(out)?;
    page.objectives(out)?;
    page.machine(out)?;
    page.notes(out)?;
    page.names(out)
}

struct Page<'a> {
    check: &'a Check,
    scenario: &'a Scenario,
    plan: &'a Plan,
    style: Style,
}

impl Page<'_> {
    fn heading(&self, out: &mut dyn Write) -> io::Result<()> {
        let clock = &self.check.clock;
        let words = clock.compression.as_ref().map_or("at real speed".to_owned(), Clone::clone);
        titled(&self.check.scenario, &format!(" · {words}"), self.style, out)?;
        let run = Span::from_secs_f64(clock.starts_s);
        writeln!(out, "{} to {}, in {run} of run · seed {}", clock.from, clock.to, self.check.seed)?;
        if clock.warm_up_s > 0 {
            writeln!(out, "warm-up: the first {}s of the run, which no objective counts", clock.warm_up_s)?;
        }
        Ok(())
    }

    fn populations(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut header = vec!["population", "sessions", "requests", "each", "peak starts", "peak/mean"];
        let has_levels = self.check.populations.iter().any(|p| p.peak_over_level_1.is_some());
        header.extend(has_levels.then_some("peak/level 1"));
        let mut table = Table::new(&header);
        let each = |requests: u64, sessions: u64| format!("{:.1}", requests as f64 / sessions.max(1) as f64);
        let dash = || "–".to_owned();
        let factor = |factor: Option<f64>| factor.map_or_else(dash, |factor| format!("{factor:.2}"));
        for p in &self.check.populations {
            let highest = p.peaks.iter().max_by(|a, b| a.level.total_cmp(&b.level));
            let mut cells = vec![
                p.name.clone(),
                count(p.sessions),
                count(p.requests),
                each(p.requests, p.sessions),
                highest.map_or_else(dash, |peak| peak.at.clone()),
                factor(p.peak_over_mean),
            ];
            cells.extend(has_levels.then(|| factor(p.peak_over_level_1)));
            table.row(cells);
        }
        if self.check.populations.len() > 1 {
            let (requests, sessions) = (self.check.requests, self.check.sessions);
            table.row(vec!["all".to_owned(), count(sessions), count(requests), each(requests, sessions)]);
        }
        writeln!(out)?;
        table.write(self.style, out)?;
        for p in self.check.populations.iter().filter(|p| !p.by_transaction.is_empty()) {
            let planned: Vec<String> =
                p.by_transaction.iter().map(|(name, n)| format!("{} {name}", count(*n))).collect();
            self.item("transactions", &format!("{}: {}", p.name, planned.join(", ")), out)?;
        }
        self.check.around.items().iter().try_for_each(|(name, text)| self.item(name, text, out))
    }

    /// Session starts: the compiled curves, or the plan's own counts where a trace has none.
    fn starts(&self, out: &mut dyn Write) -> io::Result<()> {
        let (from, to) = self.scenario.clock.window;
        let width = columns(self.style.width);
        let slice = (to - from) / width as f64;
        let has_curve = |p: &PopulationPlan| !p.shape.pieces().is_empty() || !p.bursts.is_empty();
        let drawn = if self.plan.populations.iter().all(has_curve) {
            (0..width).map(|i| self.curves_in(from + i as f64 * slice, slice) + self.bursts_in(i, slice)).collect()
        } else {
            self.spread(&self.plan.starts, bin_secs(self.plan), (from, to), width, 1.0 / self.scenario.clock.compress)
        };
        self.title("session starts", "per second of scenario time", out)?;
        let peaks = self.named(slice);
        self.draw(Chart { columns: drawn, rows: ROWS, peaks, from_to: (from, to), clock: &self.scenario.clock }, out)?;
        self.peaks(out)?;
        self.bursts(out)
    }

    /// Bursts and high points of curves: when, and their names, the highest first.
    fn named(&self, slice: f64) -> Vec<(f64, String)> {
        let rising = |p: &&PopulationPlan| p.shape.peak_over_mean().is_some_and(|factor| factor > FLAT);
        let shapes = self.plan.populations.iter().filter(rising).map(|p| &p.shape);
        let mut peaks: Vec<(f64, f64, f64)> = Vec::new();
        peaks.extend(shapes.flat_map(|shape| &shape.peaks).map(|peak| (self.rate_at(peak.at), peak.at, peak.at)));
        let bursts = self.plan.populations.iter().flat_map(|p| &p.bursts);
        let (from, to) = self.scenario.clock.window;
        peaks.extend(bursts.map(|burst| {
            let length = burst.spread.max(slice);
            // Its middle is where its bars are, its beginning is its name.
            let begin = if burst.at + length > from { burst.at.max(from) } else { burst.at };
            (self.rate_at(burst.at) + burst.sessions as f64 / length, (begin + burst.at + length) / 2.0, begin)
        }));
        let top = peaks.iter().map(|peak| peak.0).fold(0.0, f64::max);
        peaks.retain(|(rate, at, _)| (from..to).contains(at) && *rate >= top * NAMED);
        peaks.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)));
        peaks.dedup();
        peaks.into_iter().map(|(_, at, named)| (at, self.scenario.clock.label(named))).collect()
    }

    /// The highest rate of the curves in a slice of scenario time.
    fn curves_in(&self, from: f64, slice: f64) -> f64 {
        let times = (0..=SAMPLES).map(|k| from + slice * f64::from(k) / f64::from(SAMPLES));
        let named = self.plan.populations.iter().flat_map(|p| p.shape.peaks.iter().map(|peak| peak.at));
        let inside = named.filter(|at| (from..from + slice).contains(at));
        times.chain(inside).map(|time| self.rate_at(time)).fold(0.0, f64::max)
    }

    /// The mean rate of the bursts in a column. Users whose burst lies before the window start with it (P9).
    fn bursts_in(&self, column: usize, slice: f64) -> f64 {
        let from = self.scenario.clock.window.0 + column as f64 * slice;
        let populations = self.plan.populations.iter().zip(&self.scenario.populations);
        let rates = populations.flat_map(|(plan, population)| {
            let takes_past = column == 0 && matches!(population.size, Size::Users(_));
            plan.bursts.iter().map(move |burst| {
                // A burst of no length is as long as the column that shows it.
                let (start, length) = (burst.at, burst.spread.max(slice));
                let begin = if takes_past { start } else { start.max(from) };
                burst.sessions as f64 / length * (((start + length).min(from + slice) - begin) / slice).max(0.0)
            })
        });
        rates.sum()
    }

    fn rate_at(&self, time: f64) -> f64 {
        self.plan.populations.iter().map(|p| p.shape.rate_at(time)).sum()
    }

    /// The high points of the curves; populations with the same are named together.
    fn peaks(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for p in self.check.populations.iter().filter(|p| p.peak_over_mean.is_some_and(|factor| factor > FLAT)) {
            let text = peaks_of(p);
            match groups.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(&p.name),
                None => groups.push((text, vec![&p.name])),
            }
        }
        groups.iter().try_for_each(|(text, names)| self.item("peaks", &format!("{}: {text}", names.join(", ")), out))
    }

    fn bursts(&self, out: &mut dyn Write) -> io::Result<()> {
        let (start, end) = self.scenario.clock.window;
        for (p, population) in self.check.populations.iter().zip(&self.scenario.populations) {
            let users = matches!(population.size, Size::Users(_));
            for burst in p.bursts.iter().filter(|burst| burst.at_s < end) {
                // Which sessions come in a burst is drawn. Those that do are its own where nothing else is under it.
                let beside = population.arrivals.curve.is_some() || bursts_overlap(p);
                let (sessions, at) = match beside {
                    true => (format!("about {}", count(burst.sessions)), &burst.at),
                    false => (count(burst.starts), &burst.at),
                };
                let text = match burst.spread_s {
                    spread if burst.at_s + spread <= start && burst.at_s < start => {
                        if !users {
                            continue;
                        }
                        format!("{sessions} sessions with the window's start, as {at} is past")
                    }
                    spread if burst.at_s < start => {
                        let left = Span::from_secs_f64(burst.at_s + spread - start);
                        format!("{sessions} sessions from the window's start on, over {left}")
                    }
                    0.0 => format!("{sessions} sessions at {at}, all at once"),
                    spread => format!("{sessions} sessions from {at} on, over {}", Span::from_secs_f64(spread)),
                };
                let in_all = match beside {
                    true => format!("; with what is under it {} start then", count(burst.starts)),
                    false => String::new(),
                };
                self.item("burst", &format!("{}: {text}{in_all}", p.name), out)?;
            }
        }
        Ok(())
    }

    fn requests(&self, out: &mut dyn Write) -> io::Result<()> {
        let (clock, plan) = (&self.scenario.clock, self.plan);
        let from = clock.window.0;
        let to = from + bin_secs(plan) * clock.compress * plan.nominal.len().max(1) as f64;
        let drawn = self.spread(&plan.nominal, bin_secs(plan), (from, to), columns(self.style.width), 1.0);
        let rate = &self.check.rate;
        let top = plan.nominal.iter().position(|n| *n == rate.peak).unwrap_or(0);
        // Inside the second, so that it stands above its column whatever the rounding.
        let peak = from + (top as f64 + 0.001) * bin_secs(plan) * clock.compress;
        self.title("planned requests", "per second of the run, if every answer took no time", out)?;
        self.draw(
            Chart { columns: drawn, rows: ROWS, peaks: vec![(peak, rate.peak_at.clone())], from_to: (from, to), clock },
            out,
        )?;
        let level_1 = rate.peak_over_level_1.map_or(String::new(), |factor| format!(", {factor:.2} × level 1"));
        let text = format!(
            "{} at {}: {:.2} × the mean of {}{level_1}",
            per_s(rate.peak as f64),
            rate.peak_at,
            rate.peak_over_mean,
            per_s(rate.mean)
        );
        self.item("highest second", &text, out)
    }

    /// A series of run time as columns: each the highest bin that it holds, times `factor`.
    fn spread(&self, series: &[u64], bin: f64, (from, to): (f64, f64), width: usize, factor: f64) -> Vec<f64> {
        let (compress, start) = (self.scenario.clock.compress, self.scenario.clock.window.0);
        let bin_of = |column: usize| (from + (to - from) * column as f64 / width as f64 - start) / compress / bin;
        let column = |i: usize| {
            // Bins that begin in the column; where they are longer than it, the one that covers its start.
            let (first, last) = (bin_of(i).ceil() as usize, bin_of(i + 1).ceil() as usize);
            let (first, count) = if last > first { (first, last - first) } else { (bin_of(i) as usize, 1) };
            series.iter().skip(first).take(count).max().copied().unwrap_or(0) as f64 * factor
        };
        (0..width).map(column).collect()
    }

    fn load(&self, out: &mut dyn Write) -> io::Result<()> {
        let check = self.check;
        self.title("load", "", out)?;
        let (alive, limit) = (count(check.alive_peak), count(check.max_in_flight));
        self.item(
            "concurrency",
            &format!("{alive} sessions alive at once, more as answers take time; max_in_flight {limit}"),
            out,
        )?;
        self.item("connections", &format!("{} new in the highest second", count(check.connections_peak)), out)?;
        self.streams(out)?;
        let bytes = Bytes(check.request_bytes);
        self.item("bytes", &format!("about {bytes} of requests; response sizes depend on the target"), out)?;
        let last = Span::from_secs_f64(check.clock.last_due_s);
        let starts = Span::from_secs_f64(check.clock.starts_s);
        self.item("wall time", &format!("sessions start for {starts}, the last request is due at {last}"), out)?;
        let Some(k) = check.estimated_from else { return Ok(()) };
        let text = "was timed for these and for the curve of requests; counts, digest and hash are exact";
        self.item("estimated", &format!("one session in up to {k} {text}"), out)
    }

    fn streams(&self, out: &mut dyn Write) -> io::Result<()> {
        self.check.streams.iter().try_for_each(|streams| self.item("streams", &planned_streams(streams), out))
    }

    fn objectives(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.check.objectives.is_empty() {
            writeln!(out)?;
            return self.item("objectives", "none: there will be no verdict", out);
        }
        writeln!(out)?;
        let budget = self.check.budget_s.map(Span::from_secs_f64);
        write_table(&self.check.objectives, budget, self.style, out)?;
        self.check.chance.map_or(Ok(()), |chance| self.item("chance", &chance.words(), out))
    }

    fn machine(&self, out: &mut dyn Write) -> io::Result<()> {
        let machine = &self.check.machine;
        self.title("this machine", "", out)?;
        let lanes = if machine.lanes == 1 { "1 lane".to_owned() } else { format!("{} lanes", machine.lanes) };
        let memory = machine.memory_bytes.map_or(String::new(), |bytes| format!(" · {} of memory left", Bytes(bytes)));
        let ports = if machine.loopback { String::new() } else { format!(" · {} ports", count(machine.ports)) };
        let cores = if machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", machine.cores) };
        let descriptors = count(machine.descriptors);
        self.item("has", &format!("{cores}, {lanes} · {descriptors} descriptors for connections{ports}{memory}"), out)?;
        self.item("needs", &format!("about {} of memory, at most", Bytes(self.check.memory_needed_bytes)), out)?;
        match (&machine.ceiling, &machine.not_calibrated) {
            (Some(ceiling), _) => {
                let at_least = if ceiling.lower_bound { "at least " } else { "" };
                let (kept, new) = (per_s(ceiling.requests_rps.round()), per_s(ceiling.new_connections_rps.round()));
                self.item(
                    "calibrated",
                    &format!(
                        "a lane does {at_least}{kept} on open connections, {new} on new ones, over {}",
                        ceiling.spoken.words()
                    ),
                    out,
                )?;
            }
            (None, Some(why)) => self.item("calibrated", why, out)?,
            (None, None) => {}
        }
        if self.check.warnings.is_empty() {
            return self.item("lacks", "nothing that can be computed", out);
        }
        for warning in &self.check.warnings {
            self.item("lacks", &format!("{}: {}; {}", warning.what, warning.seen, warning.cure), out)?;
        }
        Ok(())
    }

    fn notes(&self, out: &mut dyn Write) -> io::Result<()> {
        if !self.check.notes.is_empty() {
            self.title("notes", "", out)?;
        }
        self.check.notes.iter().try_for_each(|note| indented(note, 2, self.style, out))
    }

    fn names(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        writeln!(out, "{} {}", self.style.bold(&format!("{:<14}", "plan digest")), self.check.plan_digest)?;
        writeln!(out, "{} {}", self.style.bold(&format!("{:<14}", "arrivals hash")), self.check.arrivals_hash)
    }

    fn title(&self, what: &str, how: &str, out: &mut dyn Write) -> io::Result<()> {
        let how = if how.is_empty() { String::new() } else { format!(", {how}") };
        writeln!(out, "\n{}{how}", self.style.bold(what))
    }

    fn draw(&self, chart: Chart<'_>, out: &mut dyn Write) -> io::Result<()> {
        chart.lines().iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// A name and its text, wrapped beside it.
    fn item(&self, name: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let name = format!("  {name:<14} ");
        writeln!(out, "{}", hanging(&name, name.chars().count(), text, self.style))
    }
}

fn peaks_of(population: &CheckPopulation) -> String {
    let peaks = population.peaks.iter().map(|peak| match population.peak_over_level_1 {
        Some(_) => format!("level {} at {}", number(peak.level), peak.at),
        None => format!("{}/s at {}", number(peak.starts_per_s), peak.at),
    });
    peaks.collect::<Vec<_>>().join(" · ")
}

fn bin_secs(plan: &Plan) -> f64 {
    plan.nominal_bin.as_secs_f64()
}

fn per_s(rate: f64) -> Rate {
    Rate::per_second(rate).unwrap_or_default()
}
