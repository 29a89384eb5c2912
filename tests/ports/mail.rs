use portico_core::{
    audit::AuditEvent,
    id::{InvitationId, UserId},
    mail::{Occasion, Order, Recipient},
    ports::Ports,
    time::UnixSeconds,
};

use crate::{
    Outcome,
    check::{NOW, event, works},
};

fn at(second: i64) -> UnixSeconds {
    UnixSeconds::new(NOW.get() + second)
}

fn order(sequence: u64, occasion: Occasion, second: i64) -> Order {
    Order {
        sequence,
        occasion,
        recipient: match occasion {
            Occasion::Invitation => Recipient::Invited(InvitationId::from_bytes([7; 16])),
            _ => Recipient::User(UserId::from_bytes([8; 16])),
        },
        at: NOW,
        network: "203.0.113.7/32".to_string(),
        failures: 0,
        due_at: at(second),
    }
}

/* FT-15 */
pub(crate) async fn a_mail_is_ordered_once_and_stays_until_it_is_settled(ports: &impl Ports) -> Outcome {
    let begin = works(ports.mail_cursor(NOW).await)?;
    let orders = [
        order(begin + 1, Occasion::EmailChanged, 2),
        order(begin + 1, Occasion::PasswordChanged, 1),
        order(begin + 2, Occasion::Invitation, 3),
    ];
    works(ports.order_mail(begin, begin + 2, &orders).await)?;
    // Somebody else has read the same rows.
    works(ports.order_mail(begin, begin + 2, &orders).await)?;
    works(ports.order_mail(begin + 1, begin + 9, &[order(begin + 9, Occasion::Verify, 0)]).await)?;
    hold_eq!(works(ports.mail_cursor(NOW).await)?, begin + 2);
    let [changed, password, invitation] = orders;
    hold_eq!(works(ports.next_mail().await)?, Some(at(1)));
    hold_eq!(works(ports.due_mail(at(2), 9).await)?, vec![password.clone(), changed.clone()]);
    hold_eq!(works(ports.due_mail(at(9), 1).await)?, vec![password.clone()]);
    let later = Order { failures: 1, due_at: at(60), ..password.clone() };
    works(ports.settle_mail(&password, Some(&later)).await)?;
    works(ports.settle_mail(&changed, None).await)?;
    hold_eq!(works(ports.due_mail(at(100), 9).await)?, vec![invitation.clone(), later.clone()]);
    works(ports.settle_mail(&invitation, None).await)?;
    works(ports.settle_mail(&later, None).await)?;
    hold_eq!(works(ports.next_mail().await)?, None);
    Ok(())
}

pub(crate) async fn mail_begins_with_what_has_just_happened(ports: &impl Ports) -> Outcome {
    for second in [0, 10, 20] {
        works(ports.append(AuditEvent { at: at(second), ..event(ports)? }).await)?;
    }
    let begin = works(ports.mail_cursor(at(10)).await)?;
    let news = works(ports.events_after(begin, 9).await)?;
    hold_eq!(news.iter().map(|row| row.at).collect::<Vec<_>>(), vec![at(10), at(20)]);
    // Once it has begun, it goes on where it was.
    hold_eq!(works(ports.mail_cursor(at(1_000)).await)?, begin);
    hold_eq!(works(ports.kept_letters().await)?, Vec::new());
    Ok(())
}
