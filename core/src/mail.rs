//! What people are told by mail, and when (LG-05; LibreChat contract §4). What has to be told is read off the audit log,
//! like events: a request writes nothing else, so nothing about a mail can hold it up, and nothing is told that did not
//! happen (FT-15). Tickets are made when a mail goes out: none is stored anywhere (RS-02).

mod letter;
mod occasion;

pub use letter::{Letter, Told};
pub use occasion::Occasion;

use alloc::{string::String, vec::Vec};

use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome, AuditRow},
    id::{InvitationId, UserId},
    secret::Secret,
    smtp::SmtpServer,
    time::{Lifetime, UnixSeconds},
};

/// What happened longer ago is told to nobody any more: mail was off meanwhile.
pub const NEWS: Lifetime = Lifetime::from_days(1);

/// Whom a mail is for. Addresses are looked up when it goes out (RS-04).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recipient {
    /// Somebody without an account.
    Invited(InvitationId),
    /// An account's owner.
    User(UserId),
}

/// A mail that has to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// The row of the log that it tells about.
    pub sequence: u64,
    /// Why.
    pub occasion: Occasion,
    /// To whom.
    pub recipient: Recipient,
    /// When it happened.
    pub at: UnixSeconds,
    /// From where.
    pub network: String,
    /// How often it was tried in vain.
    pub failures: u32,
    /// When it is tried next.
    pub due_at: UnixSeconds,
}

impl Order {
    /// The mails that a row of the log asks for; none for most.
    pub fn told_by(row: &AuditRow) -> Vec<Self> {
        let words = AuditAction::parse(&row.action).zip(AuditOutcome::parse(&row.outcome));
        let Some((action, outcome)) = words else { return Vec::new() };
        let occasions = occasion::told(action, outcome, row.detail.as_deref());
        let about = row.target.as_deref().or(row.actor.as_deref()).unwrap_or_default();
        occasions
            .into_iter()
            .filter_map(|occasion| {
                let recipient = match occasion {
                    Occasion::Invitation => InvitationId::parse(about).ok().map(Recipient::Invited),
                    _ => UserId::parse(about).ok().map(Recipient::User),
                };
                Some(Self {
                    sequence: row.sequence,
                    occasion,
                    recipient: recipient?,
                    at: row.at,
                    network: row.network.clone(),
                    failures: 0,
                    due_at: row.at,
                })
            })
            .collect()
    }

    /// The same after another try in vain; `None` when it was tried for long enough. The first tries come soon: a
    /// server that does not know us yet wants to be asked again (RFC 5321 §4.5.4.1).
    pub fn failed(&self, now: UnixSeconds) -> Option<Self> {
        const WAITS: [u64; 7] = [15, 60, 300, 900, 1_800, 3_600, 10_800];
        let wait = WAITS.get(self.failures as usize).or(WAITS.last()).copied().unwrap_or_default();
        let due_at = now.plus(Lifetime::from_seconds(wait));
        let failures = self.failures + 1;
        (due_at < self.at.plus(self.occasion.patience())).then(|| Self { failures, due_at, ..self.clone() })
    }
}

/// Whether somebody has to get a mail because of an event.
pub fn asks_for_mail(event: &AuditEvent) -> bool {
    let about = event.target.is_some() || event.actor.is_some();
    about && !occasion::told(event.action, event.outcome, event.detail.as_deref()).is_empty()
}

/// Why a mail was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SendError {
    /// Whoever was asked will never take it: another try is in vain.
    Refused(String),
    /// Something is wrong now.
    Unavailable(String),
}

/// A letter that nobody took, kept for a developer to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptLetter {
    /// When it was handed over.
    pub at: UnixSeconds,
    /// The letter.
    pub letter: Letter,
}

/// How mails leave, and what they say about the deployment.
#[derive(Clone, Debug)]
pub struct MailPolicy {
    /// Who takes them.
    pub driver: MailDriver,
    /// The address they come from.
    pub from: String,
    /// The name beside it.
    pub from_name: String,
    /// What links begin with: the deployment's public address, without a slash at its end (RS-03).
    pub link_base: String,
}

/// Who takes mails.
#[derive(Clone, Debug)]
pub enum MailDriver {
    /// A `send_email` binding of that name.
    Binding(String),
    /// An HTTP API with the shape of Resend's.
    Http {
        /// Where mails are posted to.
        url: String,
        /// What is shown there.
        key: Secret<String>,
    },
    /// Nobody: they stay where a developer can read them.
    Outbox,
    /// A server that speaks SMTP.
    Smtp(SmtpServer),
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::id::AuditId;
    use alloc::string::ToString as _;

    const ANN: &str = "00000000-0000-4000-8000-000000000001";
    const BOB: &str = "00000000-0000-4000-8000-000000000002";

    fn told(action: AuditAction, outcome: AuditOutcome, detail: Option<&str>) -> Vec<Order> {
        Order::told_by(&AuditRow {
            sequence: 7,
            id: AuditId::from_bytes([7; 16]),
            at: UnixSeconds::new(100),
            actor: Some(ANN.to_string()),
            target: None,
            action: action.as_str().to_string(),
            outcome: outcome.as_str().to_string(),
            network: "203.0.113.7".to_string(),
            user_agent: String::new(),
            request_id: String::new(),
            detail: detail.map(str::to_string),
        })
    }

    fn occasions_of(action: AuditAction, outcome: AuditOutcome, detail: Option<&str>) -> Vec<Occasion> {
        told(action, outcome, detail).iter().map(|order| order.occasion).collect()
    }

    #[test]
    fn changes_of_what_lets_somebody_in_are_told_and_attempts_are_not() {
        /* LG-05, MF-13 */
        use AuditAction as Action;
        for (action, occasion) in [
            (Action::ChangePassword, Occasion::PasswordChanged),
            (Action::CreateApiKey, Occasion::KeyMade),
            (Action::LinkIdentity, Occasion::IdentityLinked),
            (Action::UnlinkIdentity, Occasion::IdentityUnlinked),
            (Action::DisableFactor, Occasion::FactorRemoved),
            (Action::EnrollFactor, Occasion::FactorSetUp),
            (Action::RegenerateCodes, Occasion::CodesRenewed),
            (Action::ResetPassword, Occasion::PasswordReset),
        ] {
            assert_eq!(occasions_of(action, AuditOutcome::Success, None), [occasion]);
            assert_eq!(occasions_of(action, AuditOutcome::WrongCode, None), []);
        }
        let both = r#"{"changed":["email","name","password"]}"#;
        assert_eq!(
            occasions_of(Action::UpdateUser, AuditOutcome::Success, Some(both)),
            [Occasion::EmailChanged, Occasion::EmailSet, Occasion::PasswordChanged]
        );
        assert_eq!(occasions_of(Action::UpdateUser, AuditOutcome::Success, Some("{}")), []);
    }

    #[test]
    fn a_sign_in_is_told_when_there_were_wrong_passwords_before_it() {
        /* LG-05 */
        let sign_in = |outcome, detail| occasions_of(AuditAction::SignIn, outcome, Some(detail));
        assert_eq!(sign_in(AuditOutcome::Success, r#"{"failures":2}"#), []);
        assert_eq!(sign_in(AuditOutcome::Success, r#"{"failures":3}"#), [Occasion::SignInAfterFailures]);
        assert_eq!(
            sign_in(AuditOutcome::SecondFactorDue, r#"{"failures":9}"#),
            [Occasion::SignInAfterFailures]
        );
        assert_eq!(sign_in(AuditOutcome::WrongPassword, r#"{"failures":9}"#), []);
        assert_eq!(sign_in(AuditOutcome::Success, "not json"), []);
    }

    #[test]
    fn mail_goes_to_whom_it_is_about() {
        let mut row = AuditRow {
            sequence: 1,
            id: AuditId::from_bytes([7; 16]),
            at: UnixSeconds::new(1),
            actor: Some(ANN.to_string()),
            target: Some(BOB.to_string()),
            action: AuditAction::ResetFactor.as_str().to_string(),
            outcome: AuditOutcome::Success.as_str().to_string(),
            network: String::new(),
            user_agent: String::new(),
            request_id: String::new(),
            detail: None,
        };
        let to = |row: &AuditRow| Order::told_by(row).first().map(|order| order.recipient);
        assert_eq!(to(&row), Some(Recipient::User(UserId::parse(BOB).unwrap())));
        row.action = AuditAction::Invite.as_str().to_string();
        assert_eq!(to(&row), Some(Recipient::Invited(InvitationId::parse(BOB).unwrap())));
        row.target = Some("nobody".to_string());
        assert_eq!(to(&row), None);
    }

    #[test]
    fn a_mail_is_tried_again_soon_and_not_for_ever() {
        /* FT-15 */
        let tries = |action| {
            let mut order = told(action, AuditOutcome::Success, None).remove(0);
            let mut now = order.at;
            let mut tries = 1;
            while let Some(next) = order.failed(now) {
                assert!(next.due_at > now);
                (now, order, tries) = (next.due_at, next, tries + 1);
            }
            (tries, now.since(UnixSeconds::new(100)).seconds())
        };
        assert_eq!(tries(AuditAction::RequestReset), (6, 3_075));
        let (notices, last) = tries(AuditAction::ChangePassword);
        assert!(notices > 15 && last < 2 * 86_400, "{notices} {last}");
    }
}
