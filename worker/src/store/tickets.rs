use portico_core::{
    audit::AuditEvent,
    email::Email,
    id::{InvitationId, UserId},
    password::PasswordHash,
    ports::{PortError, Replaced, Tickets},
    ticket::{Invitation, Purpose, Ticket},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, seconds},
    fault,
};

impl Tickets for Store {
    async fn issue_ticket(&self, ticket: Ticket) -> Result<(), PortError> {
        self.insert_ticket(&ticket).await.map_err(fault("tickets"))
    }

    async fn find_ticket(&self, hash: &str, purpose: Purpose) -> Result<Option<Ticket>, PortError> {
        self.read_ticket(hash, purpose).await.map_err(fault("tickets"))
    }

    async fn reset_password(
        &self,
        ticket: &Ticket,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.use_reset_ticket(ticket, new, &event).await.map_err(fault("tickets"))
    }

    async fn verify_email(&self, ticket: &Ticket, event: AuditEvent) -> Result<Replaced, PortError> {
        self.use_verify_ticket(ticket, &event).await.map_err(fault("tickets"))
    }

    async fn previous_email(&self, user: UserId) -> Result<Option<Email>, PortError> {
        self.read_previous_email(user).await.map_err(fault("tickets"))
    }

    async fn create_invitation(&self, invitation: Invitation, event: AuditEvent) -> Result<(), PortError> {
        self.insert_invitation(&invitation, &event).await.map_err(fault("tickets"))
    }

    async fn renew_invitation(&self, id: InvitationId, hash: &str) -> Result<Replaced, PortError> {
        self.write_invitation_hash(id, hash).await.map_err(fault("tickets"))
    }

    async fn load_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, PortError> {
        const BY_ID: &str = concat!(invitations!(), "WHERE id = ?1 AND ?2 IS NULL");
        let id = id.to_string();
        let found = self.read_invitations(BY_ID, [D1Type::Text(&id), D1Type::Null]).await;
        found.map(|found| found.into_iter().next()).map_err(fault("tickets"))
    }

    async fn find_invitation(&self, hash: &str, now: UnixSeconds) -> Result<Option<Invitation>, PortError> {
        const BY_HASH: &str = concat!(invitations!(), "WHERE hash = ?1 AND expires_at > ?2");
        let found = self.read_invitations(BY_HASH, [D1Type::Text(hash), seconds(now)]).await;
        found.map(|found| found.into_iter().next()).map_err(fault("tickets"))
    }

    async fn list_invitations(&self, now: UnixSeconds) -> Result<Vec<Invitation>, PortError> {
        const ALIVE: &str = concat!(
            invitations!(),
            "WHERE ?1 IS NULL AND expires_at > ?2 ORDER BY created_at, id LIMIT 1000"
        );
        self.read_invitations(ALIVE, [D1Type::Null, seconds(now)]).await.map_err(fault("tickets"))
    }

    async fn delete_invitation(&self, id: InvitationId, event: AuditEvent) -> Result<Replaced, PortError> {
        self.remove_invitation(id, &event).await.map_err(fault("tickets"))
    }

    async fn list_unverified(&self, before: UnixSeconds, limit: u32) -> Result<Vec<UserId>, PortError> {
        self.read_unverified(before, limit).await.map_err(fault("tickets"))
    }
}

/// The beginning of every statement that reads invitations.
macro_rules! invitations {
    () => {
        "SELECT id, hash, email, created_by, created_at, expires_at FROM invitations "
    };
}
use invitations;

/// Takes the ticket `?1` of the account `?2`, if it is alive at `?3` and the account is as it was.
const TAKE: &str = "DELETE FROM tickets WHERE hash = ?1 AND user_id = ?2 AND expires_at > ?3 AND EXISTS (
     SELECT 1 FROM users WHERE users.id = tickets.user_id AND users.email = tickets.email
         AND users.credential_version = tickets.credential_version)";

impl Store {
    async fn insert_ticket(&self, ticket: &Ticket) -> worker::Result<()> {
        const FORGET: &str = "DELETE FROM tickets WHERE user_id = ?1 AND purpose = ?2";
        const INSERT: &str =
            "INSERT INTO tickets (hash, purpose, user_id, email, credential_version, expires_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?3)";
        let user = ticket.user.to_string();
        let (user, purpose) = (D1Type::Text(&user), D1Type::Text(ticket.purpose.as_str()));
        let database = self.database()?;
        let statements = vec![
            database.prepare(FORGET).bind_refs([&user, &purpose])?,
            database.prepare(INSERT).bind_refs([
                &D1Type::Text(&ticket.hash),
                &purpose,
                &user,
                &D1Type::Text(ticket.email.as_str()),
                &D1Type::Real(f64::from(ticket.credential_version)),
                &seconds(ticket.expires_at),
            ])?,
        ];
        database.batch(statements).await.map(|_| ())
    }

    async fn read_ticket(&self, hash: &str, purpose: Purpose) -> worker::Result<Option<Ticket>> {
        const FIND: &str = "SELECT user_id, email, credential_version, expires_at FROM tickets
             WHERE hash = ?1 AND purpose = ?2";
        #[derive(Deserialize)]
        struct Row {
            user_id: UserId,
            email: Email,
            credential_version: u32,
            expires_at: i64,
        }
        let bound = [D1Type::Text(hash), D1Type::Text(purpose.as_str())];
        let row: Option<Row> = self.database()?.prepare(FIND).bind_refs(&bound)?.first(None).await?;
        Ok(row.map(|row| Ticket {
            hash: hash.to_string(),
            purpose,
            user: row.user_id,
            email: row.email,
            credential_version: row.credential_version,
            expires_at: UnixSeconds::new(row.expires_at),
        }))
    }

    /// Each statement only if the one before changed something: the ticket is the first to go.
    async fn use_reset_ticket(
        &self,
        ticket: &Ticket,
        new: &PasswordHash,
        event: &AuditEvent,
    ) -> worker::Result<Replaced> {
        const COUNT: &str = "UPDATE users SET credential_version = credential_version + 1, updated_at = ?2
             WHERE id = ?1 AND changes() > 0";
        const SET_HASH: &str = "UPDATE credentials SET password_hash = ?2, updated_at = ?3
             WHERE user_id = ?1 AND changes() > 0";
        // Those of the old password are dead already; here they go.
        const FORGET: &str = "DELETE FROM tickets WHERE user_id = ?1 AND changes() > 0";
        let (user, now) = (ticket.user.to_string(), seconds(event.at));
        let user = D1Type::Text(&user);
        let database = self.database()?;
        let statements = vec![
            database.prepare(TAKE).bind_refs([&D1Type::Text(&ticket.hash), &user, &now])?,
            database.prepare(COUNT).bind_refs([&user, &now])?,
            database.prepare(SET_HASH).bind_refs([&user, &D1Type::Text(new.as_str()), &now])?,
            audit_log::insert(&database, event, Condition::IfChanged)?,
            database.prepare(FORGET).bind_refs(&user)?,
        ];
        let results = database.batch(statements).await?;
        Ok(if changed(&results, 2)? { Replaced::Yes } else { Replaced::No })
    }

    async fn use_verify_ticket(&self, ticket: &Ticket, event: &AuditEvent) -> worker::Result<Replaced> {
        const NOTE: &str = "UPDATE users SET email_verified_at = ?2, verify_by = NULL, updated_at = ?2
             WHERE id = ?1 AND changes() > 0";
        let (user, now) = (ticket.user.to_string(), seconds(event.at));
        let user = D1Type::Text(&user);
        let database = self.database()?;
        let statements = vec![
            database.prepare(TAKE).bind_refs([&D1Type::Text(&ticket.hash), &user, &now])?,
            database.prepare(NOTE).bind_refs([&user, &now])?,
            audit_log::insert(&database, event, Condition::IfChanged)?,
        ];
        let results = database.batch(statements).await?;
        Ok(if changed(&results, 1)? { Replaced::Yes } else { Replaced::No })
    }

    async fn read_previous_email(&self, user: UserId) -> worker::Result<Option<Email>> {
        const FIND: &str = "SELECT previous_email FROM users WHERE id = ?1";
        #[derive(Deserialize)]
        struct Row {
            previous_email: Option<Email>,
        }
        let user = user.to_string();
        let found = self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&user))?;
        Ok(found.first::<Row>(None).await?.and_then(|row| row.previous_email))
    }

    async fn insert_invitation(&self, invitation: &Invitation, event: &AuditEvent) -> worker::Result<()> {
        const INSERT: &str =
            "INSERT OR REPLACE INTO invitations (id, hash, email, created_by, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (id, created_by) = (invitation.id.to_string(), invitation.created_by.to_string());
        let database = self.database()?;
        let statements = vec![
            database.prepare(INSERT).bind_refs(&[
                D1Type::Text(&id),
                D1Type::Text(&invitation.hash),
                D1Type::Text(invitation.email.as_str()),
                D1Type::Text(&created_by),
                seconds(invitation.created_at),
                seconds(invitation.expires_at),
            ])?,
            audit_log::insert(&database, event, Condition::Always)?,
        ];
        database.batch(statements).await.map(|_| ())
    }

    async fn write_invitation_hash(&self, id: InvitationId, hash: &str) -> worker::Result<Replaced> {
        const RENEW: &str = "UPDATE invitations SET hash = ?2 WHERE id = ?1";
        let id = id.to_string();
        let bound = [D1Type::Text(&id), D1Type::Text(hash)];
        let result = self.database()?.prepare(RENEW).bind_refs(&bound)?.run().await?;
        Ok(if changed(&[result], 0)? { Replaced::Yes } else { Replaced::No })
    }

    async fn read_invitations(
        &self,
        statement: &str,
        bound: [D1Type<'_>; 2],
    ) -> worker::Result<Vec<Invitation>> {
        #[derive(Deserialize)]
        struct Row {
            id: InvitationId,
            hash: String,
            email: Email,
            created_by: UserId,
            created_at: i64,
            expires_at: i64,
        }
        let rows: Vec<Row> = self.database()?.prepare(statement).bind_refs(&bound)?.all().await?.results()?;
        let read = |row: Row| Invitation {
            id: row.id,
            hash: row.hash,
            email: row.email,
            created_by: row.created_by,
            created_at: UnixSeconds::new(row.created_at),
            expires_at: UnixSeconds::new(row.expires_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    async fn remove_invitation(&self, id: InvitationId, event: &AuditEvent) -> worker::Result<Replaced> {
        const DELETE: &str = "DELETE FROM invitations WHERE id = ?1";
        let id = id.to_string();
        let database = self.database()?;
        let statements = vec![
            database.prepare(DELETE).bind_refs(&D1Type::Text(&id))?,
            audit_log::insert(&database, event, Condition::IfChanged)?,
        ];
        let results = database.batch(statements).await?;
        Ok(if changed(&results, 0)? { Replaced::Yes } else { Replaced::No })
    }

    async fn read_unverified(&self, before: UnixSeconds, limit: u32) -> worker::Result<Vec<UserId>> {
        const LATE: &str = "SELECT id FROM users WHERE verify_by < ?1 AND email_verified_at IS NULL
             ORDER BY verify_by LIMIT ?2";
        #[derive(Deserialize)]
        struct Row {
            id: UserId,
        }
        let bound = [seconds(before), D1Type::Real(f64::from(limit))];
        let rows: Vec<Row> = self.database()?.prepare(LATE).bind_refs(&bound)?.all().await?.results()?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}
