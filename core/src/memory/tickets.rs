use alloc::{string::ToString as _, vec::Vec};

use super::Memory;
use crate::{
    audit::AuditEvent,
    email::Email,
    id::{InvitationId, UserId},
    password::PasswordHash,
    ports::{PortError, Replaced, Tickets},
    ticket::{Invitation, Purpose, Ticket},
    time::UnixSeconds,
};

#[derive(Debug, Default)]
pub(super) struct TicketTable {
    tickets: Vec<Ticket>,
    pub(super) invitations: Vec<Invitation>,
}

impl TicketTable {
    pub(super) fn forget_user(&mut self, user: UserId) {
        self.tickets.retain(|ticket| ticket.user != user);
    }

    /// Takes a ticket out, if it is alive.
    fn take(&mut self, ticket: &Ticket, now: UnixSeconds) -> bool {
        let alive = |known: &Ticket| known.hash == ticket.hash && now < known.expires_at;
        let before = self.tickets.len();
        self.tickets.retain(|known| !alive(known));
        self.tickets.len() < before
    }
}

impl Memory {
    /// Whether a ticket's account is as it was when the ticket was made.
    fn is_as_it_was(&self, ticket: &Ticket) -> bool {
        self.account(ticket.user).is_some_and(|account| {
            account.user.email == ticket.email && account.credential_version == ticket.credential_version
        })
    }
}

impl Tickets for Memory {
    async fn issue_ticket(&self, ticket: Ticket) -> Result<(), PortError> {
        self.reach("tickets")?;
        let tickets = &mut self.tickets.borrow_mut().tickets;
        let same = |known: &Ticket| known.purpose.as_str() == ticket.purpose.as_str();
        tickets.retain(|known| known.user != ticket.user || !same(known));
        if self.account(ticket.user).is_some() {
            tickets.push(ticket);
        }
        Ok(())
    }

    async fn find_ticket(&self, hash: &str, purpose: Purpose) -> Result<Option<Ticket>, PortError> {
        self.reach("tickets")?;
        let tickets = self.tickets.borrow();
        let sought = |known: &&Ticket| known.hash == hash && known.purpose.as_str() == purpose.as_str();
        Ok(tickets.tickets.iter().find(sought).map(|found| Ticket { purpose, ..found.clone() }))
    }

    async fn reset_password(
        &self,
        ticket: &Ticket,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.reach("tickets")?;
        if !self.is_as_it_was(ticket) || !self.tickets.borrow_mut().take(ticket, event.at) {
            return Ok(Replaced::No);
        }
        self.tickets.borrow_mut().forget_user(ticket.user);
        self.users.borrow_mut().set_password(ticket.user, new, event.at);
        self.audit.borrow_mut().push(event);
        Ok(Replaced::Yes)
    }

    async fn verify_email(&self, ticket: &Ticket, event: AuditEvent) -> Result<Replaced, PortError> {
        self.reach("tickets")?;
        if !self.is_as_it_was(ticket) || !self.tickets.borrow_mut().take(ticket, event.at) {
            return Ok(Replaced::No);
        }
        self.users.borrow_mut().note_verified(ticket.user);
        self.audit.borrow_mut().push(event);
        Ok(Replaced::Yes)
    }

    async fn previous_email(&self, user: UserId) -> Result<Option<Email>, PortError> {
        self.reach("tickets")?;
        Ok(self.users.borrow().previous_email(user))
    }

    async fn create_invitation(&self, invitation: Invitation, event: AuditEvent) -> Result<(), PortError> {
        self.reach("tickets")?;
        let invitations = &mut self.tickets.borrow_mut().invitations;
        invitations.retain(|known| known.email != invitation.email);
        invitations.push(invitation);
        self.audit.borrow_mut().push(event);
        Ok(())
    }

    async fn renew_invitation(&self, id: InvitationId, hash: &str) -> Result<Replaced, PortError> {
        self.reach("tickets")?;
        let invitations = &mut self.tickets.borrow_mut().invitations;
        match invitations.iter_mut().find(|known| known.id == id) {
            Some(invitation) => {
                invitation.hash = hash.to_string();
                Ok(Replaced::Yes)
            }
            None => Ok(Replaced::No),
        }
    }

    async fn load_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, PortError> {
        self.reach("tickets")?;
        Ok(self.tickets.borrow().invitations.iter().find(|known| known.id == id).cloned())
    }

    async fn find_invitation(&self, hash: &str, now: UnixSeconds) -> Result<Option<Invitation>, PortError> {
        self.reach("tickets")?;
        let tickets = self.tickets.borrow();
        let alive = |known: &&Invitation| known.hash == hash && now < known.expires_at;
        Ok(tickets.invitations.iter().find(alive).cloned())
    }

    async fn list_invitations(&self, now: UnixSeconds) -> Result<Vec<Invitation>, PortError> {
        self.reach("tickets")?;
        let tickets = self.tickets.borrow();
        let mut alive: Vec<_> =
            tickets.invitations.iter().filter(|known| now < known.expires_at).cloned().collect();
        alive.sort_by_key(|invitation| (invitation.created_at, invitation.id));
        Ok(alive)
    }

    async fn delete_invitation(&self, id: InvitationId, event: AuditEvent) -> Result<Replaced, PortError> {
        self.reach("tickets")?;
        let invitations = &mut self.tickets.borrow_mut().invitations;
        let before = invitations.len();
        invitations.retain(|known| known.id != id);
        if invitations.len() == before {
            return Ok(Replaced::No);
        }
        self.audit.borrow_mut().push(event);
        Ok(Replaced::Yes)
    }

    async fn list_unverified(&self, before: UnixSeconds, limit: u32) -> Result<Vec<UserId>, PortError> {
        self.reach("tickets")?;
        Ok(self.users.borrow().unverified(before).take(limit as usize).collect())
    }
}
