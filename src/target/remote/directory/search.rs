//! What a search finds.

use super::entries::{Entry, normal};
use rasn::types::{OctetString, SetOf};
use rasn_ldap::{
    Filter, PartialAttribute, SearchRequest, SearchRequestScope, SearchResultEntry, SubstringChoice, SubstringFilter,
};

/// Whether `entry` is in the request's scope and matches its filter.
pub fn finds(request: &SearchRequest, entry: &Entry) -> bool {
    in_scope(request, &normal(&entry.dn)) && matches(&request.filter, entry)
}

fn in_scope(request: &SearchRequest, dn: &str) -> bool {
    let base = normal(&request.base_object.0);
    let above = |rest: &str| rest.is_empty() || rest.ends_with(',');
    let below = if base.is_empty() { Some(dn) } else { dn.strip_suffix(base.as_str()).filter(|rest| above(rest)) };
    match (request.scope, below) {
        (_, None) => false,
        (SearchRequestScope::BaseObject, Some(rest)) => rest.is_empty(),
        (SearchRequestScope::SingleLevel, Some(rest)) => {
            rest.trim_end_matches(',').split(',').filter(|part| !part.is_empty()).count() == 1
        }
        (_, Some(_)) => true,
    }
}

fn matches(filter: &Filter, entry: &Entry) -> bool {
    match filter {
        Filter::And(all) => all.to_vec().iter().all(|filter| matches(filter, entry)),
        Filter::Or(any) => any.to_vec().iter().any(|filter| matches(filter, entry)),
        Filter::Not(not) => !matches(not, entry),
        Filter::Present(name) => !values(entry, name).is_empty(),
        Filter::EqualityMatch(pair) | Filter::ApproxMatch(pair) => {
            let wanted = String::from_utf8_lossy(&pair.assertion_value);
            values(entry, &pair.attribute_desc).iter().any(|value| value.eq_ignore_ascii_case(&wanted))
        }
        Filter::Substrings(filter) => values(entry, &filter.r#type).iter().any(|value| contains(filter, value)),
        // Undefined for the text attributes that there are (RFC 4511 section 4.5.1.7): nothing matches.
        _ => false,
    }
}

fn contains(filter: &SubstringFilter, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let mut rest = value.as_str();
    filter.substrings.iter().all(|part| {
        let left = match part {
            SubstringChoice::Initial(text) => rest.strip_prefix(lower(text).as_str()),
            SubstringChoice::Final(text) => rest.strip_suffix(lower(text).as_str()),
            SubstringChoice::Any(text) => {
                let text = lower(text);
                rest.find(&text).map(|at| &rest[at + text.len()..])
            }
            // RFC 4511 knows no fourth.
            _ => None,
        };
        rest = left.unwrap_or_default();
        left.is_some()
    })
}

fn lower(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_ascii_lowercase()
}

fn values<'a>(entry: &'a Entry, name: &str) -> &'a [String] {
    let found = entry.attributes.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
    found.map_or(&[], |(_, values)| values)
}

/// The attributes of an entry that the request asks for: all if it names none, or `*`.
pub fn shown(request: &SearchRequest, entry: &Entry) -> SearchResultEntry {
    let asked = &request.attributes;
    let wanted =
        |name: &str| asked.is_empty() || asked.iter().any(|each| each.0 == "*" || each.eq_ignore_ascii_case(name));
    let shown = entry.attributes.iter().filter(|(name, _)| wanted(name)).map(|(name, values)| {
        let values =
            values.iter().filter(|_| !request.types_only).map(|value| OctetString::from(value.clone().into_bytes()));
        PartialAttribute::new((*name).into(), SetOf::from_vec(values.collect()))
    });
    SearchResultEntry::new(entry.dn.as_str().into(), shown.collect())
}
