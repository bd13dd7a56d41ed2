//! How much of their cores the lanes had, interval by interval: `lanes.csv`, and what findings need of it (O5).
//!
//! The kernel's own counts, read from outside the lanes once an interval: nothing here is on the path of a request.
//! Memory grows by 48 bytes an interval, whatever the number of lanes.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::unit::{Instant, Span};

/// The first line of `lanes.csv`.
const HEADER: &str = "second,lane,wall_s,cpu_s,run_queue_s,voluntary,involuntary,stood_s\n";

/// Intervals shorter than this are left out of shares: the kernel counts in ticks of up to 10 ms.
const SHORTEST: Span = Span::from_millis(200);

const SECOND: Span = Span::from_secs(1);

/// What a lane's thread has used of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneUse {
    /// Processor time, user and system.
    pub cpu: Span,
    /// Time in which it could have run and waited for a core (run-queue delay).
    pub run_queue: Span,
    /// How often it gave its core up by itself, as there was nothing to do.
    pub voluntary: u64,
    /// How often its core was taken from it.
    pub involuntary: u64,
    /// How long it stood still, by its own timer (O5); the kernel does not tell.
    pub stood: Span,
}

/// One interval of the run, over all lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneInterval {
    /// When it began.
    pub from: Instant,
    /// How long it was.
    pub wall: Span,
    /// The most processor time of a lane.
    pub most_cpu: Span,
    /// The longest that a lane waited for a core.
    pub most_waited: Span,
    /// Share of the machine's time that its host took away, in percent.
    pub steal_pct: f64,
}

/// What the lanes used in a run; empty if the kernel does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LanesRecord {
    /// By lane, over the whole run.
    pub lanes: Vec<LaneUse>,
    /// How long that was.
    pub wall: Span,
    /// The intervals in their order, those left out that are too short for shares.
    pub intervals: Vec<LaneInterval>,
}

/// Writes `lanes.csv` as a run goes, and remembers what is needed at its end.
pub struct LaneLog {
    sink: Box<dyn Write + Send>,
    opened: Instant,
    record: LanesRecord,
}

impl LaneUse {
    /// What was used since an earlier reading.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            run_queue: self.run_queue.saturating_sub(earlier.run_queue),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
            stood: self.stood.saturating_sub(earlier.stood),
        }
    }
}

impl LaneInterval {
    /// The share of the interval in which the busiest lane ran, 1 being all of it.
    pub fn busy(&self) -> f64 {
        share(self.most_cpu, self.wall)
    }

    /// The share of the interval in which a lane waited for a core.
    pub fn waited(&self) -> f64 {
        share(self.most_waited, self.wall)
    }
}

impl LanesRecord {
    /// The lane that a figure is greatest of, with its share of the run; `None` without lanes.
    pub fn most(&self, figure: impl Fn(&LaneUse) -> Span) -> Option<(usize, f64)> {
        let shares = self.lanes.iter().map(|lane| share(figure(lane), self.wall)).enumerate();
        shares.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// A part of a span, 1 being all of it; 0 of none.
pub fn share(part: Span, of: Span) -> f64 {
    if of == Span::ZERO { 0.0 } else { part.as_secs_f64() / of.as_secs_f64() }
}

impl LaneLog {
    /// Begins the file.
    pub fn new(mut sink: Box<dyn Write + Send>) -> io::Result<Self> {
        write(&mut *sink, HEADER)?;
        Ok(Self { sink, opened: Instant::ZERO, record: LanesRecord::default() })
    }

    /// Closes the interval that ends at `now`: `used` is what each lane has used since the run's start, `None` where
    /// the kernel does not tell; `steal_pct` the machine's share of steal in the interval.
    pub fn close_interval(&mut self, now: Instant, used: &[Option<LaneUse>], steal_pct: f64) -> io::Result<()> {
        let Some(used) = used.iter().copied().collect::<Option<Vec<LaneUse>>>() else { return Ok(()) };
        let (from, wall) = (self.opened, now.since(self.opened));
        self.record.lanes.resize(used.len(), LaneUse::default());
        let mut interval = LaneInterval { from, wall, most_cpu: Span::ZERO, most_waited: Span::ZERO, steal_pct };
        let mut text = String::new();
        for (lane, (before, now)) in self.record.lanes.iter_mut().zip(used).enumerate() {
            let LaneUse { cpu, run_queue, voluntary, involuntary, stood } = now.since(before);
            interval.most_cpu = interval.most_cpu.max(cpu);
            interval.most_waited = interval.most_waited.max(run_queue);
            let (second, wall) = (from.bin(SECOND), wall.as_secs_f64());
            let (cpu, waited, stood) = (cpu.as_secs_f64(), run_queue.as_secs_f64(), stood.as_secs_f64());
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "{second},{lane},{wall:.6},{cpu:.6},{waited:.6},{voluntary},{involuntary},{stood:.3}");
            *before = now;
        }
        self.record.wall = now.since(Instant::ZERO);
        if wall >= SHORTEST {
            self.record.intervals.push(interval);
        }
        self.opened = now;
        write(&mut *self.sink, &text)
    }

    /// What is known at the end.
    pub fn finish(self) -> LanesRecord {
        self.record
    }
}

/// What the rows of a killed run's `lanes.csv` tell; steal is in its timeline. Damaged rows, and what they leave of
/// their interval, are left out.
pub(super) fn read(lines: &[String], damage: &mut Vec<String>) -> LanesRecord {
    let mut record = LanesRecord::default();
    for line in lines.iter().skip(1) {
        let Some((lane, wall, used)) = row(line).filter(|(lane, ..)| *lane <= record.lanes.len()) else {
            super::load::tell_once(damage, "lanes.csv has damaged rows, which are left out");
            continue;
        };
        if lane == record.lanes.len() {
            record.lanes.push(LaneUse::default());
        }
        let sum = &mut record.lanes[lane];
        sum.cpu = sum.cpu.saturating_add(used.cpu);
        sum.run_queue = sum.run_queue.saturating_add(used.run_queue);
        sum.voluntary += used.voluntary;
        sum.involuntary += used.involuntary;
        sum.stood = sum.stood.saturating_add(used.stood);
        if lane == 0 {
            let from = Instant::ZERO + record.wall;
            record.wall = record.wall.saturating_add(wall);
            let (most_cpu, most_waited) = (Span::ZERO, Span::ZERO);
            record.intervals.push(LaneInterval { from, wall, most_cpu, most_waited, steal_pct: 0.0 });
        }
        if let Some(interval) = record.intervals.last_mut() {
            interval.most_cpu = interval.most_cpu.max(used.cpu);
            interval.most_waited = interval.most_waited.max(used.run_queue);
        }
    }
    record.intervals.retain(|interval| interval.wall >= SHORTEST);
    record
}

/// The lane of a row, the length of its interval, and what the lane used in it.
fn row(line: &str) -> Option<(usize, Span, LaneUse)> {
    let fields: Vec<&str> = line.trim_end().split(',').collect();
    // An older version wrote seven columns.
    let (seven, stood) = fields.split_at_checked(7)?;
    let [_, lane, wall, cpu, waited, voluntary, involuntary] = seven[..] else { return None };
    let stood = stood.first().copied().unwrap_or("0");
    let span = |text: &str| {
        let secs = text.parse::<f64>().ok().filter(|secs| (0.0..1e9).contains(secs));
        secs.map(Span::from_secs_f64)
    };
    let count = |text: &str| text.parse::<u32>().ok().map(u64::from);
    let (cpu, run_queue) = (span(cpu)?, span(waited)?);
    let (voluntary, involuntary) = (count(voluntary)?, count(involuntary)?);
    let used = LaneUse { cpu, run_queue, voluntary, involuntary, stood: span(stood)? };
    Some((lane.parse().ok()?, span(wall)?, used))
}

fn write(sink: &mut dyn Write, text: &str) -> io::Result<()> {
    let written = sink.write_all(text.as_bytes()).and_then(|()| sink.flush());
    written.map_err(|e| io::Error::new(e.kind(), format!("cannot write lanes.csv: {e}")))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no writer panics").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn used(cpu_ms: u64, waited_ms: u64, voluntary: u64, involuntary: u64) -> Option<LaneUse> {
        let (cpu, run_queue) = (Span::from_millis(cpu_ms), Span::from_millis(waited_ms));
        Some(LaneUse { cpu, run_queue, voluntary, involuntary, stood: Span::from_millis(waited_ms / 2) })
    }

    #[test]
    fn rows_are_differences_and_the_record_is_the_sum() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut log = LaneLog::new(Box::new(Shared(Arc::clone(&written)))).unwrap();
        let at = |ms: u64| Instant::ZERO + Span::from_millis(ms);
        log.close_interval(at(1_000), &[used(500, 10, 7, 1), used(100, 200, 3, 0)], 0.5).unwrap();
        log.close_interval(at(2_000), &[used(1_400, 10, 8, 1), used(150, 260, 9, 2)], 20.0).unwrap();
        // Too short for shares, but its use counts.
        log.close_interval(at(2_010), &[used(1_410, 10, 8, 1), used(150, 260, 9, 2)], 0.0).unwrap();
        let record = log.finish();
        assert_eq!(
            String::from_utf8(written.lock().unwrap().clone()).unwrap(),
            "second,lane,wall_s,cpu_s,run_queue_s,voluntary,involuntary,stood_s\n\
             0,0,1.000000,0.500000,0.010000,7,1,0.005\n\
             0,1,1.000000,0.100000,0.200000,3,0,0.100\n\
             1,0,1.000000,0.900000,0.000000,1,0,0.000\n\
             1,1,1.000000,0.050000,0.060000,6,2,0.030\n\
             2,0,0.010000,0.010000,0.000000,0,0,0.000\n\
             2,1,0.010000,0.000000,0.000000,0,0,0.000\n"
        );
        assert_eq!(record.lanes, [used(1_410, 10, 8, 1).unwrap(), used(150, 260, 9, 2).unwrap()]);
        let shares: Vec<(f64, f64, f64)> =
            record.intervals.iter().map(|i| (i.busy(), i.waited(), i.steal_pct)).collect();
        assert_eq!(shares, [(0.5, 0.2, 0.5), (0.9, 0.06, 20.0)]);
        assert_eq!(record.most(|lane| lane.run_queue), Some((1, 0.26 / 2.01)));
        // Read back, it is the same but for the steal.
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (mut damage, mut back) = (Vec::new(), record.clone());
        back.intervals.iter_mut().for_each(|interval| interval.steal_pct = 0.0);
        assert_eq!((read(&lines, &mut damage), damage.len()), (back, 0));
        let torn = [&lines[..3], &["2,0,x".to_owned(), "9,7,1,1,1,1,1,1".to_owned()]].concat();
        assert_eq!(read(&torn, &mut damage).intervals.len(), 1);
        assert_eq!(damage, ["lanes.csv has damaged rows, which are left out"]);
    }

    #[test]
    fn a_kernel_that_tells_nothing_leaves_nothing() {
        let mut log = LaneLog::new(Box::new(io::sink())).unwrap();
        log.close_interval(Instant::ZERO + SECOND, &[used(1, 1, 1, 1), None], 0.0).unwrap();
        assert_eq!(log.finish(), LanesRecord::default());
    }
}
