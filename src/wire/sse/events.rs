//! The lines of an event stream, and the events that they make (WHATWG HTML, sections 9.2.5 and 9.2.6).

/// Memory that an event may leave behind for the next; what a longer one took is given back.
const KEPT_MAX: usize = 64 << 10;
/// What is kept of a field's name: the longest that means something, behind a byte order mark.
const NAME_MAX: usize = BOM.len() + 5;
/// May stand before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The bounds of a stream's events.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest line, and the longest data of an event, in bytes.
    pub event: u64,
    /// Bytes of an event's data, and of its type, that are kept; the rest is only counted.
    pub kept: usize,
}

/// Something is over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    /// A line.
    #[error("a line of the event stream is over the limit of {0} bytes")]
    Line(u64),
    /// The data of one event.
    #[error("an event is over the limit of {0} bytes")]
    Event(u64),
}

/// Where in a line the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the field's name, of which so many bytes were read.
    Name(usize),
    /// At the beginning of the value, where one space is passed over.
    Before(Field),
    /// In the value.
    In(Field),
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    /// A comment, or a field that means nothing here: `id` and `retry` are for whoever connects again.
    Other,
}

/// A reader of an event stream, fed with its text piece by piece.
#[derive(Debug)]
pub struct Events {
    limits: Limits,
    place: Place,
    name_of_field: [u8; NAME_MAX],
    /// Bytes of the line so far.
    line: u64,
    /// The last line ended with CR: an LF behind it belongs to its end.
    after_cr: bool,
    /// The first line is not over.
    first: bool,
    /// The length of the event's data so far, if it has any.
    length: Option<u64>,
    /// The event in `data` and `name` was given.
    given: bool,
    data: Vec<u8>,
    name: Vec<u8>,
}

impl Events {
    /// A stream of which nothing was read yet.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            place: Place::Name(0),
            name_of_field: [0; NAME_MAX],
            line: 0,
            after_cr: false,
            first: true,
            length: None,
            given: false,
            data: Vec::new(),
            name: Vec::new(),
        }
    }

    /// The data of the event that was last whole, or as much of it as is kept: its lines, with LF between them.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The event's type; empty if it has none.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The length of that data, also where less of it is kept.
    pub const fn length(&self) -> u64 {
        match self.length {
            Some(length) => length,
            None => 0,
        }
    }

    /// Takes bytes up to the end of an event: how many were taken, and whether an event is whole. All were taken if
    /// none is.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(usize, bool), TooLong> {
        if std::mem::take(&mut self.given) {
            self.forget();
        }
        let mut at = 0;
        while at < bytes.len() {
            if std::mem::take(&mut self.after_cr) && bytes[at] == b'\n' {
                at += 1;
                continue;
            }
            let rest = &bytes[at..];
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            self.take(&rest[..end.unwrap_or(rest.len())])?;
            let Some(end) = end else { break };
            at += end + 1;
            self.after_cr = rest[end] == b'\r';
            if self.end_line()? {
                self.given = true;
                return Ok((at, true));
            }
        }
        Ok((bytes.len(), false))
    }

    /// Takes a piece of a line.
    fn take(&mut self, mut piece: &[u8]) -> Result<(), TooLong> {
        self.line += piece.len() as u64;
        if self.line > self.limits.event {
            return Err(TooLong::Line(self.limits.event));
        }
        if let Place::Name(before) = self.place {
            let colon = piece.iter().position(|byte| *byte == b':');
            let name = &piece[..colon.unwrap_or(piece.len())];
            if before < NAME_MAX {
                let n = name.len().min(NAME_MAX - before);
                self.name_of_field[before..before + n].copy_from_slice(&name[..n]);
            }
            let length = before.saturating_add(name.len());
            self.place = Place::Name(length);
            let Some(colon) = colon else { return Ok(()) };
            piece = &piece[colon + 1..];
            self.place = Place::Before(self.field(length));
            self.begin()?;
        }
        if let (Place::Before(field), [first, rest @ ..]) = (self.place, piece) {
            self.place = Place::In(field);
            if *first == b' ' {
                piece = rest;
            }
        }
        match self.place {
            Place::In(Field::Data) => self.add(piece),
            Place::In(Field::Event) => {
                keep(&mut self.name, piece, self.limits.kept);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What the line is about, whose field has a name of this length.
    fn field(&self, length: usize) -> Field {
        let name = self.name_of_field.get(..length).unwrap_or_default();
        match name.strip_prefix(BOM).filter(|_| self.first).unwrap_or(name) {
            b"data" => Field::Data,
            b"event" => Field::Event,
            _ => Field::Other,
        }
    }

    /// A field's name is known: its value begins.
    fn begin(&mut self) -> Result<(), TooLong> {
        match self.place {
            Place::Before(Field::Data) if self.length.is_some() => self.add(b"\n"),
            Place::Before(Field::Data) => {
                self.length = Some(0);
                Ok(())
            }
            Place::Before(Field::Event) => {
                self.name.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Adds to the event's data.
    fn add(&mut self, piece: &[u8]) -> Result<(), TooLong> {
        let length = self.length.unwrap_or(0) + piece.len() as u64;
        if length > self.limits.event {
            return Err(TooLong::Event(self.limits.event));
        }
        self.length = Some(length);
        keep(&mut self.data, piece, self.limits.kept);
        Ok(())
    }

    /// A line is whole; whether an event is.
    fn end_line(&mut self) -> Result<bool, TooLong> {
        let mut blank = false;
        if let Place::Name(length) = self.place {
            blank = length == 0 || (self.first && self.name_of_field.get(..length) == Some(BOM));
            // A name alone has an empty value.
            self.place = Place::Before(self.field(length));
            self.begin()?;
        }
        (self.place, self.line, self.first) = (Place::Name(0), 0, false);
        if !blank {
            return Ok(false);
        }
        // What has no data is no event, even if it has a type.
        let whole = self.length.is_some();
        if !whole {
            self.name.clear();
        }
        Ok(whole)
    }

    /// Makes room for the next event.
    fn forget(&mut self) {
        self.length = None;
        for kept in [&mut self.data, &mut self.name] {
            kept.clear();
            if kept.capacity() > KEPT_MAX {
                *kept = Vec::new();
            }
        }
    }
}

fn keep(kept: &mut Vec<u8>, piece: &[u8], most: usize) {
    let room = most.saturating_sub(kept.len());
    kept.extend_from_slice(&piece[..piece.len().min(room)]);
}
