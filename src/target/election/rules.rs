//! The rules by which a write is accepted: who may write, and what follows upon what.
//!
//! Pure: no store, no clock, no HTTP.

use super::form::{Action, Form, FormId, KINDS, Kind, Status};
use super::refusal::Refusal;
use super::town::{Actor, BULLETINS};

/// Whether `actor` may do `action` on `form`: a section writes on its own forms and confirms its votes; staff correct
/// and confirm everything, and report nothing.
///
/// # Errors
/// [`Refusal::NotYours`] if not.
pub fn permit(actor: Actor, form: FormId, action: &Action) -> Result<(), Refusal> {
    let may = match actor {
        Actor::Section(number) => number == form.section && !(*action == Action::Confirm && form.kind != Kind::Votes),
        Actor::Staff(_) => !matches!(action, Action::Report(_)),
    };
    if may { Ok(()) } else { Err(Refusal::NotYours { actor, what: format!("{} {form}", action.word()) }) }
}

/// The form that `action` makes of form `kind` among a section's `forms`.
///
/// # Errors
/// What stands in the way: nothing to correct or confirm, a second report, more voters than electors, a turnout that
/// would go down, more ballots than voters.
pub fn decide(forms: &[Form; KINDS], kind: Kind, electors: u32, action: &Action) -> Result<Form, Refusal> {
    let old = &forms[kind.index()];
    let missing = old.status == Status::Missing;
    let state = |problem| Err(Refusal::State { version: old.version, problem });
    let (values, status) = match action {
        Action::Report(_) if !missing => return state("already reported: correct it with PUT"),
        Action::Correct(_) | Action::Confirm if missing => return state("not reported yet: report it with POST"),
        Action::Confirm if old.status == Status::Confirmed => return state("already confirmed"),
        Action::Report(values) => (Some(values.clone()), Status::Reported),
        Action::Correct(values) => (Some(values.clone()), Status::Corrected),
        Action::Confirm => (old.values.clone(), Status::Confirmed),
    };
    let new = Form { version: old.version + 1, status, values };
    let mut after = forms.clone();
    after[kind.index()] = new.clone();
    plausible(&after, electors)?;
    Ok(new)
}

/// Voters never exceed the electors nor go down from one bulletin to the next; ballots never exceed the voters at the
/// close, or the electors while the close is not reported.
fn plausible(forms: &[Form; KINDS], electors: u32) -> Result<(), Refusal> {
    let mut before: Option<(u8, u32)> = None;
    for (bulletin, form) in forms.iter().take(BULLETINS.len()).enumerate() {
        let Some(voters) = form.voters() else { continue };
        let hour = BULLETINS[bulletin];
        if voters > electors {
            return Err(Refusal::TooManyVoters { hour, voters, electors });
        }
        if let Some((earlier, had)) = before.filter(|(_, had)| *had > voters) {
            return Err(Refusal::TurnoutDown { hour, voters, earlier, had });
        }
        before = Some((hour, voters));
    }
    let Some(votes) = forms[Kind::Votes.index()].votes() else { return Ok(()) };
    let (limit, of) = match forms[BULLETINS.len() - 1].voters() {
        Some(voters) => (voters, "voters at the close"),
        None => (electors, "electors"),
    };
    if votes.ballots() > u64::from(limit) {
        return Err(Refusal::TooManyVotes { ballots: votes.ballots(), limit, of });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::form::{Values, Votes};
    use super::*;
    use proptest::prelude::*;

    const ELECTORS: u32 = 700;

    fn turnout(voters: u32) -> Values {
        Values::Turnout { voters }
    }

    fn count(first: u32, void: u32) -> Values {
        Values::Votes(Votes { votes: [first, 0, 0, 0, 0, 0, 0], blank: 1, void })
    }

    fn code(result: Result<Form, Refusal>) -> &'static str {
        result.map_or_else(|refusal| refusal.status().1, |form| form.status.word())
    }

    /// A section's forms after `writes`, and what became of the last of them.
    fn after(writes: &[(Kind, Action)]) -> ([Form; KINDS], &'static str) {
        let mut forms: [Form; KINDS] = Default::default();
        let mut word = "";
        for (kind, action) in writes {
            let decided = decide(&forms, *kind, ELECTORS, action);
            if let Ok(form) = &decided {
                forms[kind.index()] = form.clone();
            }
            word = code(decided);
        }
        (forms, word)
    }

    #[test]
    fn a_form_goes_from_missing_to_reported_to_corrected_to_confirmed() {
        use Action::{Confirm, Correct, Report};
        let votes = |action| (Kind::Votes, action);
        let (first, second) = (count(400, 9), count(401, 8));
        assert_eq!(after(&[votes(Confirm)]).1, "wrong_state");
        assert_eq!(after(&[votes(Correct(first.clone()))]).1, "wrong_state");
        let story = [votes(Report(first.clone())), votes(Correct(second.clone())), votes(Confirm)];
        let words: Vec<_> = (1..=3).map(|n| after(&story[..n]).1).collect();
        assert_eq!(words, ["reported", "corrected", "confirmed"]);
        let forms = after(&story).0;
        assert_eq!(forms[Kind::Votes.index()], Form { version: 3, status: Status::Confirmed, values: Some(second) });
        for again in [Report(first), Confirm] {
            let mut story = story.to_vec();
            story.push(votes(again));
            assert_eq!(after(&story).1, "wrong_state");
        }
    }

    #[test]
    fn voters_stay_within_the_electors_and_never_go_down() {
        let report = |bulletin, voters| (Kind::Turnout(bulletin), Action::Report(turnout(voters)));
        let correct = |bulletin, voters| (Kind::Turnout(bulletin), Action::Correct(turnout(voters)));
        assert_eq!(after(&[report(0, ELECTORS)]).1, "reported");
        assert_eq!(after(&[report(0, ELECTORS + 1)]).1, "too_many_voters");
        assert_eq!(after(&[report(0, 100), report(1, 100)]).1, "reported");
        assert_eq!(after(&[report(0, 100), report(1, 99)]).1, "turnout_down");
        assert_eq!(after(&[report(0, 100), report(2, 99)]).1, "turnout_down");
        assert_eq!(after(&[report(1, 100), report(0, 101)]).1, "turnout_down");
        assert_eq!(after(&[report(0, 100), report(1, 200), correct(0, 201)]).1, "turnout_down");
        assert_eq!(after(&[report(0, 100), report(1, 200), correct(0, 200)]).1, "corrected");
    }

    #[test]
    fn ballots_stay_within_the_voters_at_the_close_or_else_the_electors() {
        let close = (Kind::Turnout(2), Action::Report(turnout(500)));
        let votes = |first, void| (Kind::Votes, Action::Report(count(first, void)));
        assert_eq!(after(&[votes(ELECTORS - 1, 0)]).1, "reported");
        assert_eq!(after(&[votes(ELECTORS, 0)]).1, "too_many_votes");
        assert_eq!(after(&[close.clone(), votes(490, 9)]).1, "reported");
        assert_eq!(after(&[close.clone(), votes(490, 10)]).1, "too_many_votes");
        assert_eq!(after(&[votes(u32::MAX, u32::MAX)]).1, "too_many_votes");
        let lower = (Kind::Turnout(2), Action::Correct(turnout(499)));
        assert_eq!(after(&[close, votes(490, 9), lower]).1, "too_many_votes");
    }

    #[test]
    fn a_section_writes_its_own_forms_and_staff_correct_and_confirm() {
        let (section, staff) = (Actor::Section(17), Actor::Staff(3));
        let form = |section, kind| FormId { section, kind };
        let (report, correct) = (Action::Report(turnout(1)), Action::Correct(turnout(1)));
        let noon = Kind::Turnout(0);
        let may = |actor, form, action: &Action| permit(actor, form, action).is_ok();
        assert!(may(section, form(17, noon), &report) && may(section, form(17, noon), &correct));
        assert!(may(section, form(17, Kind::Votes), &Action::Confirm));
        assert!(!may(section, form(17, noon), &Action::Confirm));
        assert!(!may(section, form(18, noon), &report) && !may(section, form(18, Kind::Votes), &Action::Confirm));
        assert!(may(staff, form(17, noon), &Action::Confirm) && may(staff, form(18, noon), &correct));
        assert!(!may(staff, form(17, noon), &report));
    }

    fn write() -> impl Strategy<Value = (Kind, Action)> {
        let voters = 0..ELECTORS + 50;
        let turnout = (0..3usize, voters.clone(), 0..3usize).prop_map(|(bulletin, voters, action)| {
            let values = turnout(voters);
            let actions = [Action::Report(values.clone()), Action::Correct(values), Action::Confirm];
            (Kind::Turnout(bulletin), actions[action].clone())
        });
        let votes = (voters, 0..60u32, 0..3usize).prop_map(|(first, void, action)| {
            let values = count(first, void);
            let actions = [Action::Report(values.clone()), Action::Correct(values), Action::Confirm];
            (Kind::Votes, actions[action].clone())
        });
        prop_oneof![turnout, votes]
    }

    proptest! {
        #[test]
        fn whatever_is_written_the_forms_stay_plausible(writes in prop::collection::vec(write(), 0..40)) {
            let (forms, _) = after(&writes);
            let voters: Vec<u32> = forms.iter().filter_map(Form::voters).collect();
            prop_assert!(voters.is_sorted() && voters.iter().all(|&each| each <= ELECTORS));
            let limit = forms[2].voters().unwrap_or(ELECTORS);
            prop_assert!(forms[3].votes().is_none_or(|votes| votes.ballots() <= u64::from(limit)));
            for form in &forms {
                prop_assert_eq!(form.version == 0, form.values.is_none());
            }
        }
    }
}
