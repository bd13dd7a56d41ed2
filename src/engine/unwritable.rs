//! Requests that cannot be written as their step and its values have it: they are not attempted.

use crate::scenario::fits_path;

/// Why a request cannot be written (S5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// A slot has no value: a step that should have saved it did not.
    Missing,
    /// A value that stands in the path as it is would end it, or is no path.
    NoPath,
    /// A value would end the part of the form in which it stands.
    Boundary,
}

impl Unwritable {
    /// For whoever reads why a request was not attempted.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => "a value that this request needs was never saved",
            Self::NoPath => {
                "a value that was to stand in the path as it is (`raw`) has a space, a control character or `#`, or does not \
                 begin with `/`"
            }
            Self::Boundary => "a value holds the boundary of the form's parts",
        }
    }
}

/// Holds the value of a slot against what ends the parts of its form, if that has several.
pub fn check_part(value: &[u8], boundary: Option<&[u8]>) -> Result<(), Unwritable> {
    let ends = |boundary: &[u8]| value.windows(boundary.len()).any(|part| part == boundary);
    if boundary.is_some_and(ends) { Err(Unwritable::Boundary) } else { Ok(()) }
}

/// Holds a value against what cannot stand in a path as it is, or be the whole path's beginning (`first`).
pub fn check_raw(value: &[u8], first: bool) -> Result<(), Unwritable> {
    let value = str::from_utf8(value).expect("every value is a text");
    if fits_path(value, first) { Ok(()) } else { Err(Unwritable::NoPath) }
}
