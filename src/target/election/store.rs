//! The transactional store: forms as they stand, a journal of every accepted write, and its index by idempotency key.
//!
//! One file (redb). A batch of orders is one transaction, synced before `apply` returns: whoever answers only after
//! that never acknowledges what a crash can take back. Nothing but rows and their rules lives here.

use super::ElectionError;
use super::form::{Action, Form, FormId, KINDS, Kind};
use super::refusal::Refusal;
use super::rules::decide;
use super::town::{self, SECTIONS};
use crate::target::Writes;
use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::Path;

/// Form number (section · 4 + kind) → the form as JSON.
const FORMS: TableDefinition<u16, &[u8]> = TableDefinition::new("forms");
/// Sequence number from 1 → the accepted write as JSON.
const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
/// Idempotency key → sequence number.
const KEYS: TableDefinition<&str, u64> = TableDefinition::new("keys");
/// Page cache: the whole data set of a run is below this.
const CACHE_BYTES: usize = 8 << 20;

/// One write as it was asked for, permitted but not yet decided.
#[derive(Clone, Debug)]
pub struct Order {
    /// The idempotency key.
    pub key: String,
    /// SHA-256 (first 16 bytes, hex) over actor, method, path and body: what makes two uses of a key the same write.
    pub digest: String,
    /// Who asks, for example `section-017`.
    pub actor: String,
    /// Which form.
    pub form: FormId,
    /// What is to be done.
    pub action: Action,
    /// The version in the body.
    pub version: Option<u32>,
    /// The value of `If-Match`.
    pub if_match: Option<String>,
    /// When it arrived, milliseconds of Unix time.
    pub at_ms: u64,
}

/// One accepted write, as kept in the journal and given in answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the journal, from 1.
    pub seq: u64,
    /// Its idempotency key.
    pub key: String,
    /// What makes another request with this key the same write.
    pub digest: String,
    /// Who wrote.
    pub actor: String,
    /// `report`, `correct` or `confirm`.
    pub action: String,
    /// The section's number.
    pub section: u16,
    /// The form, `turnout/12` … `votes`.
    pub form: String,
    /// When it arrived, milliseconds of Unix time.
    pub at_ms: u64,
    /// The form as this write left it.
    #[serde(flatten)]
    pub after: Form,
}

/// An accepted write and whether it was accepted already before this request.
#[derive(Clone, Debug, PartialEq)]
pub struct Ack {
    /// The journal's row.
    pub entry: Entry,
    /// The row was there: the same key came with the same request.
    pub replayed: bool,
}

/// The forms of all sections, that of section 1 first.
pub type Forms = Vec<[Form; KINDS]>;

/// The open store.
#[derive(Debug)]
pub struct Store {
    db: Database,
    electors: Vec<u32>,
}

impl Store {
    /// Opens or makes the store at `path`.
    ///
    /// # Errors
    /// The file cannot be opened, is locked by another process, is no store, or is damaged.
    pub fn at(path: &Path, writes: Writes) -> Result<Self, ElectionError> {
        let fail = |path: &Path| {
            let path = path.display().to_string();
            |cause| ElectionError::File { path, cause }
        };
        let store = Self::in_file(writes.store(path).map_err(fail(path))?, &path.display().to_string())?;
        let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A new file survives a power cut only once its directory entry is on disk too.
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(fail(parent))?;
        Ok(store)
    }

    /// Opens the store in `file`, or makes it if that is empty.
    ///
    /// # Errors
    /// The file is locked by another process, is no store, is damaged, or cannot be written.
    pub fn in_file(file: File, shown: &str) -> Result<Self, ElectionError> {
        let opened = FileBackend::new(file).and_then(|file| builder().create_with_backend(file));
        Self::over(opened.map_err(|cause| ElectionError::Open { path: shown.into(), cause: cause.into() })?)
    }

    /// A store over an open database.
    ///
    /// # Errors
    /// The tables cannot be made.
    pub fn over(db: Database) -> Result<Self, ElectionError> {
        let make = || -> Result<(), redb::Error> {
            let txn = db.begin_write()?;
            txn.open_table(FORMS)?;
            txn.open_table(JOURNAL)?;
            txn.open_table(KEYS)?;
            Ok(txn.commit()?)
        };
        make().map_err(ElectionError::store)?;
        Ok(Self { db, electors: town::electors() })
    }

    /// Electors of each section, that of section 1 first.
    #[must_use]
    pub fn electors(&self) -> &[u32] {
        &self.electors
    }

    /// Decides `orders` one after the other in one transaction and syncs it; an answer for each, in their order.
    ///
    /// # Errors
    /// The store failed: none of the answers may be given, and whether the orders hold is not known.
    pub fn apply(&self, orders: &[Order]) -> Result<Vec<Result<Ack, Refusal>>, ElectionError> {
        let mut txn = self.db.begin_write().map_err(ElectionError::store)?;
        txn.set_durability(Durability::Immediate).map_err(ElectionError::store)?;
        let mut tables = Tables {
            forms: txn.open_table(FORMS).map_err(ElectionError::store)?,
            journal: txn.open_table(JOURNAL).map_err(ElectionError::store)?,
            keys: txn.open_table(KEYS).map_err(ElectionError::store)?,
        };
        let electors = |order: &Order| self.electors[usize::from(order.form.section - 1)];
        let decide = |order| tables.take(order, electors(order));
        let answers = orders.iter().map(decide).collect::<Result<Vec<_>, _>>()?;
        drop(tables);
        if answers.iter().flatten().any(|ack| !ack.replayed) {
            txn.commit().map_err(ElectionError::store)?;
        }
        Ok(answers)
    }

    /// One form as it stands.
    ///
    /// # Errors
    /// The store failed.
    pub fn form(&self, id: FormId) -> Result<Form, ElectionError> {
        let txn = self.db.begin_read().map_err(ElectionError::store)?;
        read_form(&txn.open_table(FORMS).map_err(ElectionError::store)?, id.section, id.kind.index())
    }

    /// All forms as they stand and the last write in them.
    ///
    /// # Errors
    /// The store failed.
    pub fn all(&self) -> Result<(Forms, Option<Entry>), ElectionError> {
        let txn = self.db.begin_read().map_err(ElectionError::store)?;
        let table = txn.open_table(FORMS).map_err(ElectionError::store)?;
        let mut forms = Forms::with_capacity(usize::from(SECTIONS));
        for section in 1..=SECTIONS {
            forms.push(read_forms(&table, section)?);
        }
        let journal = txn.open_table(JOURNAL).map_err(ElectionError::store)?;
        let last = journal.last().map_err(ElectionError::store)?;
        let last = last.map(|(_, row)| decode(row.value())).transpose()?;
        Ok((forms, last))
    }

    /// The write accepted under `key`.
    ///
    /// # Errors
    /// The store failed.
    pub fn written(&self, key: &str) -> Result<Option<Entry>, ElectionError> {
        let txn = self.db.begin_read().map_err(ElectionError::store)?;
        let keys = txn.open_table(KEYS).map_err(ElectionError::store)?;
        let journal = txn.open_table(JOURNAL).map_err(ElectionError::store)?;
        find(&keys, &journal, key)
    }

    /// Accepted writes after sequence number `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub fn listing(&self, after: u64, limit: usize) -> Result<Vec<Entry>, ElectionError> {
        let txn = self.db.begin_read().map_err(ElectionError::store)?;
        let journal = txn.open_table(JOURNAL).map_err(ElectionError::store)?;
        let rows = journal.range(after.saturating_add(1)..).map_err(ElectionError::store)?;
        rows.take(limit).map(|row| decode(row.map_err(ElectionError::store)?.1.value())).collect()
    }
}

struct Tables<'txn> {
    forms: Table<'txn, u16, &'static [u8]>,
    journal: Table<'txn, u64, &'static [u8]>,
    keys: Table<'txn, &'static str, u64>,
}

impl Tables<'_> {
    fn take(&mut self, order: &Order, electors: u32) -> Result<Result<Ack, Refusal>, ElectionError> {
        if let Some(entry) = find(&self.keys, &self.journal, &order.key)? {
            let same = entry.digest == order.digest;
            return Ok(if same {
                Ok(Ack { entry, replayed: true })
            } else {
                Err(Refusal::KeyReused { key: order.key.clone() })
            });
        }
        let FormId { section, kind } = order.form;
        let forms = read_forms(&self.forms, section)?;
        let decided = fresh(order, &forms[kind.index()]).and_then(|()| decide(&forms, kind, electors, &order.action));
        let after = match decided {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let entry = Entry {
            seq: last(&self.journal)? + 1,
            key: order.key.clone(),
            digest: order.digest.clone(),
            actor: order.actor.clone(),
            action: order.action.word().to_owned(),
            section,
            form: kind.to_string(),
            at_ms: order.at_ms,
            after,
        };
        self.write(&entry, kind)?;
        Ok(Ok(Ack { entry, replayed: false }))
    }

    fn write(&mut self, entry: &Entry, kind: Kind) -> Result<(), ElectionError> {
        let form = number(entry.section, kind.index());
        self.forms.insert(form, encode(&entry.after).as_slice()).map_err(ElectionError::store)?;
        self.journal.insert(entry.seq, encode(entry).as_slice()).map_err(ElectionError::store)?;
        self.keys.insert(entry.key.as_str(), entry.seq).map_err(ElectionError::store)?;
        Ok(())
    }
}

/// Whether the writer has seen the form as it stands.
fn fresh(order: &Order, form: &Form) -> Result<(), Refusal> {
    let version = form.version;
    if let Some(tag) = &order.if_match
        && tag.trim() != "*"
        && !tag.split(',').any(|each| each.trim() == form.etag())
    {
        return Err(Refusal::Stale { version, given: tag.clone(), if_match: true });
    }
    match order.version {
        Some(given) if given != version => Err(Refusal::Stale { version, given: given.to_string(), if_match: false }),
        None if order.if_match.is_none() => Err(Refusal::NoVersion),
        _ => Ok(()),
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    // Without it a damaged file is trusted, until redb panics over it.
    builder.set_check_integrity_on_open(true);
    builder
}

fn number(section: u16, kind: usize) -> u16 {
    const { assert!(KINDS == 4) };
    section * 4 + u16::try_from(kind).expect("a section has four forms")
}

fn read_form(table: &impl ReadableTable<u16, &'static [u8]>, section: u16, kind: usize) -> Result<Form, ElectionError> {
    let row = table.get(number(section, kind)).map_err(ElectionError::store)?;
    row.map_or(Ok(Form::default()), |row| decode(row.value()))
}

fn read_forms(table: &impl ReadableTable<u16, &'static [u8]>, section: u16) -> Result<[Form; KINDS], ElectionError> {
    let mut forms: [Form; KINDS] = Default::default();
    for (kind, form) in forms.iter_mut().enumerate() {
        *form = read_form(table, section, kind)?;
    }
    Ok(forms)
}

fn find(
    keys: &impl ReadableTable<&'static str, u64>,
    journal: &impl ReadableTable<u64, &'static [u8]>,
    key: &str,
) -> Result<Option<Entry>, ElectionError> {
    let Some(seq) = keys.get(key).map_err(ElectionError::store)? else { return Ok(None) };
    let row = journal.get(seq.value()).map_err(ElectionError::store)?;
    row.map(|row| decode(row.value())).transpose()
}

fn last(journal: &impl ReadableTable<u64, &'static [u8]>) -> Result<u64, ElectionError> {
    Ok(journal.last().map_err(ElectionError::store)?.map_or(0, |(seq, _)| seq.value()))
}

fn encode(row: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(row).expect("rows are plain data with text keys")
}

fn decode<T: for<'row> Deserialize<'row>>(row: &[u8]) -> Result<T, ElectionError> {
    serde_json::from_slice(row).map_err(ElectionError::Row)
}
