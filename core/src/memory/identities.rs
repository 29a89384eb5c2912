use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use super::Memory;
use crate::{
    audit::AuditEvent,
    id::{ProviderSessionId, UserId},
    identity::{
        Arrival, ArrivalChange, ArrivalEvents, Arrived, ArrivedAccount, Identity, Linked, LinkedIdentity,
        NewProviderSession, ProviderSession, Unlinked,
    },
    oauth::pending::{Errand, Pending},
    ports::{
        Created, EndedRemotely, Identities, PortError, RemoteLogout, Replaced, RoundTrips, UserChange, Users,
    },
    time::UnixSeconds,
    user::{EmailVerification, FactorState, Role},
};

#[derive(Debug, Default)]
pub(super) struct IdentityTable {
    identities: Vec<(UserId, LinkedIdentity)>,
    sessions: Vec<ProviderSession>,
    round_trips: Vec<Pending>,
    heard: Vec<(String, String, UnixSeconds)>,
    recognised: BTreeMap<Identity, UnixSeconds>,
}

impl IdentityTable {
    pub(super) fn forget_user(&mut self, user: UserId) {
        self.identities.retain(|(owner, _)| *owner != user);
        self.sessions.retain(|session| session.user != user);
        self.round_trips.retain(|pending| !matches!(pending.errand, Errand::Link(owner, _) if owner == user));
    }

    pub(super) fn forget_provider(&mut self, provider: &str) {
        self.sessions.retain(|session| session.provider != provider);
    }

    /// Whom a provider's word is about.
    fn subject_of(&self, logout: &RemoteLogout) -> Option<UserId> {
        let RemoteLogout { provider, issuer, subject, .. } = logout;
        let subject = subject.clone()?;
        self.owner(&Identity { provider: provider.clone(), issuer: issuer.clone(), subject })
    }

    /// Whether what a provider gave is over by its word.
    fn is_ended(&self, session: &ProviderSession, logout: &RemoteLogout) -> bool {
        let owner = self.subject_of(logout);
        session.provider == logout.provider
            && owner.is_none_or(|owner| owner == session.user)
            && (owner.is_some() || logout.remote.is_some())
            && (logout.remote.is_none() || session.remote == logout.remote)
    }

    fn owner(&self, identity: &Identity) -> Option<UserId> {
        self.identities.iter().find(|(_, linked)| linked.identity == *identity).map(|(owner, _)| *owner)
    }

    fn has_one_of(&self, user: UserId, provider: &str) -> bool {
        self.identities.iter().any(|(owner, linked)| *owner == user && linked.identity.provider == provider)
    }

    fn keep(&mut self, user: UserId, provider: &str, new: NewProviderSession, at: UnixSeconds) {
        let NewProviderSession { id, remote, sealed, expires_at, kept, replaces } = new;
        self.sessions.retain(|session| Some(session.id) != replaces);
        self.sessions.push(ProviderSession {
            id,
            user,
            provider: provider.into(),
            remote,
            sealed,
            expires_at,
            created_at: at,
            updated_at: at,
        });
        let mut of_provider = 0;
        let mut latest: Vec<_> = core::mem::take(&mut self.sessions).into_iter().rev().collect();
        latest.retain(|session| {
            of_provider += u32::from(session.user == user && session.provider == provider);
            session.user != user || session.provider != provider || of_provider <= kept
        });
        latest.reverse();
        self.sessions = latest;
    }
}

impl Memory {
    /// Links an account elsewhere to one here.
    fn link(&self, user: UserId, identity: Identity, since: UnixSeconds) {
        self.identities.borrow_mut().identities.push((user, LinkedIdentity { identity, since }));
        self.note_identities(user);
    }

    fn note_identities(&self, user: UserId) {
        let table = self.identities.borrow();
        let of_user = table.identities.iter().filter(|(owner, _)| *owner == user);
        let names =
            of_user.map(|(_, linked)| (linked.identity.provider.clone(), linked.identity.subject.clone()));
        self.users.borrow_mut().note_identities(user, names.collect());
    }

    fn note(&self, event: AuditEvent, user: UserId) {
        self.audit.borrow_mut().push(by(user, event));
    }

    /// The account that takes an identity over because both have shown that they read one address.
    fn merges(&self, arrival: &Arrival) -> Option<UserId> {
        let email = arrival.merge.as_ref()?;
        let users = self.users.borrow();
        let user = &users.find(email.as_str())?.user;
        let is_theirs = user.verification == EmailVerification::Done
            && user.role != Role::Admin
            && !self.identities.borrow().has_one_of(user.id, &arrival.identity.provider);
        is_theirs.then_some(user.id)
    }

    /// Brings an account up to date; says whether it is another.
    async fn change(
        &self,
        user: UserId,
        change: ArrivalChange,
        events: &ArrivalEvents,
    ) -> Result<bool, PortError> {
        let ArrivalChange { role, email, is_email_verified, name, username, image } = change;
        let Some(present) = self.account(user).map(|account| account.user) else { return Ok(false) };
        let role = role.map(|change| change.of(present.role));
        let is_demoted = role.is_some_and(|role| role != Role::Admin);
        let role = role.filter(|_| !is_demoted || !self.users.borrow().is_last_admin(user));
        let is_free = |email: &crate::email::Email| self.users.borrow().find(email.as_str()).is_none();
        let email = email.filter(is_free);
        let is_moved = email.is_some();
        if is_moved {
            let change = UserChange { email, ..UserChange::default() };
            Users::update_user(self, user, change, by(user, events.moved.clone())).await?;
            if is_email_verified {
                self.users.borrow_mut().note_verified(user);
            }
        }
        let change = UserChange {
            role: role.filter(|role| *role != present.role),
            name: name.filter(|name| name.as_str() != present.name),
            image: image.filter(|image| image.as_str() != present.profile.image),
            ..UserChange::default()
        };
        let is_other = change.role.is_some() || change.name.is_some() || change.image.is_some();
        if is_other {
            Users::update_user(self, user, change, by(user, events.changed.clone())).await?;
        }
        let is_called_otherwise = username.is_some() && username != present.profile.username;
        if is_called_otherwise {
            self.users.borrow_mut().note_username(user, username);
            if !is_other {
                self.note(events.changed.clone(), user);
            }
        }
        Ok(is_moved || is_other || is_called_otherwise)
    }
}

/// The event as something that somebody did to their own account.
fn by(user: UserId, event: AuditEvent) -> AuditEvent {
    AuditEvent { actor: Some(user), ..event }
}

impl Identities for Memory {
    async fn arrive(&self, arrival: Arrival) -> Result<Arrived, PortError> {
        self.reach("identities")?;
        let known = self.identities.borrow().owner(&arrival.identity);
        let (user, mut is_changed) = match (known, self.merges(&arrival)) {
            (Some(user), _) => (user, self.change(user, arrival.change.clone(), &arrival.events).await?),
            (None, Some(user)) => {
                self.link(user, arrival.identity.clone(), arrival.at);
                self.note(arrival.events.linked.clone(), user);
                self.change(user, arrival.change.clone(), &arrival.events).await?;
                (user, true)
            }
            (None, None) => {
                let Some(new) = arrival.sign_up.clone() else { return Ok(Arrived::Closed) };
                let id = new.id;
                match Users::create_user(self, new, arrival.policy, by(id, arrival.events.signed_up.clone()))
                    .await?
                {
                    Created::Account(_) => {}
                    Created::Closed => return Ok(Arrived::Closed),
                    Created::EmailTaken => return Ok(Arrived::EmailTaken),
                }
                self.link(id, arrival.identity.clone(), arrival.at);
                (id, false)
            }
        };
        if let Some(groups) = &arrival.groups {
            let creator = self.users.borrow().in_order().into_iter().find(|user| user.role == Role::Admin);
            let creator = creator.map_or(user, |admin| admin.id);
            let mut table = self.groups.borrow_mut();
            if let Some(template) = &groups.create {
                table.create_missing(&groups.names, template, Some(creator), arrival.at);
            }
            if table.sync(user, &groups.names, &groups.spared) {
                is_changed = true;
                self.note(arrival.events.synced.clone(), user);
            }
        }
        if let Some(new) = arrival.session {
            self.identities.borrow_mut().keep(user, &arrival.identity.provider, new, arrival.at);
        }
        let account = self.account(user);
        let gone = PortError { port: "identities", detail: "the account went away".into() };
        let account = account.ok_or(gone)?;
        let has_factor = account.user.factor != FactorState::Absent;
        let due = arrival.events.factor_due.filter(|_| has_factor);
        self.note(due.unwrap_or(arrival.events.signed_in), user);
        Ok(Arrived::Account(Box::new(ArrivedAccount { account, is_changed })))
    }

    async fn due_identities(
        &self,
        provider: &str,
        issuer: &str,
        before: UnixSeconds,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, PortError> {
        self.reach("identities")?;
        let table = self.identities.borrow();
        let of = |identity: &Identity| identity.provider == provider && identity.issuer == issuer;
        let checked_at = |identity: &Identity| table.recognised.get(identity).copied();
        let mut due: Vec<_> = table.identities.iter().filter(|(_, linked)| of(&linked.identity)).collect();
        due.retain(|(_, linked)| checked_at(&linked.identity).is_none_or(|at| at <= before));
        due.sort_by_key(|(_, linked)| checked_at(&linked.identity));
        due.truncate(limit as usize);
        Ok(due.into_iter().map(|(user, linked)| (*user, linked.identity.subject.clone())).collect())
    }

    async fn note_recognised(
        &self,
        provider: &str,
        issuer: &str,
        subjects: &[String],
        now: UnixSeconds,
    ) -> Result<(), PortError> {
        self.reach("identities")?;
        for subject in subjects.iter().cloned() {
            let identity = Identity { provider: provider.into(), issuer: issuer.into(), subject };
            self.identities.borrow_mut().recognised.insert(identity, now);
        }
        Ok(())
    }

    async fn list_identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, PortError> {
        self.reach("identities")?;
        let table = self.identities.borrow();
        Ok(table
            .identities
            .iter()
            .filter(|(owner, _)| *owner == user)
            .map(|(_, linked)| linked.clone())
            .collect())
    }

    async fn link_identity(
        &self,
        user: UserId,
        identity: &Identity,
        event: AuditEvent,
    ) -> Result<Linked, PortError> {
        self.reach("identities")?;
        if self.account(user).is_none() {
            return Ok(Linked::NoAccount);
        }
        let table = self.identities.borrow_mut();
        if table.owner(identity).is_some() || table.has_one_of(user, &identity.provider) {
            return Ok(Linked::Taken);
        }
        drop(table);
        self.link(user, identity.clone(), event.at);
        self.audit.borrow_mut().push(event);
        Ok(Linked::Yes)
    }

    async fn unlink_identities(
        &self,
        user: UserId,
        provider: &str,
        event: AuditEvent,
    ) -> Result<Unlinked, PortError> {
        self.reach("identities")?;
        let mut table = self.identities.borrow_mut();
        if !table.has_one_of(user, provider) {
            return Ok(Unlinked::None);
        }
        let has_another = table
            .identities
            .iter()
            .any(|(owner, linked)| *owner == user && linked.identity.provider != provider);
        if !has_another && !self.users.borrow().has_password(user) {
            return Ok(Unlinked::Last);
        }
        table.identities.retain(|(owner, linked)| *owner != user || linked.identity.provider != provider);
        table.sessions.retain(|session| session.user != user || session.provider != provider);
        drop(table);
        self.note_identities(user);
        self.audit.borrow_mut().push(event);
        Ok(Unlinked::Yes)
    }

    async fn find_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError> {
        self.reach("identities")?;
        Ok(self.identities.borrow().sessions.iter().find(|session| session.id == id).cloned())
    }

    async fn list_provider_sessions(&self, user: UserId) -> Result<Vec<ProviderSession>, PortError> {
        self.reach("identities")?;
        let table = self.identities.borrow();
        Ok(table.sessions.iter().rev().filter(|session| session.user == user).cloned().collect())
    }

    async fn replace_provider_tokens(
        &self,
        old: &ProviderSession,
        sealed: &str,
        expires_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError> {
        self.reach("identities")?;
        let mut table = self.identities.borrow_mut();
        let is_it = |known: &&mut ProviderSession| known.id == old.id && known.sealed == old.sealed;
        let Some(session) = table.sessions.iter_mut().find(is_it) else { return Ok(Replaced::No) };
        (session.sealed, session.expires_at, session.updated_at) = (sealed.into(), expires_at, now);
        Ok(Replaced::Yes)
    }

    async fn take_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError> {
        self.reach("identities")?;
        let sessions = &mut self.identities.borrow_mut().sessions;
        let found = sessions.iter().position(|session| session.id == id);
        Ok(found.map(|place| sessions.remove(place)))
    }

    async fn keep_provider_session(
        &self,
        user: UserId,
        provider: &str,
        session: NewProviderSession,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.reach("identities")?;
        if self.account(user).is_some() {
            self.identities.borrow_mut().keep(user, provider, session, event.at);
            self.audit.borrow_mut().push(event);
        }
        Ok(())
    }

    async fn forget_provider_sessions(&self, sessions: &[ProviderSessionId]) -> Result<(), PortError> {
        self.reach("identities")?;
        self.identities.borrow_mut().sessions.retain(|session| !sessions.contains(&session.id));
        Ok(())
    }

    async fn delete_provider_sessions(&self, user: UserId, provider: &str) -> Result<bool, PortError> {
        self.reach("identities")?;
        let mut table = self.identities.borrow_mut();
        let before = table.sessions.len();
        table.sessions.retain(|session| session.user != user || session.provider != provider);
        Ok(table.sessions.len() < before)
    }

    async fn ended_by(&self, logout: &RemoteLogout) -> Result<Option<Vec<EndedRemotely>>, PortError> {
        self.reach("identities")?;
        let table = self.identities.borrow();
        if table.heard.iter().any(|(issuer, jti, _)| *issuer == logout.issuer && *jti == logout.jti) {
            return Ok(None);
        }
        let mut ended: Vec<_> = match logout.remote {
            None => {
                let owner = table.subject_of(logout);
                owner.into_iter().map(|user| EndedRemotely { user, session: None }).collect()
            }
            Some(_) => table
                .sessions
                .iter()
                .filter(|session| table.is_ended(session, logout))
                .map(|session| EndedRemotely { user: session.user, session: Some(session.id) })
                .collect(),
        };
        ended.sort();
        Ok(Some(ended))
    }

    async fn hear_logout(&self, logout: &RemoteLogout) -> Result<(), PortError> {
        self.reach("identities")?;
        let mut table = self.identities.borrow_mut();
        let sessions = core::mem::take(&mut table.sessions);
        table.sessions = sessions.into_iter().filter(|session| !table.is_ended(session, logout)).collect();
        table.heard.push((logout.issuer.clone(), logout.jti.clone(), logout.remembered_until));
        Ok(())
    }
}

impl RoundTrips for Memory {
    async fn begin_round_trip(&self, pending: Pending) -> Result<(), PortError> {
        self.reach("round trips")?;
        self.identities.borrow_mut().round_trips.push(pending);
        Ok(())
    }

    async fn end_round_trip(&self, hash: &str, now: UnixSeconds) -> Result<Option<Pending>, PortError> {
        self.reach("round trips")?;
        let trips = &mut self.identities.borrow_mut().round_trips;
        let found = trips.iter().position(|pending| pending.hash == hash).map(|place| trips.remove(place));
        Ok(found.filter(|pending| now < pending.expires_at))
    }

    async fn expire_round_trips(&self, now: UnixSeconds) -> Result<(), PortError> {
        self.reach("round trips")?;
        let mut table = self.identities.borrow_mut();
        table.round_trips.retain(|pending| now < pending.expires_at);
        table.heard.retain(|(_, _, until)| now < *until);
        Ok(())
    }
}
