//! How large a desktop's frames are and when the next one is due.
//!
//! Office: a frame each half second, and one that answers an input 10 ms after it, 10 kB on average: 160 kbit/s at
//! rest, 560 kbit/s at seven inputs a second. CAD: 30 frames a second without end, 10 kB on average, and 125 kB while the
//! model turns, which is 100 of each 600 frames: 7 Mbit/s on average, 30 Mbit/s while it turns. docs/sources.md has the
//! sources of these means; the sizes spread evenly from half to one and a half of the mean. All of it is real time.

use super::desks::Kind;
use crate::unit::{Instant, Span};

/// Between the frames of an office desktop at rest.
const REST: Span = Span::from_millis(500);
/// What drawing the answer to an input takes.
const DRAW: Span = Span::from_millis(10);
/// Between the frames of a graphics desktop.
const TICK: Span = Span::from_nanos(1_000_000_000 / 30);
/// The mean of a small frame, in bytes.
const SMALL: u64 = 10_000;
/// The mean of a frame while the model turns, in bytes.
const LARGE: u64 = 125_000;
/// The frames after which the model turns again, and those for which it does.
const CYCLE: u64 = 600;
const TURN: u64 = 100;

/// The bytes of frame number `frame`, from 1, of a desktop; the desktop's number places its turns, so that not all models
/// turn at once.
pub fn size(kind: Kind, desktop: u32, frame: u64) -> usize {
    let place = u64::from(desktop);
    let turns = kind == Kind::Cad && (frame + place * 97) % CYCLE < TURN;
    let mean = if turns { LARGE } else { SMALL };
    // Any spread that is even will do; this one is the same in each run.
    let spread = (frame.wrapping_add(place << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
    (mean / 2 + mean * spread / (1 << 20)) as usize
}

/// When the frame after one that was due at `due` and sent by `now` is due.
pub fn next(kind: Kind, due: Instant, now: Instant) -> Instant {
    match kind {
        Kind::Office => now + REST,
        // A client that reads slowly is sent fewer frames, not old ones.
        Kind::Cad => (due + TICK).max(now),
    }
}

/// When the next frame is due after an input at `now`.
pub fn answered(kind: Kind, due: Instant, now: Instant) -> Instant {
    match kind {
        Kind::Office => due.min(now + DRAW),
        Kind::Cad => due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_means_are_those_of_the_profiles() {
        let mean = |kind, desktop| (1..=6000).map(|frame| size(kind, desktop, frame) as u64).sum::<u64>() / 6000;
        for desktop in [0, 1, 49] {
            assert!((9_800..10_200).contains(&mean(Kind::Office, desktop)));
            let cad = mean(Kind::Cad, desktop) * 8 * 30;
            assert!((6_800_000..7_200_000).contains(&cad), "{cad} bit/s");
        }
        assert!((1..=6000).all(|frame| (16..=187_500).contains(&size(Kind::Cad, 7, frame))));
    }

    #[test]
    fn an_office_answers_soon_and_cad_keeps_its_pace() {
        let at = |millis| Instant::ZERO + Span::from_millis(millis);
        assert_eq!(answered(Kind::Office, at(400), at(100)), at(110));
        assert_eq!(answered(Kind::Office, at(105), at(100)), at(105));
        assert_eq!(answered(Kind::Cad, at(130), at(100)), at(130));
        assert_eq!(next(Kind::Cad, at(0), at(1)), at(0) + TICK);
        assert_eq!(next(Kind::Cad, at(0), at(90)), at(90));
    }
}
