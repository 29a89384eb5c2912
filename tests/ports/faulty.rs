//! Ports that fail on purpose: the N-th call fails, or its reply is lost, or it comes late (FT-01 … FT-17).

use alloc::rc::Rc;
use core::task::Poll;
use core::{cell::Cell, future::Future, ops::Deref, time::Duration};

use portico_core::{
    api_key::{ApiKeyDigest, StoredApiKey},
    audit::{AuditEvent, AuditRow},
    email::Email,
    group::{Group, GroupChange, NewGroup},
    id::{GroupId, InvitationId, ProviderSessionId, SessionId, TokenId, UserId},
    identity::{
        Arrival, Arrived, Identity, Linked, LinkedIdentity, NewProviderSession, ProviderSession, Unlinked,
    },
    jwt::{Algorithm, PrivateKey, PublicKey},
    ldap::{Directory, LdapError, Server, ServerHealth},
    mail::{KeptLetter, Letter, MailPolicy, Order, SendError},
    network::Network,
    oauth::{IntegrationId, StoredIntegration, flight::Claim, pending::Pending},
    password::{Cost, HASH_BYTES, PasswordHash},
    ports::{
        Admission, ApiKeys, AuditLog, AuditQuery, BreachList, BucketKey, Configuration, Configured, Created,
        Credential, Deleted, Directories, DocumentKind, EndedRemotely, Entropy, FactorReplaced, Fetch,
        FetchRequest, Fetched, GroupChanged, Groups, Hashing, Identities, Integrations, KeptDocument, Mail,
        Message, Outbound, PortError, ProviderDocuments, RemoteLogout, Replaced, RoundTrips, SecondFactors,
        Sessions, SignInAttempt, Signatures, StoredFactor, Throttles, Tickets, Updated, UserChange, UserPage,
        UserQuery, UserRecord, UserRecords, Users, WebhookSaved, Webhooks,
    },
    secret::Secret,
    session::{
        Attempt, Challenge, ChallengeLookup, Completed, EndedSessions, Ending, NewSession, Opened, Refresh,
        RefreshUse, SessionCheck, SessionProof, SessionRecord, Use, UseKey,
    },
    settings::{Generations, SettingDefaults, Settings, StoredSettings},
    throttle::{BanPolicy, Limit, Metered, Spent, Violation},
    ticket::{Invitation, Purpose, Ticket},
    time::UnixSeconds,
    totp::{BackupCodes, Step},
    user::{Account, NewUser, SignUpPolicy},
    webhook::{Delivery, Webhook},
};

/// What happens to one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// It does not reach the other side.
    Fail,
    /// It has its effect, and the reply is lost.
    DropReply,
    /// Everything else that is ready runs first.
    Delay,
}

/// Ports of which one call goes wrong.
#[derive(Debug, Default)]
pub struct Faulty<P> {
    ports: P,
    fault: Cell<Option<(Fault, u32)>>,
    calls: Cell<u32>,
}

impl<P> Faulty<P> {
    /// Lets the `nth` call from now on go wrong; the first one is number 1.
    pub fn plan(&self, fault: Fault, nth: u32) {
        self.calls.set(0);
        self.fault.set(Some((fault, nth)));
    }

    /// Lets everything work again; says whether the planned call was made.
    pub fn heal(&self) -> bool {
        self.fault.take().is_some_and(|(_, nth)| self.calls.get() >= nth)
    }

    fn next(&self) -> Option<Fault> {
        self.calls.set(self.calls.get() + 1);
        let (fault, nth) = self.fault.get()?;
        (nth == self.calls.get()).then_some(fault)
    }

    async fn through<T>(&self, call: impl Future<Output = Result<T, PortError>>) -> Result<T, PortError> {
        match self.next() {
            None => call.await,
            Some(Fault::Fail) => Err(broken()),
            Some(Fault::DropReply) => {
                call.await?;
                Err(broken())
            }
            Some(Fault::Delay) => {
                for _ in 0..100 {
                    others_first().await;
                }
                call.await
            }
        }
    }
}

/// Everything that is no call goes straight to the ports.
impl<P> Deref for Faulty<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.ports
    }
}

fn broken() -> PortError {
    PortError { port: "faulty", detail: "broken on purpose".to_string() }
}

async fn others_first() {
    let mut waited = false;
    core::future::poll_fn(|context| {
        if core::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The random source is no call to anywhere.
impl<P: Entropy> Entropy for Faulty<P> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        self.ports.fill(bytes)
    }
}

impl<P: AuditLog> AuditLog for Faulty<P> {
    async fn append(&self, event: AuditEvent) -> Result<(), PortError> {
        self.through(self.ports.append(event)).await
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditRow>, PortError> {
        self.through(self.ports.list_events(query)).await
    }

    async fn events_after(&self, sequence: u64, limit: u32) -> Result<Vec<AuditRow>, PortError> {
        self.through(self.ports.events_after(sequence, limit)).await
    }

    async fn expire_events(
        &self,
        before: UnixSeconds,
        limit: u32,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.through(self.ports.expire_events(before, limit, event)).await
    }
}

impl<P: BreachList> BreachList for Faulty<P> {
    async fn breached(&self, list: &str, prefix: &str) -> Result<String, PortError> {
        self.through(self.ports.breached(list, prefix)).await
    }
}

/// What a directory does wrong is in the script that it follows.
impl<P: Directories> Directories for Faulty<P> {
    type Connection = P::Connection;

    fn elapsed(&self) -> Duration {
        self.ports.elapsed()
    }

    async fn connect(
        &self,
        directory: &Directory,
        server: &Server,
        patience: Duration,
    ) -> Result<Self::Connection, LdapError> {
        self.ports.connect(directory, server, patience).await
    }

    async fn server_health(&self) -> Result<ServerHealth, PortError> {
        self.through(self.ports.server_health()).await
    }

    async fn note_server(&self, server: &Server, is_well: bool, now: UnixSeconds) -> Result<(), PortError> {
        self.through(self.ports.note_server(server, is_well, now)).await
    }
}

impl<P: Fetch> Fetch for Faulty<P> {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, PortError> {
        self.through(self.ports.fetch(request)).await
    }
}

impl<P: Identities> Identities for Faulty<P> {
    async fn arrive(&self, arrival: Arrival) -> Result<Arrived, PortError> {
        self.through(self.ports.arrive(arrival)).await
    }

    async fn due_identities(
        &self,
        provider: &str,
        issuer: &str,
        before: UnixSeconds,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, PortError> {
        self.through(self.ports.due_identities(provider, issuer, before, limit)).await
    }

    async fn note_recognised(
        &self,
        provider: &str,
        issuer: &str,
        subjects: &[String],
        now: UnixSeconds,
    ) -> Result<(), PortError> {
        self.through(self.ports.note_recognised(provider, issuer, subjects, now)).await
    }

    async fn list_identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, PortError> {
        self.through(self.ports.list_identities(user)).await
    }

    async fn link_identity(
        &self,
        user: UserId,
        identity: &Identity,
        event: AuditEvent,
    ) -> Result<Linked, PortError> {
        self.through(self.ports.link_identity(user, identity, event)).await
    }

    async fn unlink_identities(
        &self,
        user: UserId,
        provider: &str,
        event: AuditEvent,
    ) -> Result<Unlinked, PortError> {
        self.through(self.ports.unlink_identities(user, provider, event)).await
    }

    async fn find_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError> {
        self.through(self.ports.find_provider_session(id)).await
    }

    async fn list_provider_sessions(&self, user: UserId) -> Result<Vec<ProviderSession>, PortError> {
        self.through(self.ports.list_provider_sessions(user)).await
    }

    async fn replace_provider_tokens(
        &self,
        old: &ProviderSession,
        sealed: &str,
        expires_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError> {
        self.through(self.ports.replace_provider_tokens(old, sealed, expires_at, now)).await
    }

    async fn take_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError> {
        self.through(self.ports.take_provider_session(id)).await
    }

    async fn keep_provider_session(
        &self,
        user: UserId,
        provider: &str,
        session: NewProviderSession,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.through(self.ports.keep_provider_session(user, provider, session, event)).await
    }

    async fn forget_provider_sessions(&self, sessions: &[ProviderSessionId]) -> Result<(), PortError> {
        self.through(self.ports.forget_provider_sessions(sessions)).await
    }

    async fn delete_provider_sessions(&self, user: UserId, provider: &str) -> Result<bool, PortError> {
        self.through(self.ports.delete_provider_sessions(user, provider)).await
    }

    async fn ended_by(&self, logout: &RemoteLogout) -> Result<Option<Vec<EndedRemotely>>, PortError> {
        self.through(self.ports.ended_by(logout)).await
    }

    async fn hear_logout(&self, logout: &RemoteLogout) -> Result<(), PortError> {
        self.through(self.ports.hear_logout(logout)).await
    }
}

impl<P: Integrations> Integrations for Faulty<P> {
    async fn find_integration(&self, id: &IntegrationId) -> Result<Option<StoredIntegration>, PortError> {
        self.through(self.ports.find_integration(id)).await
    }

    async fn list_integrations(&self) -> Result<Vec<StoredIntegration>, PortError> {
        self.through(self.ports.list_integrations()).await
    }

    async fn save_integration(
        &self,
        integration: StoredIntegration,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.through(self.ports.save_integration(integration, event)).await
    }

    async fn delete_integration(&self, id: &IntegrationId, event: AuditEvent) -> Result<bool, PortError> {
        self.through(self.ports.delete_integration(id, event)).await
    }

    async fn claim_registration(&self, id: &IntegrationId, now: UnixSeconds) -> Result<Claim, PortError> {
        self.through(self.ports.claim_registration(id, now)).await
    }

    async fn release_registration(&self, id: &IntegrationId) -> Result<(), PortError> {
        self.through(self.ports.release_registration(id)).await
    }
}

impl<P: RoundTrips> RoundTrips for Faulty<P> {
    async fn begin_round_trip(&self, pending: Pending) -> Result<(), PortError> {
        self.through(self.ports.begin_round_trip(pending)).await
    }

    async fn end_round_trip(&self, hash: &str, now: UnixSeconds) -> Result<Option<Pending>, PortError> {
        self.through(self.ports.end_round_trip(hash, now)).await
    }

    async fn expire_round_trips(&self, now: UnixSeconds) -> Result<(), PortError> {
        self.through(self.ports.expire_round_trips(now)).await
    }
}

impl<P: ProviderDocuments> ProviderDocuments for Faulty<P> {
    async fn kept_document(&self, url: &str) -> Result<Option<KeptDocument>, PortError> {
        self.through(self.ports.kept_document(url)).await
    }

    async fn keep_document(&self, url: &str, document: &KeptDocument) -> Result<(), PortError> {
        self.through(self.ports.keep_document(url, document)).await
    }
}

impl<P: Hashing> Hashing for Faulty<P> {
    async fn argon2id(
        &self,
        password: &[u8],
        salt: &[u8],
        cost: Cost,
    ) -> Result<Secret<[u8; HASH_BYTES]>, PortError> {
        self.through(self.ports.argon2id(password, salt, cost)).await
    }
}

impl<P: ApiKeys> ApiKeys for Faulty<P> {
    async fn replace_api_key(
        &self,
        user: UserId,
        key: StoredApiKey,
        event: AuditEvent,
    ) -> Result<bool, PortError> {
        self.through(self.ports.replace_api_key(user, key, event)).await
    }

    async fn find_api_key(&self, user: UserId) -> Result<Option<StoredApiKey>, PortError> {
        self.through(self.ports.find_api_key(user)).await
    }

    async fn delete_api_key(&self, user: UserId, event: AuditEvent) -> Result<(), PortError> {
        self.through(self.ports.delete_api_key(user, event)).await
    }

    async fn reseal_api_key(
        &self,
        user: UserId,
        old: &StoredApiKey,
        sealed: String,
    ) -> Result<Replaced, PortError> {
        self.through(self.ports.reseal_api_key(user, old, sealed)).await
    }

    async fn find_key_holder(
        &self,
        digests: &[ApiKeyDigest],
        now: UnixSeconds,
    ) -> Result<Option<Account>, PortError> {
        self.through(self.ports.find_key_holder(digests, now)).await
    }
}

impl<P: Configuration> Configuration for Faulty<P> {
    async fn settings(
        &self,
        defaults: &SettingDefaults,
        now: UnixSeconds,
    ) -> Result<Rc<Settings>, PortError> {
        self.through(self.ports.settings(defaults, now)).await
    }

    async fn stored_settings(&self) -> Result<StoredSettings, PortError> {
        self.through(self.ports.stored_settings()).await
    }

    async fn change_settings(
        &self,
        version: u32,
        changes: Vec<(&'static str, String)>,
        event: AuditEvent,
    ) -> Result<Configured, PortError> {
        self.through(self.ports.change_settings(version, changes, event)).await
    }
}

impl<P: Groups> Groups for Faulty<P> {
    async fn list_groups(&self) -> Result<Vec<Group>, PortError> {
        self.through(self.ports.list_groups()).await
    }

    async fn find_group(&self, group: GroupId) -> Result<Option<Group>, PortError> {
        self.through(self.ports.find_group(group)).await
    }

    async fn create_group(&self, group: NewGroup, event: AuditEvent) -> Result<GroupChanged, PortError> {
        self.through(self.ports.create_group(group, event)).await
    }

    async fn update_group(
        &self,
        group: GroupId,
        change: GroupChange,
        event: AuditEvent,
    ) -> Result<GroupChanged, PortError> {
        self.through(self.ports.update_group(group, change, event)).await
    }

    async fn delete_group(&self, group: GroupId, event: AuditEvent) -> Result<bool, PortError> {
        self.through(self.ports.delete_group(group, event)).await
    }

    async fn change_members(
        &self,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
        event: AuditEvent,
    ) -> Result<Option<Group>, PortError> {
        self.through(self.ports.change_members(group, add, remove, event)).await
    }

    async fn list_members(&self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserId)>, PortError> {
        self.through(self.ports.list_members(groups)).await
    }

    async fn list_memberships(&self, user: UserId) -> Result<Vec<GroupId>, PortError> {
        self.through(self.ports.list_memberships(user)).await
    }

    async fn sync_memberships(
        &self,
        user: UserId,
        names: &[String],
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.through(self.ports.sync_memberships(user, names, event)).await
    }
}

impl<P: UserRecords> UserRecords for Faulty<P> {
    async fn list_users(&self, query: &UserQuery) -> Result<UserPage, PortError> {
        self.through(self.ports.list_users(query)).await
    }

    async fn find_users(&self, users: &[UserId]) -> Result<Vec<UserRecord>, PortError> {
        self.through(self.ports.find_users(users)).await
    }

    async fn find_document(&self, user: UserId, kind: DocumentKind) -> Result<Option<String>, PortError> {
        self.through(self.ports.find_document(user, kind)).await
    }

    async fn replace_document(
        &self,
        user: UserId,
        kind: DocumentKind,
        old: Option<&str>,
        new: &str,
        now: UnixSeconds,
    ) -> Result<bool, PortError> {
        self.through(self.ports.replace_document(user, kind, old, new, now)).await
    }
}

impl<P: Sessions> Sessions for Faulty<P> {
    async fn open_session(&self, session: NewSession) -> Result<Opened, PortError> {
        self.through(self.ports.open_session(session)).await
    }

    async fn check_session(
        &self,
        proof: &SessionProof,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<SessionCheck, PortError> {
        self.through(self.ports.check_session(proof, generations, now)).await
    }

    async fn list_sessions(&self, user: UserId, now: UnixSeconds) -> Result<Vec<SessionRecord>, PortError> {
        self.through(self.ports.list_sessions(user, now)).await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Ending, PortError> {
        self.through(self.ports.end_session(user, session)).await
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        kept: SessionId,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError> {
        self.through(self.ports.end_other_sessions(user, kept, now)).await
    }

    async fn keep_session(
        &self,
        user: UserId,
        kept: SessionId,
        credential_version: u32,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError> {
        self.through(self.ports.keep_session(user, kept, credential_version, now)).await
    }

    async fn end_all_sessions(&self, user: UserId, now: UnixSeconds) -> Result<EndedSessions, PortError> {
        self.through(self.ports.end_all_sessions(user, now)).await
    }

    async fn account_changed(&self, user: UserId) -> Result<(), PortError> {
        self.through(self.ports.account_changed(user)).await
    }

    async fn revoke_token(
        &self,
        user: UserId,
        session: SessionId,
        token: TokenId,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<(), PortError> {
        self.through(self.ports.revoke_token(user, session, token, until, now)).await
    }

    async fn refresh_session(
        &self,
        user: UserId,
        session: SessionId,
        used: RefreshUse,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<Refresh, PortError> {
        self.through(self.ports.refresh_session(user, session, used, generations, now)).await
    }

    async fn ban_account(&self, user: UserId, until: UnixSeconds, now: UnixSeconds) -> Result<(), PortError> {
        self.through(self.ports.ban_account(user, until, now)).await
    }

    async fn lift_ban(&self, user: UserId) -> Result<(), PortError> {
        self.through(self.ports.lift_ban(user)).await
    }

    async fn record_violation(
        &self,
        user: UserId,
        points: u32,
        policy: BanPolicy,
        now: UnixSeconds,
    ) -> Result<Violation, PortError> {
        self.through(self.ports.record_violation(user, points, policy, now)).await
    }

    async fn use_once(
        &self,
        user: UserId,
        key: UseKey,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<Use, PortError> {
        self.through(self.ports.use_once(user, key, until, now)).await
    }

    async fn forget_uses(&self, user: UserId, purpose: &str) -> Result<(), PortError> {
        self.through(self.ports.forget_uses(user, purpose)).await
    }

    async fn accept_totp_step(&self, user: UserId, step: Step, now: UnixSeconds) -> Result<Use, PortError> {
        self.through(self.ports.accept_totp_step(user, step, now)).await
    }

    async fn claim_refresh(
        &self,
        user: UserId,
        tokens: ProviderSessionId,
        now: UnixSeconds,
    ) -> Result<Claim, PortError> {
        self.through(self.ports.claim_refresh(user, tokens, now)).await
    }

    async fn release_refresh(&self, user: UserId, tokens: ProviderSessionId) -> Result<(), PortError> {
        self.through(self.ports.release_refresh(user, tokens)).await
    }

    async fn open_challenge(
        &self,
        user: UserId,
        challenge: Challenge,
        now: UnixSeconds,
    ) -> Result<Option<UnixSeconds>, PortError> {
        self.through(self.ports.open_challenge(user, challenge, now)).await
    }

    async fn find_challenge(
        &self,
        user: UserId,
        hash: &str,
        attempt: Attempt,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<ChallengeLookup, PortError> {
        self.through(self.ports.find_challenge(user, hash, attempt, generations, now)).await
    }

    async fn stage_factor(
        &self,
        user: UserId,
        hash: &str,
        staged: String,
        now: UnixSeconds,
    ) -> Result<Option<String>, PortError> {
        self.through(self.ports.stage_factor(user, hash, staged, now)).await
    }

    async fn complete_challenge(
        &self,
        user: UserId,
        hash: &str,
        step: Option<Step>,
        now: UnixSeconds,
    ) -> Result<Completed, PortError> {
        self.through(self.ports.complete_challenge(user, hash, step, now)).await
    }
}

impl<P: SecondFactors> SecondFactors for Faulty<P> {
    async fn find_second_factor(&self, user: UserId) -> Result<Option<StoredFactor>, PortError> {
        self.through(self.ports.find_second_factor(user)).await
    }

    async fn replace_second_factor(
        &self,
        user: UserId,
        old: Option<&StoredFactor>,
        new: Option<StoredFactor>,
        event: AuditEvent,
    ) -> Result<FactorReplaced, PortError> {
        self.through(self.ports.replace_second_factor(user, old, new, event)).await
    }

    async fn swap_backup_codes(
        &self,
        user: UserId,
        old: &BackupCodes,
        new: &BackupCodes,
    ) -> Result<Replaced, PortError> {
        self.through(self.ports.swap_backup_codes(user, old, new)).await
    }
}

impl<P: Outbound> Outbound for Faulty<P> {
    async fn post(&self, message: Message) -> Result<(), PortError> {
        self.through(self.ports.post(message)).await
    }
}

impl<P: Webhooks> Webhooks for Faulty<P> {
    async fn list_webhooks(&self) -> Result<Vec<(Webhook, Delivery)>, PortError> {
        self.through(self.ports.list_webhooks()).await
    }

    async fn create_webhook(
        &self,
        webhook: Webhook,
        since: UnixSeconds,
        event: AuditEvent,
    ) -> Result<WebhookSaved, PortError> {
        self.through(self.ports.create_webhook(webhook, since, event)).await
    }

    async fn replace_webhook(&self, webhook: Webhook, event: AuditEvent) -> Result<WebhookSaved, PortError> {
        self.through(self.ports.replace_webhook(webhook, event)).await
    }

    async fn delete_webhook(&self, id: &str, event: AuditEvent) -> Result<bool, PortError> {
        self.through(self.ports.delete_webhook(id, event)).await
    }

    async fn note_delivery(&self, id: &str, old: Delivery, new: Delivery) -> Result<(), PortError> {
        self.through(self.ports.note_delivery(id, old, new)).await
    }
}

impl<P: Signatures> Signatures for Faulty<P> {
    async fn verify_signature(
        &self,
        key: &PublicKey,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, PortError> {
        self.through(self.ports.verify_signature(key, algorithm, input, signature)).await
    }

    async fn sign(&self, key: &PrivateKey, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.through(self.ports.sign(key, input)).await
    }
}

impl<P: Throttles> Throttles for Faulty<P> {
    async fn spend_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<Spent, PortError> {
        self.through(self.ports.spend_sign_in(attempt, now)).await
    }

    async fn settle_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<u32, PortError> {
        self.through(self.ports.settle_sign_in(attempt, now)).await
    }

    async fn spend(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        subject: Option<u64>,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Spent, PortError> {
        self.through(self.ports.spend(bucket, limit, subject, network, now)).await
    }

    async fn meter(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Metered, PortError> {
        self.through(self.ports.meter(bucket, limit, network, now)).await
    }

    async fn give_back(&self, bucket: &BucketKey) -> Result<(), PortError> {
        self.through(self.ports.give_back(bucket)).await
    }
}

impl<P: Mail> Mail for Faulty<P> {
    async fn mail_cursor(&self, begin: UnixSeconds) -> Result<u64, PortError> {
        self.through(self.ports.mail_cursor(begin)).await
    }

    async fn order_mail(&self, old: u64, new: u64, orders: &[Order]) -> Result<(), PortError> {
        self.through(self.ports.order_mail(old, new, orders)).await
    }

    async fn due_mail(&self, now: UnixSeconds, limit: u32) -> Result<Vec<Order>, PortError> {
        self.through(self.ports.due_mail(now, limit)).await
    }

    async fn next_mail(&self) -> Result<Option<UnixSeconds>, PortError> {
        self.through(self.ports.next_mail()).await
    }

    async fn settle_mail(&self, order: &Order, next: Option<&Order>) -> Result<(), PortError> {
        self.through(self.ports.settle_mail(order, next)).await
    }

    async fn kept_letters(&self) -> Result<Vec<KeptLetter>, PortError> {
        self.through(self.ports.kept_letters()).await
    }

    async fn send_mail(
        &self,
        policy: &MailPolicy,
        letter: &Letter,
        order: &Order,
        now: UnixSeconds,
    ) -> Result<(), SendError> {
        let sent = async { Ok(self.ports.send_mail(policy, letter, order, now).await) };
        match self.through(sent).await {
            Ok(sent) => sent,
            Err(fault) => Err(SendError::Unavailable(fault.detail)),
        }
    }
}

impl<P: Tickets> Tickets for Faulty<P> {
    async fn issue_ticket(&self, ticket: Ticket) -> Result<(), PortError> {
        self.through(self.ports.issue_ticket(ticket)).await
    }

    async fn find_ticket(&self, hash: &str, purpose: Purpose) -> Result<Option<Ticket>, PortError> {
        self.through(self.ports.find_ticket(hash, purpose)).await
    }

    async fn reset_password(
        &self,
        ticket: &Ticket,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.through(self.ports.reset_password(ticket, new, event)).await
    }

    async fn verify_email(&self, ticket: &Ticket, event: AuditEvent) -> Result<Replaced, PortError> {
        self.through(self.ports.verify_email(ticket, event)).await
    }

    async fn previous_email(&self, user: UserId) -> Result<Option<Email>, PortError> {
        self.through(self.ports.previous_email(user)).await
    }

    async fn create_invitation(&self, invitation: Invitation, event: AuditEvent) -> Result<(), PortError> {
        self.through(self.ports.create_invitation(invitation, event)).await
    }

    async fn renew_invitation(&self, id: InvitationId, hash: &str) -> Result<Replaced, PortError> {
        self.through(self.ports.renew_invitation(id, hash)).await
    }

    async fn load_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, PortError> {
        self.through(self.ports.load_invitation(id)).await
    }

    async fn find_invitation(&self, hash: &str, now: UnixSeconds) -> Result<Option<Invitation>, PortError> {
        self.through(self.ports.find_invitation(hash, now)).await
    }

    async fn list_invitations(&self, now: UnixSeconds) -> Result<Vec<Invitation>, PortError> {
        self.through(self.ports.list_invitations(now)).await
    }

    async fn delete_invitation(&self, id: InvitationId, event: AuditEvent) -> Result<Replaced, PortError> {
        self.through(self.ports.delete_invitation(id, event)).await
    }

    async fn list_unverified(&self, before: UnixSeconds, limit: u32) -> Result<Vec<UserId>, PortError> {
        self.through(self.ports.list_unverified(before, limit)).await
    }
}

impl<P: Users> Users for Faulty<P> {
    async fn preview_admission(
        &self,
        email: Option<&Email>,
        policy: SignUpPolicy,
    ) -> Result<Admission, PortError> {
        self.through(self.ports.preview_admission(email, policy)).await
    }

    async fn create_user(
        &self,
        user: NewUser,
        policy: SignUpPolicy,
        event: AuditEvent,
    ) -> Result<Created, PortError> {
        self.through(self.ports.create_user(user, policy, event)).await
    }

    async fn find_credential(&self, email: &Email) -> Result<Option<Credential>, PortError> {
        self.through(self.ports.find_credential(email)).await
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError> {
        self.through(self.ports.replace_password_hash(user, old, new, now)).await
    }

    async fn load_credential(&self, user: UserId) -> Result<Option<Credential>, PortError> {
        self.through(self.ports.load_credential(user)).await
    }

    async fn change_password(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.through(self.ports.change_password(user, old, new, event)).await
    }

    async fn primary_admin(&self) -> Result<Option<UserId>, PortError> {
        self.through(self.ports.primary_admin()).await
    }

    async fn update_user(
        &self,
        user: UserId,
        change: UserChange,
        event: AuditEvent,
    ) -> Result<Updated, PortError> {
        self.through(self.ports.update_user(user, change, event)).await
    }

    async fn delete_unverified(
        &self,
        user: UserId,
        before: UnixSeconds,
        event: AuditEvent,
    ) -> Result<Deleted, PortError> {
        self.through(self.ports.delete_unverified(user, before, event)).await
    }

    async fn delete_user(&self, user: UserId, event: AuditEvent) -> Result<Deleted, PortError> {
        self.through(self.ports.delete_user(user, event)).await
    }
}
