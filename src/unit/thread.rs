//! What all threads have in common: their stack, and the words where one cannot be started.

use std::io;

/// The stack of a thread: what the standard library gives, whatever `RUST_MIN_STACK` says, which may be anything.
pub const STACK_BYTES: usize = 2 << 20;

/// A thread or a process that the system does not give: this program has hit a limit, or the machine has.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {what}: {source}{}", limit(.source))]
pub struct NotStarted {
    /// What was to start: `a thread for lane-0`.
    what: String,
    /// What the system said.
    source: io::Error,
}

impl NotStarted {
    /// Of what was to start, for `map_err`.
    pub fn of(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self { what, source }
    }
}

impl From<NotStarted> for io::Error {
    fn from(error: NotStarted) -> Self {
        Self::other(error)
    }
}

/// EAGAIN is said of every limit.
fn limit(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::WouldBlock => {
            ": the limit on processes (RLIMIT_NPROC, which is `ulimit -u`, or pids.max of a container) or on memory is \
             reached"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_named_where_it_is_one() {
        let told = |kind: io::ErrorKind| NotStarted::of("a thread for lane-0")(kind.into()).to_string();
        let reached = told(io::ErrorKind::WouldBlock);
        assert!(reached.starts_with("cannot start a thread for lane-0: ") && reached.contains("RLIMIT_NPROC"));
        assert!(!told(io::ErrorKind::InvalidInput).contains("RLIMIT"));
    }
}
