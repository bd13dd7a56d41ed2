//! Which of several breaches are proven, though each objective is another chance to be wrong.

/// Which of `count` objectives are breached, so that with a probability of at most `alpha` any of them is not: Holm 1979
/// (Scandinavian Journal of Statistics 6). `is_breached` tells of one, by number, whether it is at a level; the level is
/// `alpha` over the number of those that are not yet proven, as long as that proves more.
pub fn proven_breaches(count: usize, alpha: f64, is_breached: impl Fn(usize, f64) -> bool) -> Vec<bool> {
    let mut proven = vec![false; count];
    // Each round but the last proves one at least.
    for _ in 0..count {
        let level = alpha / proven.iter().filter(|proven| !**proven).count() as f64;
        let more: Vec<usize> = (0..count).filter(|one| !proven[*one] && is_breached(*one, level)).collect();
        if more.is_empty() {
            break;
        }
        more.into_iter().for_each(|one| proven[one] = true);
    }
    proven
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[f64]) -> Vec<bool> {
        proven_breaches(levels.len(), 0.025, |one, level| levels[one] <= level)
    }

    #[test]
    fn each_that_is_proven_eases_the_next() {
        assert_eq!(of(&[]), Vec::<bool>::new());
        assert_eq!(of(&[0.025]), [true]);
        assert_eq!(of(&[0.026]), [false]);
        // .025/3, then .025/2, then .025.
        assert_eq!(of(&[0.024, 0.008, 0.012]), [true, true, true]);
        assert_eq!(of(&[0.024, 0.008, 0.013]), [false, true, false]);
        assert_eq!(of(&[0.009, 0.009, 0.009]), [false, false, false]);
        assert_eq!(of(&[0.001, 0.001, 0.001]), [true, true, true]);
    }
}
