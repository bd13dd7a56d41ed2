//! Connections with TLS on them, as the visitor that a session or a pool is to an origin.

use crate::plan::returns;
use crate::wire::tls::TlsClient;
use crate::wire::{Connection, OpenError};

use super::Lane;

impl Lane<'_> {
    /// A connection with TLS on it, if the origin speaks it: as the visitor that the session, or the pool, is there.
    pub(super) fn secured(
        &mut self,
        connection: Connection,
        slot: u32,
        origin: u16,
        pool: Option<u16>,
    ) -> Result<Connection, OpenError> {
        let client = match &self.config.origins[origin as usize].tls {
            None => return Ok(connection),
            Some(client) if self.opens_stream(slot) => return of_stream(connection, client),
            Some(client) => client,
        };
        let home = self.home(slot);
        let session = &mut self.sessions[home];
        let visitor = match pool {
            Some(pool) => self.pools[pool as usize].visitor.get_or_insert_with(|| client.visitor(None, false)),
            None => {
                let known = session.visitors.iter().position(|(of, _)| *of == origin);
                let index = known.unwrap_or_else(|| {
                    let pool = session.population as usize * self.config.origins.len() + origin as usize;
                    let returning = self.config.programs[session.population as usize].returning;
                    let seed = self.plan.populations[session.population as usize].path.seed;
                    // Tickets are left behind only where somebody returns for them.
                    let tickets = (returning > 0.0).then_some(&self.pools[pool].tickets);
                    let visitor = client.visitor(tickets, returns(seed, session.number, returning));
                    session.visitors.push((origin, visitor));
                    session.visitors.len() - 1
                });
                &mut session.visitors[index].1
            }
        };
        Ok(connection.with_tls(visitor.session().map_err(OpenError::Handshake)?))
    }
}

/// The connection of a stream, with TLS on it: HTTP/1.1 is offered alone, and no ticket is kept.
fn of_stream(connection: Connection, client: &TlsClient) -> Result<Connection, OpenError> {
    let visitor = client.clone().offering(&[b"http/1.1"]).visitor(None, false);
    Ok(connection.with_tls(visitor.session().map_err(OpenError::Handshake)?))
}
