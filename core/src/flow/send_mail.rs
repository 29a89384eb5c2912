//! Writing and sending the mails that the log asks for, away from everybody's requests, again until they arrive or were
//! tried for long enough (FT-15).

use alloc::{string::String, vec::Vec};

use futures_util::future::join_all;
use serde_json::json;

use super::{Ctx, audit, invitations, reset_password, verify_email};
use crate::{
    audit::{AuditAction, AuditOutcome},
    mail::{Letter, MailPolicy, NEWS, Occasion, Order, Recipient, SendError, Told},
    ports::{PortError, Ports},
    ticket::Purpose,
    time::{Lifetime, UnixSeconds},
    user::EmailVerification,
};

/// How many rows of the log one turn looks at.
const ROWS: u32 = 100;

/// How many mails one turn sends, at the same time.
const SENT: u32 = 4;

/// When the next try is due after a fault of our own.
const AFTER_A_FAULT: Lifetime = Lifetime::from_seconds(30);

/// Orders what the log asks for and sends what is due, as far as one turn goes. Says when the next one is due; `None`
/// when there is nothing to do.
///
/// # Errors
/// When the store can not be read.
pub async fn turn(ctx: &Ctx<'_, impl Ports>) -> Result<Option<UnixSeconds>, PortError> {
    let Some(policy) = &ctx.policy.mail else { return Ok(None) };
    let more = order(ctx).await?;
    let due = ctx.ports.due_mail(ctx.now, SENT).await?;
    let full = due.len() == SENT as usize;
    // The port has reported its fault; the others go out all the same.
    let failed = join_all(due.iter().map(|order| send(ctx, policy, order))).await.iter().any(Result::is_err);
    if failed {
        return Ok(Some(ctx.now.plus(AFTER_A_FAULT)));
    }
    if more || full {
        return Ok(Some(ctx.now));
    }
    // What is due and was not among those above is another version's: it may wait for that.
    let later = |due: UnixSeconds| if due > ctx.now { due } else { ctx.now.plus(AFTER_A_FAULT) };
    Ok(ctx.ports.next_mail().await?.map(later))
}

/// Orders what the log asks for; whether there is more to read.
async fn order(ctx: &Ctx<'_, impl Ports>) -> Result<bool, PortError> {
    let begin = UnixSeconds::new(ctx.now.get().saturating_sub_unsigned(NEWS.seconds()));
    let known = ctx.ports.mail_cursor(begin).await?;
    let rows = ctx.ports.events_after(known, ROWS).await?;
    let Some(last) = rows.last().map(|row| row.sequence) else { return Ok(false) };
    let news = rows.iter().filter(|row| row.at >= begin);
    let orders: Vec<Order> = news.flat_map(Order::told_by).collect();
    ctx.ports.order_mail(known, last, &orders).await?;
    Ok(rows.len() == ROWS as usize)
}

/// Sends one mail, or notes that it is to be tried again.
async fn send(ctx: &Ctx<'_, impl Ports>, policy: &MailPolicy, order: &Order) -> Result<(), PortError> {
    let letter = match letter(ctx, policy, order).await {
        Ok(Some(letter)) => letter,
        Ok(None) => return ctx.ports.settle_mail(order, None).await,
        Err(fault) => {
            postpone(ctx, order).await?;
            return Err(fault);
        }
    };
    match ctx.ports.send_mail(policy, &letter, order, ctx.now).await {
        Ok(()) => ctx.ports.settle_mail(order, None).await,
        Err(SendError::Refused(_)) => give_up(ctx, order).await,
        // The port has reported why.
        Err(SendError::Unavailable(_)) => postpone(ctx, order).await,
    }
}

async fn postpone(ctx: &Ctx<'_, impl Ports>, order: &Order) -> Result<(), PortError> {
    match order.failed(ctx.now) {
        Some(next) => ctx.ports.settle_mail(order, Some(&next)).await,
        None => give_up(ctx, order).await,
    }
}

/// The log says that somebody was not told, not where they are.
async fn give_up(ctx: &Ctx<'_, impl Ports>, order: &Order) -> Result<(), PortError> {
    let event = audit::event(ctx, None, AuditAction::DropMail, AuditOutcome::Success)?;
    let detail = json!({"sequence": order.sequence, "occasion": order.occasion.as_str()});
    ctx.ports.append(audit::detailed(event, &detail)).await?;
    ctx.ports.settle_mail(order, None).await
}

/// The letter of an order; none where there is nobody to write to, any more. Tickets are made here: what goes out again
/// carries another one, and the one before is dead (RS-06).
async fn letter(
    ctx: &Ctx<'_, impl Ports>,
    policy: &MailPolicy,
    order: &Order,
) -> Result<Option<Letter>, PortError> {
    let base = &policy.link_base;
    let told = Told {
        occasion: order.occasion,
        site: &ctx.policy.site_name,
        name: "",
        link: None,
        at: order.at,
        network: &order.network,
    };
    let user = match order.recipient {
        Recipient::Invited(id) => {
            let found = invitations::renewed_link(ctx, id, base).await?;
            return Ok(found.map(|(to, link)| Letter::write(to, &Told { link: Some(&link), ..told })));
        }
        Recipient::User(user) => user,
    };
    let Some(credential) = ctx.ports.load_credential(user).await? else { return Ok(None) };
    let account = &credential.user;
    let link: Option<String> = match order.occasion {
        // Whoever has no password here gets none by asking for one (RS-10).
        Occasion::Reset if credential.password_hash.is_none() => None,
        Occasion::Reset => Some(reset_password::ticket_link(ctx, &credential, base, Purpose::Reset).await?),
        Occasion::Verify if account.verification == EmailVerification::Done => return Ok(None),
        Occasion::Verify => Some(verify_email::ticket_link(ctx, &credential, base).await?),
        _ => None,
    };
    let to = match order.occasion {
        Occasion::EmailChanged => ctx.ports.previous_email(user).await?,
        _ => Some(account.email.clone()),
    };
    let told = Told { name: &account.name, link: link.as_deref(), ..told };
    Ok(to.map(|to| Letter::write(to, &told)))
}
