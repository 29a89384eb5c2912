use alloc::vec::Vec;

use super::Memory;
use crate::{
    mail::{KeptLetter, Letter, MailPolicy, Order, SendError},
    ports::{Mail, PortError},
    time::UnixSeconds,
};

/// Mails that are on their way.
#[derive(Debug, Default)]
pub(super) struct MailTable {
    cursor: Option<u64>,
    orders: Vec<Order>,
    sent: Vec<KeptLetter>,
}

impl Memory {
    /// What was handed over so far.
    pub fn mails(&self) -> Vec<Letter> {
        self.mail.borrow().sent.iter().map(|kept| kept.letter.clone()).collect()
    }
}

impl Mail for Memory {
    async fn mail_cursor(&self, begin: UnixSeconds) -> Result<u64, PortError> {
        self.reach("mail")?;
        let before = self.audit.borrow().iter().filter(|event| event.at < begin).count();
        let before = u64::try_from(self.expired.get() + before).unwrap_or(u64::MAX);
        Ok(*self.mail.borrow_mut().cursor.get_or_insert(before))
    }

    async fn order_mail(&self, old: u64, new: u64, orders: &[Order]) -> Result<(), PortError> {
        self.reach("mail")?;
        let mut mail = self.mail.borrow_mut();
        if mail.cursor == Some(old) {
            mail.cursor = Some(new);
            mail.orders.extend_from_slice(orders);
        }
        Ok(())
    }

    async fn due_mail(&self, now: UnixSeconds, limit: u32) -> Result<Vec<Order>, PortError> {
        self.reach("mail")?;
        let mut due: Vec<_> =
            self.mail.borrow().orders.iter().filter(|order| order.due_at <= now).cloned().collect();
        due.sort_by_key(|order| (order.due_at, order.sequence));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn next_mail(&self) -> Result<Option<UnixSeconds>, PortError> {
        self.reach("mail")?;
        Ok(self.mail.borrow().orders.iter().map(|order| order.due_at).min())
    }

    async fn settle_mail(&self, order: &Order, next: Option<&Order>) -> Result<(), PortError> {
        self.reach("mail")?;
        let mut mail = self.mail.borrow_mut();
        mail.orders.retain(|known| (known.sequence, known.occasion) != (order.sequence, order.occasion));
        mail.orders.extend(next.cloned());
        Ok(())
    }

    async fn kept_letters(&self) -> Result<Vec<KeptLetter>, PortError> {
        self.reach("mail")?;
        Ok(self.mail.borrow().sent.iter().rev().cloned().collect())
    }

    async fn send_mail(
        &self,
        _: &MailPolicy,
        letter: &Letter,
        _: &Order,
        now: UnixSeconds,
    ) -> Result<(), SendError> {
        self.reach("mail server").map_err(|fault| SendError::Unavailable(fault.detail))?;
        self.mail.borrow_mut().sent.push(KeptLetter { at: now, letter: letter.clone() });
        Ok(())
    }
}
