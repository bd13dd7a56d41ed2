//! Two arrivals hashes as JSON (P8): JSON has no numbers of 128 bits.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The plan's, and that of the sessions that ran: 32 hexadecimal digits each.
#[derive(Serialize, Deserialize)]
struct Hashes {
    planned: String,
    ran: String,
}

pub(super) fn serialize<S: Serializer>(hashes: &Option<(u128, u128)>, to: S) -> Result<S::Ok, S::Error> {
    let hex = |hash: u128| format!("{hash:032x}");
    hashes.map(|(planned, ran)| Hashes { planned: hex(planned), ran: hex(ran) }).serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(u128, u128)>, D::Error> {
    let Some(Hashes { planned, ran }) = Option::deserialize(from)? else { return Ok(None) };
    let hash = |hex: &str| u128::from_str_radix(hex, 16).map_err(D::Error::custom);
    Ok(Some((hash(&planned)?, hash(&ran)?)))
}
