//! Counts by reason as JSON: those that are not 0, each under its key, such as `failed.timeout`.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use super::Reason;

/// Counts by reason, each at the number of its [`Reason`].
pub(super) type ByReason = [u64; Reason::ALL.len()];

pub(super) fn serialize<S: Serializer>(counts: &ByReason, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(Reason::ALL.into_iter().zip(counts).filter(|(_, n)| **n > 0).map(|(reason, n)| (reason.key(), n)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ByReason, D::Error> {
    let mut counts = [0; Reason::ALL.len()];
    for (key, n) in BTreeMap::<String, u64>::deserialize(from)? {
        let reason = Reason::of_key(&key).ok_or_else(|| D::Error::custom(format!("`{key}` is no reason")))?;
        counts[reason as usize] = n;
    }
    Ok(counts)
}
