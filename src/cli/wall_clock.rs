//! The wall clock: it dates folders and reports, and certificates are compared with it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use jiff::Timestamp;

/// The first second of 9999, by whose end calendars, and the dates of HTTP, end.
const END: i64 = 253_370_764_800;

/// What this machine's clock says.
///
/// # Errors
/// Its year is not one from 1970 to 9998: nothing can be dated by it.
pub fn now() -> anyhow::Result<Timestamp> {
    dated(SystemTime::now())
}

fn dated(now: SystemTime) -> anyhow::Result<Timestamp> {
    let told = Timestamp::try_from(now).ok().filter(|at| at.as_nanosecond() >= 0 && at.as_second() < END);
    told.ok_or_else(|| {
        let off = now.duration_since(UNIX_EPOCH).map_or_else(
            |before| format!("{} s before 1970", before.duration().as_secs()),
            |since| format!("{} s after 1970", since.as_secs()),
        );
        anyhow!(
            "this machine's clock is wrong: it says {off}, and a run is dated from 1970 to 9998; set it (`date -s`)"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_dates_nothing_is_told_and_every_other_is_right() {
        let end = u64::try_from(END).unwrap();
        let after = |seconds| dated(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(after(0).unwrap().to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(after(end - 1).unwrap().to_string(), "9998-12-31T23:59:59Z");
        let long = u64::try_from(i64::MAX).unwrap() / 2;
        let wrong = [
            after(end),
            after(long),
            dated(UNIX_EPOCH - Duration::from_nanos(1)),
            dated(UNIX_EPOCH - Duration::from_secs(long)),
        ];
        for told in wrong {
            assert!(told.unwrap_err().to_string().starts_with("this machine's clock is wrong: it says "));
        }
    }
}
