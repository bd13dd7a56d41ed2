//! What held the generator up, in words.

use crate::judge::{HeldUp, HeldUpBy};

use super::super::words::share;

pub(super) const MORE_LANES: &str = "use more lanes on more cores (--lanes), more machines, or fewer requests a second";
pub(super) const OWN_CORES: &str =
    "end what else runs on this machine, give the generator cores of its own (taskset, cpuset), or lift the quota";
pub(super) const OTHER_HOST: &str = "use a machine that is not shared, or one with dedicated cores";

pub(super) const WAITED: &str = "something else ran on the lane's core, or a quota held it back (run-queue delay)";

/// What the kernel says of the seconds in which the generator was late.
pub(super) fn cause(held_up: &HeldUp) -> String {
    let HeldUp { by, busy_share, waited_share, stolen_share } = held_up;
    let (busy, waited, stolen) = (share(*busy_share), share(*waited_share), share(*stolen_share));
    let told = by.iter().map(|by| match by {
        HeldUpBy::RunQueue => format!("a lane waited {waited} of the time for its core: {WAITED}"),
        HeldUpBy::Steal => format!("the hypervisor took {stolen} of the machine's time (steal)"),
        HeldUpBy::Busy => format!("a lane ran {busy} of the time: the generator is the bottleneck"),
    });
    let told = told.collect::<Vec<_>>().join("; ");
    if !told.is_empty() {
        return told;
    }
    format!(
        "neither work (a lane ran {busy} of the time) nor waiting for a core ({waited}) nor steal ({stolen}) explains it: \
         the process was stopped (a signal, a debugger) or frozen with its machine"
    )
}

/// What to do about it.
pub(super) fn cure(held_up: &HeldUp) -> &'static str {
    match held_up.by.first() {
        Some(HeldUpBy::RunQueue) => OWN_CORES,
        Some(HeldUpBy::Steal) => OTHER_HOST,
        Some(HeldUpBy::Busy) => MORE_LANES,
        None => "let the generator run undisturbed, and run again",
    }
}
