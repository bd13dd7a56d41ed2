//! The pages and data sets, one renderer per file: a board in, text out.
//!
//! No HTTP here, no clock and no state: the same board always gives the same bytes, which is what the entity tags rest on.

pub mod count;
pub mod data;
pub mod home;
pub mod layout;
pub mod section;
pub mod turnout;
