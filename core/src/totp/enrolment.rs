//! How an account gets, replaces and loses its second factor (MF-03, MF-08, MF-11).

use super::{
    backup_code::{BackupCode, BackupCodeKey, BackupCodes},
    code::{Step, TotpCode, TotpSecret},
};
use crate::{
    id::UserId,
    time::{Lifetime, UnixSeconds},
};

/// How long a new secret waits for its first code (MF-08).
pub const STAGED_FOR: Lifetime = Lifetime::from_minutes(10);

/// An account's second factor. Nothing about an active factor changes until a new one is confirmed.
#[derive(Clone, Debug)]
pub struct Enrolment {
    state: State,
    /// The step of the last accepted code, whatever secret it was of: no code is good after it.
    last_step: Option<Step>,
}

#[derive(Clone, Debug)]
enum State {
    Off,
    On(Factor),
    Replacing(Factor, Staged),
    Staged(Staged),
}

/// What a second factor is made of.
#[derive(Clone, Debug)]
pub struct Factor {
    /// Shared with the authenticator app.
    pub secret: TotpSecret,
    /// For whoever has lost the app.
    pub backup_codes: BackupCodes,
}

/// A factor that waits to be confirmed.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The future factor.
    pub factor: Factor,
    /// When it was staged.
    pub staged_at: UnixSeconds,
}

impl Staged {
    fn is_alive(&self, now: UnixSeconds) -> bool {
        now < self.staged_at.plus(STAGED_FOR)
    }
}

/// What somebody shows to prove the factor.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A code of the app.
    Code(TotpCode),
    /// One of the backup codes.
    Backup(BackupCode),
}

/// A proof that was accepted. Whoever acts on it stores `enrolment` in the same step: the old state
/// would accept the proof again.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The state from now on.
    pub enrolment: Enrolment,
}

/// Why a staged factor did not become active.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConfirmError {
    /// Nothing is staged, or it has waited too long.
    NotStaged,
    /// The code is not the staged secret's.
    WrongCode,
}

impl Enrolment {
    /// An account without a second factor.
    pub const OFF: Self = Self { state: State::Off, last_step: None };

    /// The state that was stored.
    pub fn restore(active: Option<Factor>, staged: Option<Staged>, last_step: Option<Step>) -> Self {
        let state = match (active, staged) {
            (None, None) => State::Off,
            (None, Some(staged)) => State::Staged(staged),
            (Some(factor), None) => State::On(factor),
            (Some(factor), Some(staged)) => State::Replacing(factor, staged),
        };
        Self { state, last_step }
    }

    /// The factor that signing in asks for.
    pub const fn active(&self) -> Option<&Factor> {
        match &self.state {
            State::On(factor) | State::Replacing(factor, _) => Some(factor),
            State::Off | State::Staged(_) => None,
        }
    }

    /// The factor that waits to be confirmed, if it has not waited too long.
    pub fn staged(&self, now: UnixSeconds) -> Option<&Staged> {
        match &self.state {
            State::Staged(staged) | State::Replacing(_, staged) => Some(staged).filter(|s| s.is_alive(now)),
            State::Off | State::On(_) => None,
        }
    }

    /// The step of the last accepted code.
    pub const fn last_step(&self) -> Option<Step> {
        self.last_step
    }

    /// Stages a new factor beside the active one, which stays in force (MF-08).
    pub fn stage(&self, factor: Factor, now: UnixSeconds) -> Self {
        let staged = Staged { factor, staged_at: now };
        Self::restore(self.active().cloned(), Some(staged), self.last_step)
    }

    /// Makes the staged factor the active one, with a code of its secret.
    ///
    /// # Errors
    /// [`ConfirmError`]; the active factor stays in force.
    pub fn confirm(&self, code: &TotpCode, now: UnixSeconds) -> Result<Self, ConfirmError> {
        let staged = self.staged(now).ok_or(ConfirmError::NotStaged)?;
        let step = staged.factor.secret.verify(code, now, self.last_step).ok_or(ConfirmError::WrongCode)?;
        Ok(Self::restore(Some(staged.factor.clone()), None, Some(step)))
    }

    /// Checks a proof of the active factor; `None` when it is wrong, was used, or there is no factor.
    pub fn prove(
        &self,
        proof: &Proof,
        user: UserId,
        key: &BackupCodeKey,
        now: UnixSeconds,
    ) -> Option<Proven> {
        let factor = self.active()?;
        let mut enrolment = self.clone();
        match proof {
            Proof::Code(code) => {
                enrolment.last_step = Some(factor.secret.verify(code, now, self.last_step)?)
            }
            Proof::Backup(code) => enrolment.set_codes(factor.backup_codes.redeem(code, user, key)?),
        }
        Some(Proven { enrolment })
    }

    /// Replaces all backup codes of the active factor (MF-11); nothing without one.
    pub fn regenerate(&self, codes: BackupCodes) -> Self {
        let mut enrolment = self.clone();
        enrolment.set_codes(codes);
        enrolment
    }

    /// No second factor any more. What was accepted stays used.
    pub const fn disable(&self) -> Self {
        Self { state: State::Off, last_step: self.last_step }
    }

    fn set_codes(&mut self, codes: BackupCodes) {
        match &mut self.state {
            State::On(factor) | State::Replacing(factor, _) => factor.backup_codes = codes,
            State::Off | State::Staged(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{memory::Memory, secret::RootSecret, totp::SECRET_BYTES};
    use alloc::vec::Vec;

    fn user() -> UserId {
        UserId::parse("00000000-0000-4000-8000-000000000001").unwrap()
    }

    fn key() -> BackupCodeKey {
        BackupCodeKey::derived(&RootSecret::parse("a root secret of thirty-two bytes").unwrap())
    }

    fn factor(byte: u8) -> (Factor, Vec<BackupCode>) {
        let (codes, backup_codes) = BackupCodes::generate(user(), &key(), &Memory::default()).unwrap();
        (Factor { secret: TotpSecret::from_bytes([byte; SECRET_BYTES]), backup_codes }, codes)
    }

    fn code_of(factor: &Factor, now: UnixSeconds) -> TotpCode {
        factor.secret.shown_at(now)
    }

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(1_800_000_000 + seconds)
    }

    #[test]
    fn a_new_secret_weakens_nothing_until_it_is_confirmed() {
        /* MF-08 */
        let ((old, _), (new, _)) = (factor(1), factor(2));
        let on = Enrolment::OFF.stage(old.clone(), at(0)).confirm(&code_of(&old, at(0)), at(0)).unwrap();
        let replacing = on.stage(new.clone(), at(60));
        assert!(replacing.active().is_some() && replacing.staged(at(60)).is_some());
        let proof = |factor| Proof::Code(code_of(factor, at(60)));
        assert!(replacing.prove(&proof(&old), user(), &key(), at(60)).is_some());
        assert!(replacing.prove(&proof(&new), user(), &key(), at(60)).is_none(), "not yet");
        let wrong = replacing.confirm(&code_of(&old, at(60)), at(60));
        assert_eq!(wrong.unwrap_err(), ConfirmError::WrongCode);
        let replaced = replacing.confirm(&code_of(&new, at(60)), at(60)).unwrap();
        assert!(replaced.prove(&Proof::Code(code_of(&old, at(120))), user(), &key(), at(120)).is_none());
        assert!(replaced.prove(&Proof::Code(code_of(&new, at(120))), user(), &key(), at(120)).is_some());
    }

    #[test]
    fn a_staged_secret_waits_ten_minutes() {
        /* MF-08 */
        let (new, _) = factor(2);
        let staged = Enrolment::OFF.stage(new.clone(), at(0));
        assert!(staged.active().is_none());
        assert!(staged.confirm(&code_of(&new, at(599)), at(599)).is_ok());
        let late = staged.confirm(&code_of(&new, at(600)), at(600));
        assert_eq!(late.unwrap_err(), ConfirmError::NotStaged);
        assert_eq!(
            Enrolment::OFF.confirm(&code_of(&new, at(0)), at(0)).unwrap_err(),
            ConfirmError::NotStaged
        );
    }

    #[test]
    fn a_step_is_good_once_over_confirming_proving_and_replacing() {
        /* MF-03 */
        let ((old, _), (new, _)) = (factor(1), factor(2));
        let code = code_of(&old, at(0));
        let on = Enrolment::OFF.stage(old.clone(), at(0)).confirm(&code, at(0)).unwrap();
        assert!(on.prove(&Proof::Code(code), user(), &key(), at(0)).is_none(), "the step that confirmed");
        let later = code_of(&old, at(30));
        let proven = on.prove(&Proof::Code(later.clone()), user(), &key(), at(30)).unwrap().enrolment;
        assert!(proven.prove(&Proof::Code(later), user(), &key(), at(30)).is_none());
        let replacing = proven.stage(new.clone(), at(30));
        let same_step = replacing.confirm(&code_of(&new, at(30)), at(30));
        assert_eq!(same_step.unwrap_err(), ConfirmError::WrongCode, "another secret, the same step");
        assert!(
            replacing.disable().stage(new.clone(), at(30)).confirm(&code_of(&new, at(30)), at(30)).is_err()
        );
    }

    #[test]
    fn a_backup_code_stands_in_once_and_new_ones_replace_all() {
        /* MF-11 */
        let (factor_of, codes) = factor(1);
        let on = Enrolment::restore(Some(factor_of), None, None);
        let proof = |at: usize| Proof::Backup(codes[at].clone());
        let after = on.prove(&proof(0), user(), &key(), at(0)).unwrap().enrolment;
        assert!(after.prove(&proof(0), user(), &key(), at(0)).is_none());
        assert_eq!(after.active().unwrap().backup_codes.left(), 9);
        let regenerated = after.regenerate(BackupCodes::default());
        assert!(regenerated.prove(&proof(1), user(), &key(), at(0)).is_none());
        assert!(Enrolment::OFF.prove(&proof(1), user(), &key(), at(0)).is_none());
        assert!(regenerated.disable().active().is_none());
    }
}
