//! The directory: LDAP (RFC 4511) between the portal and a server, over real connections.
//!
//! [`server`] is the embedded one, on a thread of its own; [`client`] is how the portal asks, whichever server it is.
//! Messages are encoded and decoded by `rasn-ldap`; this file cuts the stream into messages.

mod checkers;
mod client;
mod entries;
mod search;
mod server;

pub use client::{Answer, DirectoryClient, Member};
pub use server::DirectoryServer;

use rasn_ldap::{LdapMessage, ProtocolOp};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The directory's root.
pub const BASE: &str = "dc=townhall,dc=example";
/// The longest message that is read; the longest that is right has some thousand bytes.
const MAX_MESSAGE: usize = 256 * 1024;

/// The name of a person's entry.
fn dn_of(uid: &str) -> String {
    format!("uid={uid},ou=people,{BASE}")
}

/// The next message; `None` at the end of the stream.
async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<LdapMessage>> {
    let mut bytes = Vec::with_capacity(256);
    bytes.resize(2, 0);
    match stream.read_exact(&mut bytes).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    };
    // A definite length: one byte, or the number of bytes that follow and hold it.
    let length = match bytes[1] {
        short @ ..0x80 => usize::from(short),
        long => {
            let count = usize::from(long & 0x7f);
            if !(1..=4).contains(&count) {
                return Err(invalid("the length of a message is not right"));
            }
            bytes.resize(2 + count, 0);
            stream.read_exact(&mut bytes[2..]).await?;
            bytes[2..].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
        }
    };
    if length > MAX_MESSAGE {
        return Err(invalid("a message is too long"));
    }
    let head = bytes.len();
    bytes.resize(head + length, 0);
    stream.read_exact(&mut bytes[head..]).await?;
    rasn::ber::decode(&bytes).map(Some).map_err(|error| invalid(&error.to_string()))
}

async fn write_message(stream: &mut (impl AsyncWrite + Unpin), id: u32, operation: ProtocolOp) -> io::Result<()> {
    stream.write_all(&encode(id, operation)?).await
}

fn encode(id: u32, operation: ProtocolOp) -> io::Result<Vec<u8>> {
    rasn::ber::encode(&LdapMessage::new(id, operation)).map_err(|error| invalid(&error.to_string()))
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
