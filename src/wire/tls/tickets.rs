//! What a client remembers of a server to resume by: one visitor's tickets, and those that visitors leave behind.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// Tickets that a pool holds at most, the newest: each is some 2 KB.
const POOL_MAX: usize = 1024;
/// Tickets that a visitor keeps for itself.
const OWN_MAX: usize = 2;

#[derive(Debug, Default)]
struct Remembered {
    tls13: VecDeque<Tls13ClientSessionValue>,
    tls12: Option<Tls12ClientSessionValue>,
    group: Option<NamedGroup>,
}

/// Tickets that visitors left behind, for those who return. A ticket of TLS 1.3 is used once.
#[derive(Debug, Default)]
pub struct TicketPool(Mutex<Remembered>);

impl TicketPool {
    fn leave(&self, ticket: Tls13ClientSessionValue) {
        let mut remembered = lock(&self.0);
        if remembered.tls13.len() == POOL_MAX {
            remembered.tls13.pop_front();
        }
        remembered.tls13.push_back(ticket);
    }
}

/// One visitor's tickets.
#[derive(Debug)]
pub(super) struct Tickets {
    own: Mutex<Remembered>,
    pool: Option<Arc<TicketPool>>,
}

impl Tickets {
    /// Of a visitor who is new, or who `returns` with a ticket of the pool. What it does not use goes to the pool.
    pub(super) fn new(pool: Option<&Arc<TicketPool>>, returns: bool) -> Self {
        let mut own = Remembered::default();
        if let Some(pool) = pool.filter(|_| returns) {
            let mut left = lock(&pool.0);
            own = Remembered {
                tls13: left.tls13.pop_back().into_iter().collect(),
                tls12: left.tls12.clone(),
                group: left.group,
            };
        }
        Self { own: Mutex::new(own), pool: pool.cloned() }
    }
}

impl Drop for Tickets {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            lock(&self.own).tls13.drain(..).for_each(|ticket| pool.leave(ticket));
        }
    }
}

/// The lane is the only thread that asks; nothing is left half done by a panic.
fn lock(remembered: &Mutex<Remembered>) -> MutexGuard<'_, Remembered> {
    remembered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A visitor knows one server, so the names do not matter.
impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        lock(&self.own).group = Some(group);
        if let Some(pool) = &self.pool {
            lock(&pool.0).group = Some(group);
        }
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        lock(&self.own).group
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        if let Some(pool) = &self.pool {
            lock(&pool.0).tls12 = Some(value.clone());
        }
        lock(&self.own).tls12 = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        lock(&self.own).tls12.clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        lock(&self.own).tls12 = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        let mut own = lock(&self.own);
        own.tls13.push_back(ticket);
        // One is enough to come back with; what the pool has early, somebody else can return with early.
        let keep = if self.pool.is_some() { 1 } else { OWN_MAX };
        while own.tls13.len() > keep {
            let oldest = own.tls13.pop_front();
            if let (Some(pool), Some(oldest)) = (&self.pool, oldest) {
                pool.leave(oldest);
            }
        }
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        lock(&self.own).tls13.pop_back()
    }
}
