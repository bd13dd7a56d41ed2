//! Header compression (RFC 7541): what a connection's header blocks are written and read with.
//!
//! The decoder reads everything that the RFC allows, within bounds; the encoder writes literals without Huffman coding
//! and refers to what it has sent before, so a request that is repeated is a handful of bytes. Neither allocates once
//! its table is warm. Why none of the published crates: decision 0003.

mod decode;
mod encode;
mod huffman;
mod table;

pub use decode::{Decoder, HpackError};
pub use encode::Encoder;

/// The size of a table unless settings say otherwise (RFC 9113 section 6.5.2); ours never says otherwise.
pub const TABLE_SIZE: usize = 4096;
