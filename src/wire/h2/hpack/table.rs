//! The two tables by whose indices fields are named: the RFC's own, and the connection's.

use std::collections::VecDeque;

/// What an entry costs beside its bytes (RFC 7541 section 4.1).
const ENTRY_COST: usize = 32;

/// RFC 7541 appendix A; the first has index 1.
pub static STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// An entry: the name's bytes, then the value's.
#[derive(Debug, Default)]
struct Entry {
    bytes: Vec<u8>,
    name_len: usize,
}

impl Entry {
    fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.name_len)
    }

    fn size(&self) -> usize {
        self.bytes.len() + ENTRY_COST
    }
}

/// A connection's dynamic table, the newest entry first. Evicted entries leave their memory to new ones.
#[derive(Debug)]
pub struct Table {
    entries: VecDeque<Entry>,
    spare: Vec<Entry>,
    size: usize,
    limit: usize,
    changes: u64,
}

impl Table {
    /// An empty table of at most `limit` bytes as the RFC counts them.
    pub const fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), spare: Vec::new(), size: 0, limit, changes: 0 }
    }

    /// Its limit.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How often it has changed: while that is the same, an index means the same.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Sets the limit and evicts what is over it.
    pub fn resize(&mut self, limit: usize) {
        self.limit = limit;
        self.changes += 1;
        self.evict(0);
    }

    /// The field at an index of both tables, counted from 1.
    pub fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        match index.checked_sub(1)? {
            at if at < STATIC.len() => Some((STATIC[at].0.as_bytes(), STATIC[at].1.as_bytes())),
            at => self.entries.get(at - STATIC.len()).map(Entry::parts),
        }
    }

    /// The index of a field, and whether its value is the same; `None` if not even its name stands in a table.
    pub fn find(&self, name: &[u8], value: &[u8]) -> Option<(usize, bool)> {
        let own = self.entries.iter().position(|entry| entry.parts() == (name, value));
        if let Some(at) = own {
            return Some((STATIC.len() + 1 + at, true));
        }
        let mut named = None;
        for (index, (known, its_value)) in (1..).zip(&STATIC) {
            if known.as_bytes() == name {
                if its_value.as_bytes() == value {
                    return Some((index, true));
                }
                named.get_or_insert(index);
            }
        }
        let own = || self.entries.iter().position(|entry| entry.parts().0 == name).map(|at| STATIC.len() + 1 + at);
        named.or_else(own).map(|index| (index, false))
    }

    /// Puts a field in front. One that is larger than the table empties it (RFC 7541 section 4.4).
    pub fn insert(&mut self, name: &[u8], value: &[u8]) {
        self.changes += 1;
        let needed = name.len() + value.len() + ENTRY_COST;
        self.evict(needed);
        if needed > self.limit {
            return;
        }
        let mut entry = self.spare.pop().unwrap_or_default();
        entry.bytes.clear();
        entry.bytes.extend_from_slice(name);
        entry.bytes.extend_from_slice(value);
        entry.name_len = name.len();
        self.size += needed;
        self.entries.push_front(entry);
    }

    /// Makes room for `needed` bytes.
    fn evict(&mut self, needed: usize) {
        while self.size + needed > self.limit {
            let Some(oldest) = self.entries.pop_back() else { return };
            self.size -= oldest.size();
            self.spare.push(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evicts_the_oldest_and_is_emptied_by_what_is_larger_than_itself() {
        let mut table = Table::new(100);
        table.insert(b"a", b"1");
        table.insert(b"b", b"2");
        assert_eq!(table.get(62), Some((&b"b"[..], &b"2"[..])));
        assert_eq!(table.find(b"a", b"1"), Some((63, true)));
        assert_eq!(table.find(b"a", b"3"), Some((63, false)));
        table.insert(b"c", b"3");
        assert_eq!(table.find(b"a", b"1"), None);
        table.insert(b"d", &[0; 100]);
        assert_eq!((table.get(62), table.size), (None, 0));
    }
}
