//! Somebody whom a provider has identified: one batch, which D1 runs as one transaction.

use portico_core::{
    audit::{AuditEvent, AuditOutcome},
    display_name::DisplayName,
    email::Email,
    identity::{Arrival, Arrived, ArrivedAccount, GroupSync, Identity, NewProviderSession, RoleChange},
    image_reference::ImageReference,
    time::UnixSeconds,
    user::{EmailVerification, NewUser, Role, SignUpPolicy},
};
use serde::Deserialize;
use serde_json::json;
use worker::{D1Database, D1PreparedStatement, D1Result, D1Type};

use super::{
    Store, audit_log,
    batch::{changed, first, optional, seconds},
    identities::names,
    row::{AccountRow, CLOSE_SIGN_UP, JOIN_GROUP, WAS_INSERTED},
    users::{flag, flags},
};

/// The account that the identity `?1`, `?2`, `?3` belongs to.
macro_rules! owner {
    () => {
        "(SELECT user_id FROM identities WHERE provider = ?1 AND issuer = ?2 AND subject = ?3)"
    };
}

/// The account of the address `?4` that the identity may be linked to (OA-10, OA-11).
macro_rules! merged {
    () => {
        "(SELECT u.id FROM users AS u WHERE u.email = ?4 AND u.email_verified_at IS NOT NULL AND u.role <> 'admin'
            AND NOT EXISTS (SELECT 1 FROM identities AS i WHERE i.user_id = u.id AND i.provider = ?1))"
    };
}

impl Store {
    /// One batch, which D1 runs as one transaction: whoever comes, and however many at a time, each statement sees what
    /// those before it have made of the account.
    pub(super) async fn write_arrival(&self, arrival: Arrival) -> worker::Result<Arrived> {
        const STATE: &str = concat!(
            "SELECT ",
            owner!(),
            " IS NOT NULL AS known, ",
            is_open!("?4", "?5", "?6", "?7"),
            " AS open, NOT EXISTS (SELECT 1 FROM users) AS first"
        );
        const FIND: &str = concat!("SELECT ", account_columns!(), " FROM users AS u WHERE u.id = ", owner!());
        #[derive(Deserialize)]
        struct State {
            known: i64,
            open: i64,
            first: i64,
        }
        let database = self.database()?;
        let mut batch = Batch::new(&database, &arrival.identity);
        let [first_may, others, unless_stored, stored_counts] = flags(arrival.policy);
        batch.push(STATE, &[first_may, others, unless_stored, stored_counts])?;
        let linked = batch.merge(&arrival)?;
        if let Some(new) = &arrival.sign_up {
            batch.sign_up(new, arrival.policy, &arrival.events.signed_up)?;
        }
        let new_id = arrival.sign_up.as_ref().map(|new| new.id.to_string());
        let change = batch.change(&arrival, new_id.as_deref())?;
        let groups = match &arrival.groups {
            Some(groups) => batch.sync(groups, &arrival.events.synced, arrival.at)?,
            None => Vec::new(),
        };
        if let Some(session) = &arrival.session {
            batch.keep(session, arrival.at)?;
        }
        let events = &arrival.events;
        batch.let_in(&events.signed_in, events.factor_due.as_ref())?;
        let found = batch.push(FIND, &[])?;
        let results = database.batch(batch.statements).await?;

        let state: Option<State> = first(&results, 0)?;
        let row: Option<AccountRow> = first(&results, found)?;
        let (Some(state), Some(row)) = (&state, row) else {
            let is_open = arrival.sign_up.is_some() && state.is_some_and(|state| state.open != 0);
            return Ok(if is_open { Arrived::EmailTaken } else { Arrived::Closed });
        };
        let has = |statements: &[usize]| any_changed(&results, statements);
        let is_linked = has(&[linked])?;
        let is_new = state.known == 0 && !is_linked;
        let is_synced = has(&groups)?;
        let is_changed = has(&change)?;
        let [moved, _] = change;
        let is_moved = has(&[moved])?;
        for (happened, event) in [
            (is_new, &events.signed_up),
            (is_linked, &events.linked),
            (is_changed, &events.changed),
            (is_moved, &events.moved),
            (is_synced, &events.synced),
            (true, &events.signed_in),
        ] {
            if happened {
                audit_log::count(event);
            }
        }
        if is_new && state.first != 0 {
            // Registration has just been closed, and there is somebody.
            self.forget_settings().await;
        }
        let account = row.try_into()?;
        let is_changed = is_linked || is_changed || (is_synced && !is_new);
        Ok(Arrived::Account(Box::new(ArrivedAccount { account, is_changed })))
    }
}

/// The statements about an arrival. The first three parameters of each are the identity.
struct Batch<'a> {
    database: &'a D1Database,
    identity: &'a Identity,
    statements: Vec<D1PreparedStatement>,
}

impl<'a> Batch<'a> {
    const fn new(database: &'a D1Database, identity: &'a Identity) -> Self {
        Self { database, identity, statements: Vec::new() }
    }

    /// Adds a statement about the identity; says which it is.
    fn push(&mut self, statement: &str, more: &[D1Type<'_>]) -> worker::Result<usize> {
        let names = names(self.identity);
        let statement = self.database.prepare(statement).bind_refs(names.iter().chain(more))?;
        self.statements.push(statement);
        Ok(self.statements.len() - 1)
    }

    /// Adds an event by the identity's owner, if the statement before it changes something.
    fn note(&mut self, event: &AuditEvent) -> worker::Result<()> {
        self.statements.push(audit_log::insert_by_owner(self.database, event, self.identity)?);
        Ok(())
    }

    fn merge(&mut self, arrival: &Arrival) -> worker::Result<usize> {
        const MERGE: &str = concat!(
            "INSERT INTO identities (provider, issuer, subject, user_id, created_at)
             SELECT ?1, ?2, ?3, ",
            merged!(),
            ", ?5 WHERE ",
            merged!(),
            " IS NOT NULL ON CONFLICT (provider, issuer, subject) DO NOTHING"
        );
        let email = optional(arrival.merge.as_ref().map(Email::as_str));
        let merged = self.push(MERGE, &[email, seconds(arrival.at)])?;
        self.note(&arrival.events.linked)?;
        Ok(merged)
    }

    fn sign_up(&mut self, new: &NewUser, policy: SignUpPolicy, event: &AuditEvent) -> worker::Result<()> {
        const INSERT: &str = concat!(
            "INSERT INTO users (id, email, name, role, profile_image_url, created_at, updated_at, last_active_at,
                 username, email_verified_at)
             SELECT ?8, ?9, ?10, CASE WHEN EXISTS (SELECT 1 FROM users) THEN ?11 ELSE 'admin' END, ?12, ?13, ?13, ?13,
                 ?14, ?15
             WHERE ",
            owner!(),
            " IS NULL AND ",
            is_open!("?4", "?5", "?6", "?7"),
            " ON CONFLICT (email) DO NOTHING"
        );
        const LINK: &str = "INSERT INTO identities (provider, issuer, subject, user_id, created_at)
             SELECT ?1, ?2, ?3, id, created_at FROM users WHERE id = ?4";
        let id = new.id.to_string();
        let group = new.default_group.map(|group| group.to_string());
        let verified_at = match new.verification {
            EmailVerification::Done => seconds(new.created_at),
            EmailVerification::DueBy(_) | EmailVerification::Unasked => D1Type::Null,
        };
        let [first_may, others, unless_stored, stored_counts] = flags(policy);
        let bound = [
            first_may,
            others,
            unless_stored,
            stored_counts,
            D1Type::Text(&id),
            D1Type::Text(new.email.as_str()),
            D1Type::Text(new.name.as_str()),
            D1Type::Text(new.default_role.as_str()),
            D1Type::Text(new.image.as_str()),
            seconds(new.created_at),
            optional(new.username.as_deref()),
            verified_at,
        ];
        self.push(INSERT, &bound)?;
        self.push(LINK, &[D1Type::Text(&id)])?;
        let first_event = AuditEvent { outcome: AuditOutcome::FirstAdmin, ..event.clone() };
        for (is_first, event) in [(true, &first_event), (false, event)] {
            let was_inserted = [D1Type::Text(&id), flag(is_first)];
            self.statements.push(self.database.prepare(WAS_INSERTED).bind_refs(&was_inserted)?);
            self.note(event)?;
        }
        let closes = [D1Type::Text(&id), flag(policy.closes), seconds(new.created_at)];
        self.statements.push(self.database.prepare(CLOSE_SIGN_UP).bind_refs(&closes)?);
        let joins = [D1Type::Text(&id), optional(group.as_deref()), seconds(new.created_at)];
        self.statements.push(self.database.prepare(JOIN_GROUP).bind_refs(&joins)?);
        Ok(())
    }

    /// Brings an account up to date that was there; says which statements do.
    fn change(&mut self, arrival: &Arrival, new_id: Option<&str>) -> worker::Result<[usize; 2]> {
        // `OR IGNORE` leaves the address alone where somebody else has it.
        const MOVE: &str = concat!(
            "UPDATE OR IGNORE users SET previous_email = email, email = ?5, email_verified_at = ?7,
                 verify_by = NULL, updated_at = ?6
             WHERE id = ",
            owner!(),
            " AND id IS NOT ?4 AND email <> ?5"
        );
        // What is NULL stays. The last administrator stays one, whatever a provider says (AD-05).
        const UPDATE: &str = concat!(
            "UPDATE users SET
                 role = CASE WHEN (?9 AND role <> 'admin') OR (?5 <> 'admin' AND role = 'admin'
                     AND NOT EXISTS (SELECT 1 FROM users AS other WHERE other.role = 'admin' AND other.id <> users.id))
                   THEN role ELSE COALESCE(?5, role) END,
                 name = COALESCE(?6, name), profile_image_url = COALESCE(?7, profile_image_url), updated_at = ?8,
                 username = COALESCE(?10, username)
             WHERE id = ",
            owner!(),
            " AND id IS NOT ?4 AND (name <> ?6 OR profile_image_url <> ?7 OR (?10 IS NOT NULL AND username IS NOT ?10)
                 OR (role <> ?5 AND (role = 'admin' OR NOT ?9) AND (?5 = 'admin' OR role <> 'admin'
                   OR EXISTS (SELECT 1 FROM users AS other WHERE other.role = 'admin' AND other.id <> users.id))))"
        );
        let change = &arrival.change;
        let email = optional(change.email.as_ref().map(Email::as_str));
        let verified_at = if change.is_email_verified { seconds(arrival.at) } else { D1Type::Null };
        let moved = self.push(MOVE, &[optional(new_id), email, seconds(arrival.at), verified_at])?;
        self.note(&arrival.events.moved)?;
        let bound = [
            optional(new_id),
            optional(change.role.map(|change| change.of(Role::Admin).as_str())),
            optional(change.name.as_ref().map(DisplayName::as_str)),
            optional(change.image.as_ref().map(ImageReference::as_str)),
            seconds(arrival.at),
            flag(change.role == Some(RoleChange::Demote)),
            optional(change.username.as_deref()),
        ];
        let updated = self.push(UPDATE, &bound)?;
        self.note(&arrival.events.changed)?;
        Ok([moved, updated])
    }

    /// Takes memberships from the names of groups; says which statements do.
    fn sync(
        &mut self,
        groups: &GroupSync,
        event: &AuditEvent,
        at: UnixSeconds,
    ) -> worker::Result<Vec<usize>> {
        const CREATE: &str = concat!(
            "INSERT INTO groups (id, created_by, name, description, permissions, data, created_at, updated_at)
             SELECT json_extract(value, '$.id'),
                 COALESCE((SELECT id FROM users WHERE role = 'admin' ORDER BY created_at, rowid LIMIT 1), ",
            owner!(),
            "), json_extract(value, '$.name'), json_extract(value, '$.description'), ?5, ?6, ?7, ?7 FROM json_each(?4)
             WHERE ",
            owner!(),
            " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM groups WHERE name = json_extract(value, '$.name'))"
        );
        const LEAVE: &str = concat!(
            "DELETE FROM group_members WHERE user_id = ",
            owner!(),
            " AND source = 'synced' AND group_id NOT IN (SELECT id FROM groups
                 WHERE name IN (SELECT value FROM json_each(?4)) OR name IN (SELECT value FROM json_each(?5)))"
        );
        const JOIN: &str = concat!(
            "INSERT INTO group_members (group_id, user_id, created_at, source)
             SELECT groups.id, users.id, ?6, 'synced' FROM groups, users WHERE users.id = ",
            owner!(),
            " AND groups.name IN (SELECT value FROM json_each(?4))
              AND groups.name NOT IN (SELECT value FROM json_each(?5))
             ON CONFLICT (group_id, user_id) DO NOTHING"
        );
        if let Some(template) = &groups.create {
            let new =
                groups.names.iter().zip(&template.ids).map(
                    |(name, id)| json!({"id": id, "name": name, "description": template.description(name)}),
                );
            let new = serde_json::Value::Array(new.collect()).to_string();
            let bound = [
                D1Type::Text(&new),
                D1Type::Text(&template.permissions),
                D1Type::Text(&template.data),
                seconds(at),
            ];
            self.push(CREATE, &bound)?;
        }
        let (named, spared) = (serde_json::to_string(&groups.names)?, serde_json::to_string(&groups.spared)?);
        let lists = [D1Type::Text(&named), D1Type::Text(&spared), seconds(at)];
        let left = self.push(LEAVE, lists.get(..2).unwrap_or_default())?;
        self.note(event)?;
        let joined = self.push(JOIN, &lists)?;
        self.note(event)?;
        Ok(vec![left, joined])
    }

    /// Keeps what the provider gave, and no more of it than is wanted.
    fn keep(&mut self, session: &NewProviderSession, at: UnixSeconds) -> worker::Result<()> {
        const INSERT: &str = concat!(
            "INSERT INTO provider_sessions (id, user_id, provider, remote_id, tokens, expires_at, created_at, updated_at)
             SELECT ?4, users.id, ?1, ?5, ?6, ?7, ?8, ?8 FROM users WHERE users.id = ",
            owner!()
        );
        const PRUNE: &str = concat!(
            "DELETE FROM provider_sessions WHERE provider = ?1 AND user_id = ",
            owner!(),
            " AND id NOT IN (SELECT id FROM provider_sessions WHERE provider = ?1 AND user_id = ",
            owner!(),
            " ORDER BY created_at DESC, rowid DESC LIMIT ?4)"
        );
        const REPLACE: &str =
            concat!("DELETE FROM provider_sessions WHERE id = ?4 AND ", owner!(), " IS NOT NULL");
        let id = session.id.to_string();
        let bound = [
            D1Type::Text(&id),
            optional(session.remote.as_deref()),
            D1Type::Text(&session.sealed),
            seconds(session.expires_at),
            seconds(at),
        ];
        self.push(INSERT, &bound)?;
        self.push(PRUNE, &[D1Type::Real(f64::from(session.kept))])?;
        if let Some(replaced) = session.replaces {
            let replaced = replaced.to_string();
            self.push(REPLACE, &[D1Type::Text(&replaced)])?;
        }
        Ok(())
    }

    /// Writes down that somebody came, and what they still have to do.
    fn let_in(&mut self, signed_in: &AuditEvent, factor_due: Option<&AuditEvent>) -> worker::Result<()> {
        const HAS_FACTOR: &str = concat!(
            "UPDATE users SET last_active_at = last_active_at WHERE id = ",
            owner!(),
            " AND ?4 = EXISTS (SELECT 1 FROM second_factors WHERE user_id = users.id)"
        );
        for (has_factor, event) in [(true, factor_due.unwrap_or(signed_in)), (false, signed_in)] {
            self.push(HAS_FACTOR, &[flag(has_factor)])?;
            self.note(event)?;
        }
        Ok(())
    }
}

fn any_changed(results: &[D1Result], statements: &[usize]) -> worker::Result<bool> {
    let all: worker::Result<Vec<bool>> = statements.iter().map(|place| changed(results, *place)).collect();
    Ok(all?.contains(&true))
}
