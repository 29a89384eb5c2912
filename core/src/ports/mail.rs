use alloc::vec::Vec;

use super::PortError;
use crate::{
    mail::{KeptLetter, Letter, MailPolicy, Order, SendError},
    time::UnixSeconds,
};

/// Mails on their way, and whoever takes them.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Mail {
    /// Up to which row of the log mails were ordered; where nobody has begun yet, up to the last one before then.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn mail_cursor(&self, begin: UnixSeconds) -> Result<u64, PortError>;

    /// Orders mails and notes that the log was read up to `new`, in one step; nothing where somebody else has read on
    /// from `old` already.
    ///
    /// # Errors
    /// When the store failed; all of it is stored, or nothing.
    async fn order_mail(&self, old: u64, new: u64, orders: &[Order]) -> Result<(), PortError>;

    /// Mails that are due by then, those first that wait longest, at most `limit`.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn due_mail(&self, now: UnixSeconds, limit: u32) -> Result<Vec<Order>, PortError>;

    /// When the next mail is due; `None` when there is none.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn next_mail(&self) -> Result<Option<UnixSeconds>, PortError>;

    /// Notes the next try of a mail; `None` takes it off the list.
    ///
    /// # Errors
    /// When the store failed; the mail may go out once more.
    async fn settle_mail(&self, order: &Order, next: Option<&Order>) -> Result<(), PortError>;

    /// Letters that [`MailDriver::Outbox`](crate::mail::MailDriver::Outbox) has kept, latest first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn kept_letters(&self) -> Result<Vec<KeptLetter>, PortError>;

    /// Hands a mail over.
    ///
    /// # Errors
    /// [`SendError`], whatever the driver speaks; the mail may have arrived all the same.
    async fn send_mail(
        &self,
        policy: &MailPolicy,
        letter: &Letter,
        order: &Order,
        now: UnixSeconds,
    ) -> Result<(), SendError>;
}
