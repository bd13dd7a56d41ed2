//! How much of their cores the lanes had, interval by interval: `lanes.csv`, and what findings need of it (O5).
//!
//! The kernel's own counts, read from outside the lanes once an interval: nothing here is on the path of a request.
//! Memory grows by 48 bytes an interval, whatever the number of lanes.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::unit::{Instant, Span};

use super::damage::Damages;
use super::{hlog, rows};

/// Its name in a run's folder.
pub(super) const FILE: &str = "lanes.csv";

/// A row of `lanes.csv`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Row {
    second: u32,
    lane: usize,
    wall_s: f64,
    cpu_s: f64,
    run_queue_s: f64,
    voluntary: u64,
    involuntary: u64,
    stood_s: f64,
    steal_pct: f64,
}

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
    /// What each lane had used when the last interval was closed.
    used: Vec<LaneUse>,
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

impl LaneUse {
    /// Adds what was used in a further interval.
    fn add(&mut self, more: &Self) {
        self.cpu = self.cpu.saturating_add(more.cpu);
        self.run_queue = self.run_queue.saturating_add(more.run_queue);
        self.voluntary += more.voluntary;
        self.involuntary += more.involuntary;
        self.stood = self.stood.saturating_add(more.stood);
    }
}

impl LaneInterval {
    fn new(from: Instant, wall: Span, steal_pct: f64) -> Self {
        Self { from, wall, most_cpu: Span::ZERO, most_waited: Span::ZERO, steal_pct }
    }

    /// Takes in what a lane used in it.
    fn add(&mut self, used: &LaneUse) {
        self.most_cpu = self.most_cpu.max(used.cpu);
        self.most_waited = self.most_waited.max(used.run_queue);
    }

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
        write(&mut *sink, rows::header::<Row>()?.as_bytes())?;
        Ok(Self { sink, opened: Instant::ZERO, used: Vec::new(), record: LanesRecord::default() })
    }

    /// Closes the interval that ends at `now`: `used` is what each lane has used since the run's start, `None` where
    /// the kernel does not tell; `steal_pct` the machine's share of steal in the interval.
    pub fn close_interval(&mut self, now: Instant, used: &[Option<LaneUse>], steal_pct: f64) -> io::Result<()> {
        let Some(used) = used.iter().copied().collect::<Option<Vec<LaneUse>>>() else { return Ok(()) };
        let (from, wall) = (self.opened, now.since(self.opened));
        self.record.lanes.resize(used.len(), LaneUse::default());
        self.used.resize(used.len(), LaneUse::default());
        let mut interval = LaneInterval::new(from, wall, steal_pct);
        let mut rows = Vec::with_capacity(used.len());
        let sums = self.record.lanes.iter_mut().zip(&mut self.used);
        for (lane, ((sum, before), now)) in sums.zip(used).enumerate() {
            let used = now.since(before);
            interval.add(&used);
            // The sum of the rows, also where a reading of the kernel is less than the one before.
            sum.add(&used);
            rows.push(Row::new(lane, &interval, &used));
            *before = now;
        }
        self.record.wall = now.since(Instant::ZERO);
        if wall >= SHORTEST {
            self.record.intervals.push(interval);
        }
        self.opened = now;
        write(&mut *self.sink, &rows::lines(rows)?)
    }

    /// What is known at the end.
    pub fn finish(self) -> LanesRecord {
        self.record
    }
}

impl Row {
    fn new(lane: usize, interval: &LaneInterval, used: &LaneUse) -> Self {
        let LaneUse { cpu, run_queue, voluntary, involuntary, stood } = *used;
        Self {
            second: interval.from.bin(SECOND),
            lane,
            wall_s: interval.wall.as_secs_f64(),
            cpu_s: cpu.as_secs_f64(),
            run_queue_s: run_queue.as_secs_f64(),
            voluntary,
            involuntary,
            stood_s: stood.as_secs_f64(),
            steal_pct: interval.steal_pct,
        }
    }

    fn is_sound(&self) -> bool {
        let figures = [self.wall_s, self.cpu_s, self.run_queue_s, self.stood_s, self.steal_pct];
        let counts = [self.voluntary, self.involuntary];
        figures.iter().all(|figure| (0.0..1e9).contains(figure)) && counts.iter().all(|n| *n <= hlog::MAX_COUNT)
    }

    fn used(&self) -> LaneUse {
        LaneUse {
            cpu: Span::from_secs_f64(self.cpu_s),
            run_queue: Span::from_secs_f64(self.run_queue_s),
            voluntary: self.voluntary,
            involuntary: self.involuntary,
            stood: Span::from_secs_f64(self.stood_s),
        }
    }
}

/// What the rows of a file tell. A damaged row is left out, with what it leaves of its interval.
pub(super) fn read(text: &[u8], damages: &mut Damages) -> LanesRecord {
    let mut record = LanesRecord::default();
    rows::read(FILE, text, damages, |row: Row| {
        if !row.is_sound() || row.lane > record.lanes.len() {
            return Err("damaged rows are left out");
        }
        if row.lane == record.lanes.len() {
            record.lanes.push(LaneUse::default());
        }
        let used = row.used();
        record.lanes[row.lane].add(&used);
        if row.lane == 0 {
            let (from, wall) = (Instant::ZERO + record.wall, Span::from_secs_f64(row.wall_s));
            record.wall = record.wall.saturating_add(wall);
            record.intervals.push(LaneInterval::new(from, wall, row.steal_pct));
        }
        if let Some(interval) = record.intervals.last_mut() {
            interval.add(&used);
        }
        Ok(())
    });
    record.intervals.retain(|interval| interval.wall >= SHORTEST);
    record
}

fn write(sink: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    let written = sink.write_all(text).and_then(|()| sink.flush());
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
            "second,lane,wall_s,cpu_s,run_queue_s,voluntary,involuntary,stood_s,steal_pct\n\
             0,0,1.0,0.5,0.01,7,1,0.005,0.5\n\
             0,1,1.0,0.1,0.2,3,0,0.1,0.5\n\
             1,0,1.0,0.9,0.0,1,0,0.0,20.0\n\
             1,1,1.0,0.05,0.06,6,2,0.03,20.0\n\
             2,0,0.01,0.01,0.0,0,0,0.0,0.0\n\
             2,1,0.01,0.0,0.0,0,0,0.0,0.0\n"
        );
        assert_eq!(record.lanes, [used(1_410, 10, 8, 1).unwrap(), used(150, 260, 9, 2).unwrap()]);
        let shares: Vec<(f64, f64, f64)> =
            record.intervals.iter().map(|i| (i.busy(), i.waited(), i.steal_pct)).collect();
        assert_eq!(shares, [(0.5, 0.2, 0.5), (0.9, 0.06, 20.0)]);
        assert_eq!(record.most(|lane| lane.run_queue), Some((1, 0.26 / 2.01)));
        let text = written.lock().unwrap().clone();
        let mut damages = Damages::default();
        assert_eq!((read(&text, &mut damages), damages.0.len()), (record, 0));
        let first: Vec<u8> = text.split_inclusive(|byte| *byte == b'\n').take(3).flatten().copied().collect();
        let torn = [&first, &b"2,0,x\n9,7,1,1,1,1,1,1,1\n"[..]].concat();
        assert_eq!(read(&torn, &mut damages).intervals.len(), 1);
        assert_eq!(damages.0[0].to_string(), "lanes.csv, line 4: damaged rows are left out");
    }

    #[test]
    fn a_reading_that_is_less_than_the_one_before_is_read_back_as_it_was_recorded() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut log = LaneLog::new(Box::new(Shared(Arc::clone(&written)))).unwrap();
        for (second, cpu) in [(1, 500), (2, 400), (3, 700)] {
            log.close_interval(Instant::ZERO + Span::from_secs(second), &[used(cpu, 0, 0, 0)], 0.0).unwrap();
        }
        let text = written.lock().unwrap().clone();
        assert_eq!(read(&text, &mut Damages::default()), log.finish());
    }

    #[test]
    fn a_kernel_that_tells_nothing_leaves_nothing() {
        let mut log = LaneLog::new(Box::new(io::sink())).unwrap();
        log.close_interval(Instant::ZERO + SECOND, &[used(1, 1, 1, 1), None], 0.0).unwrap();
        assert_eq!(log.finish(), LanesRecord::default());
    }
}
