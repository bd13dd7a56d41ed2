//! What a crash can take back: a disk that forgets, at any moment, what was written since the last sync.
//!
//! Tests only. The disk logs every write; each prefix of the log is a moment at which the machine may die.

use super::ElectionError;
use super::form::{Action, FormId, Kind, Values};
use super::store::{Entry, Order, Store};
use super::writer::Writer;
use redb::{Database, StorageBackend};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug)]
enum Event {
    Write(usize, Vec<u8>),
    Length(usize),
    Sync,
}

/// What the operating system shows of the file, and how it came about.
#[derive(Debug, Default)]
struct Log {
    shown: Vec<u8>,
    events: Vec<Event>,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    log: Arc<Mutex<Log>>,
    /// A disk that says it synced and did not.
    lies: bool,
}

fn write(file: &mut [u8], at: usize, data: &[u8]) {
    file[at..at + data.len()].copy_from_slice(data);
}

impl Disk {
    fn holding(shown: Vec<u8>) -> Self {
        Self { log: Arc::new(Mutex::new(Log { shown, events: Vec::new() })), lies: false }
    }

    /// The file after a crash at `moment`: all up to the last sync before, and of what came later only what `kept`
    /// says, since a disk may write in any order.
    fn crashed(&self, moment: usize, kept: impl Fn(usize) -> bool) -> Vec<u8> {
        let log = self.log.lock().unwrap();
        let events = &log.events[..moment];
        let synced = events.iter().rposition(|event| matches!(event, Event::Sync)).unwrap_or(0);
        let mut file = Vec::new();
        for (i, event) in events.iter().enumerate() {
            match event {
                _ if i > synced && !kept(i) => {}
                // A write past the end of a file whose new length was forgotten is forgotten with it.
                Event::Write(at, data) if at + data.len() <= file.len() => write(&mut file, *at, data),
                Event::Length(length) => file.resize(*length, 0),
                Event::Write(..) | Event::Sync => {}
            }
        }
        file
    }

    fn moment(&self) -> usize {
        self.log.lock().unwrap().events.len()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, std::io::Error> {
        Ok(self.log.lock().unwrap().shown.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        let at = offset as usize;
        out.copy_from_slice(&self.log.lock().unwrap().shown[at..at + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        let mut log = self.log.lock().unwrap();
        log.shown.resize(len as usize, 0);
        log.events.push(Event::Length(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        if !self.lies {
            self.log.lock().unwrap().events.push(Event::Sync);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        let mut log = self.log.lock().unwrap();
        write(&mut log.shown, offset as usize, data);
        log.events.push(Event::Write(offset as usize, data.to_vec()));
        Ok(())
    }
}

fn open(disk: Disk) -> Result<Store, ElectionError> {
    let db = Database::builder().create_with_backend(disk);
    Store::over(db.map_err(|cause| ElectionError::Open { path: "disk".into(), cause: cause.into() })?)
}

fn order(section: u16) -> Order {
    Order {
        key: format!("key {section}"),
        digest: format!("digest {section}"),
        actor: "a test".into(),
        form: FormId { section, kind: Kind::Turnout(0) },
        action: Action::Report(Values::Turnout { voters: u32::from(section) }),
        version: Some(0),
        if_match: None,
        at_ms: 1,
    }
}

/// Writes, one after the other and then several at once; each acknowledged entry with the moment of its answer.
fn acknowledged(disk: &Disk) -> Vec<(usize, Entry)> {
    let writer = Writer::start(Arc::new(open(disk.clone()).unwrap())).unwrap();
    let mut acknowledged = Vec::new();
    let groups: Vec<Vec<u16>> =
        (1..=6).map(|section| vec![section]).chain([(7..=12).collect(), (13..=20).collect()]).collect();
    for group in groups {
        let answers: Vec<_> = group.into_iter().map(|section| writer.submit(order(section)).unwrap()).collect();
        for answer in answers {
            let ack = answer.blocking_recv().unwrap().unwrap();
            acknowledged.push((disk.moment(), ack.entry));
        }
    }
    acknowledged
}

/// How many of the entries acknowledged before `moment` are not there after a crash at it.
fn lost(disk: &Disk, moment: usize, kept: impl Fn(usize) -> bool, acknowledged: &[(usize, Entry)]) -> usize {
    let due = acknowledged.iter().filter(|(answered, _)| *answered <= moment);
    let Ok(store) = open(Disk::holding(disk.crashed(moment, kept))) else { return due.count() };
    let rows = store.listing(0, usize::MAX).unwrap();
    let numbers: Vec<u64> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(numbers, (1..=rows.len() as u64).collect::<Vec<_>>(), "the journal has a gap");
    due.filter(|(_, entry)| {
        let form = store.form(FormId { section: entry.section, kind: Kind::Turnout(0) });
        store.written(&entry.key).unwrap().as_ref() != Some(entry)
            || form.unwrap() != entry.after
            || !rows.contains(entry)
    })
    .count()
}

#[test]
fn every_acknowledged_write_survives_a_crash_at_any_moment_after_it() {
    let disk = Disk::default();
    let acknowledged = acknowledged(&disk);
    assert_eq!(acknowledged.len(), 20);
    for moment in acknowledged[0].0..=disk.moment() {
        assert_eq!(lost(&disk, moment, |_| false, &acknowledged), 0, "at {moment}, nothing unsynced kept");
        assert_eq!(lost(&disk, moment, |i| i % 2 == 0, &acknowledged), 0, "at {moment}, half of the unsynced kept");
        assert_eq!(lost(&disk, moment, |_| true, &acknowledged), 0, "at {moment}, all of the unsynced kept");
    }
}

#[test]
fn a_disk_that_does_not_sync_is_caught_by_the_same_test() {
    let disk = Disk { lies: true, ..Disk::default() };
    let acknowledged = acknowledged(&disk);
    assert_eq!(lost(&disk, disk.moment(), |_| false, &acknowledged), acknowledged.len());
}
