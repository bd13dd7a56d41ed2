//! Things that are known by a random token for a while: forms, codes, sessions, tickets.

use crate::unit::{Instant, Span};
use std::collections::HashMap;

/// How many tokens there may be before the outdated ones are first thrown away.
const FIRST_SWEEP: usize = 1024;

/// Values by token, each gone after a while. In memory only: they go with the process.
#[derive(Debug)]
pub struct Tokens<T> {
    life: Span,
    by_token: HashMap<String, (Instant, T)>,
    sweep_at: usize,
}

/// A token that cannot be guessed: 128 random bits in hexadecimal.
#[must_use]
pub fn random_token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl<T> Tokens<T> {
    /// None yet; each is good for `life`.
    pub fn new(life: Span) -> Self {
        Self { life, by_token: HashMap::new(), sweep_at: FIRST_SWEEP }
    }

    /// A new token for `value`.
    pub fn give(&mut self, value: T, now: Instant) -> String {
        if self.by_token.len() >= self.sweep_at {
            self.by_token.retain(|_, (ends, _)| *ends > now);
            self.sweep_at = FIRST_SWEEP.max(2 * self.by_token.len());
        }
        let token = random_token();
        self.by_token.insert(token.clone(), (now + self.life, value));
        token
    }

    /// What a token stands for, if it is still good.
    pub fn get(&self, token: &str, now: Instant) -> Option<&T> {
        self.by_token.get(token).filter(|(ends, _)| *ends > now).map(|(_, value)| value)
    }

    /// As [`Tokens::get`], and the token is good no more.
    pub fn take(&mut self, token: &str, now: Instant) -> Option<T> {
        self.by_token.remove(token).filter(|(ends, _)| *ends > now).map(|(_, value)| value)
    }

    /// Makes every token worthless.
    pub fn clear(&mut self) {
        self.by_token.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_once_and_for_a_while() {
        let at = |secs| Instant::ZERO + Span::from_secs(secs);
        let mut tokens = Tokens::new(Span::from_secs(60));
        let (one, two) = (tokens.give(1, at(0)), tokens.give(2, at(1)));
        assert_eq!((tokens.get(&one, at(59)), tokens.get(&one, at(60))), (Some(&1), None));
        assert_eq!((tokens.take(&two, at(5)), tokens.take(&two, at(5))), (Some(2), None));
        assert_eq!(tokens.get("guess", at(0)), None);
    }

    #[test]
    fn outdated_tokens_are_thrown_away() {
        let mut tokens = Tokens::new(Span::from_secs(1));
        for second in 0..10_000 {
            tokens.give((), Instant::ZERO + Span::from_secs(second));
        }
        assert!(tokens.by_token.len() <= FIRST_SWEEP);
    }
}
