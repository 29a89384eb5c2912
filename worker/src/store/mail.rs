use portico_core::{
    email::Email,
    id::{InvitationId, UserId},
    mail::{KeptLetter, Letter, MailDriver, MailPolicy, Occasion, Order, Recipient, SendError},
    ports::{Mail, PortError},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use worker::D1Type;

use super::{
    Store,
    audit_log::place,
    batch::{missing, seconds},
    fault,
};
use crate::platform;

impl Mail for Store {
    async fn mail_cursor(&self, begin: UnixSeconds) -> Result<u64, PortError> {
        self.read_mail_cursor(begin).await.map_err(fault("mail"))
    }

    async fn order_mail(&self, old: u64, new: u64, orders: &[Order]) -> Result<(), PortError> {
        self.insert_orders(old, new, orders).await.map_err(fault("mail"))
    }

    async fn due_mail(&self, now: UnixSeconds, limit: u32) -> Result<Vec<Order>, PortError> {
        self.read_due_orders(now, limit).await.map_err(fault("mail"))
    }

    async fn next_mail(&self) -> Result<Option<UnixSeconds>, PortError> {
        self.read_next_order().await.map_err(fault("mail"))
    }

    async fn settle_mail(&self, order: &Order, next: Option<&Order>) -> Result<(), PortError> {
        self.write_order(order, next).await.map_err(fault("mail"))
    }

    async fn kept_letters(&self) -> Result<Vec<KeptLetter>, PortError> {
        self.read_kept_letters().await.map_err(fault("mail"))
    }

    async fn send_mail(
        &self,
        policy: &MailPolicy,
        letter: &Letter,
        order: &Order,
        now: UnixSeconds,
    ) -> Result<(), SendError> {
        let sent = match &policy.driver {
            MailDriver::Outbox => {
                let kept = self.keep_letter(letter, now).await;
                kept.map_err(|error| SendError::Unavailable(error.to_string()))
            }
            MailDriver::Binding(_) | MailDriver::Http { .. } | MailDriver::Smtp(_) => {
                platform::send_mail(&self.env, policy, letter, order).await
            }
        };
        sent.inspect_err(|error| worker::console_error!("mail {}: {error:?}", order.occasion.as_str()))
    }
}

impl Store {
    async fn read_mail_cursor(&self, begin: UnixSeconds) -> worker::Result<u64> {
        const BEGIN: &str = "INSERT INTO mail_state (id, sequence)
             VALUES (1, (SELECT COALESCE(MAX(sequence), 0) FROM audit_log WHERE at < ?1))
             ON CONFLICT (id) DO UPDATE SET sequence = sequence RETURNING sequence";
        #[derive(Deserialize)]
        struct Row {
            sequence: u64,
        }
        let row: Option<Row> =
            self.database()?.prepare(BEGIN).bind_refs(&seconds(begin))?.first(None).await?;
        Ok(row.ok_or_else(|| missing("mail cursor"))?.sequence)
    }

    async fn insert_orders(&self, old: u64, new: u64, orders: &[Order]) -> worker::Result<()> {
        const INSERT: &str = "INSERT INTO mails (sequence, occasion, recipient, at, network, due_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
             FROM json_each(?1) WHERE (SELECT sequence FROM mail_state) = ?2
             ON CONFLICT DO NOTHING";
        const READ_ON: &str = "UPDATE mail_state SET sequence = ?2 WHERE sequence = ?1";
        #[derive(Serialize)]
        struct Row<'a>(u64, &'a str, String, i64, &'a str, i64);
        let rows = orders.iter().map(|order| {
            let recipient = recipient(order.recipient);
            let (at, due_at) = (order.at.get(), order.due_at.get());
            Row(order.sequence, order.occasion.as_str(), recipient, at, &order.network, due_at)
        });
        let rows = serde_json::to_string(&rows.collect::<Vec<_>>())?;
        let database = self.database()?;
        let statements = vec![
            database.prepare(INSERT).bind_refs(&[D1Type::Text(&rows), place(old)])?,
            database.prepare(READ_ON).bind_refs(&[place(old), place(new)])?,
        ];
        database.batch(statements).await.map(|_| ())
    }

    async fn read_due_orders(&self, now: UnixSeconds, limit: u32) -> worker::Result<Vec<Order>> {
        const DUE: &str = "SELECT sequence, occasion, recipient, at, network, failures, due_at FROM mails
             WHERE due_at <= ?1 AND occasion IN (SELECT value FROM json_each(?3))
             ORDER BY due_at, sequence LIMIT ?2";
        let known: Vec<_> = Occasion::ALL.iter().map(|occasion| occasion.as_str()).collect();
        let known = serde_json::to_string(&known)?;
        let bound = [seconds(now), D1Type::Real(f64::from(limit)), D1Type::Text(&known)];
        let rows: Vec<Row> = self.database()?.prepare(DUE).bind_refs(&bound)?.all().await?.results()?;
        // Those of another version are left to it.
        Ok(rows.into_iter().filter_map(Row::read).collect())
    }

    async fn read_next_order(&self) -> worker::Result<Option<UnixSeconds>> {
        const NEXT: &str = "SELECT MIN(due_at) AS due_at FROM mails";
        #[derive(Deserialize)]
        struct Next {
            due_at: Option<i64>,
        }
        let next: Option<Next> = self.database()?.prepare(NEXT).first(None).await?;
        Ok(next.and_then(|next| next.due_at).map(UnixSeconds::new))
    }

    async fn write_order(&self, order: &Order, next: Option<&Order>) -> worker::Result<()> {
        const DELETE: &str = "DELETE FROM mails WHERE sequence = ?1 AND occasion = ?2";
        const POSTPONE: &str =
            "UPDATE mails SET failures = ?3, due_at = ?4 WHERE sequence = ?1 AND occasion = ?2";
        let database = self.database()?;
        let (sequence, occasion) = (place(order.sequence), D1Type::Text(order.occasion.as_str()));
        let statement = match next {
            None => database.prepare(DELETE).bind_refs([&sequence, &occasion])?,
            Some(next) => {
                let failures = D1Type::Real(f64::from(next.failures));
                database.prepare(POSTPONE).bind_refs([
                    &sequence,
                    &occasion,
                    &failures,
                    &seconds(next.due_at),
                ])?
            }
        };
        statement.run().await.map(|_| ())
    }

    async fn keep_letter(&self, letter: &Letter, now: UnixSeconds) -> worker::Result<()> {
        const KEEP: &str =
            "INSERT INTO dev_outbox (at, recipient, subject, text, html) VALUES (?1, ?2, ?3, ?4, ?5)";
        const FORGET: &str = "DELETE FROM dev_outbox WHERE id <= (SELECT MAX(id) FROM dev_outbox) - 100";
        let database = self.database()?;
        let bound = [
            seconds(now),
            D1Type::Text(letter.to.as_str()),
            D1Type::Text(&letter.subject),
            D1Type::Text(&letter.text),
            D1Type::Text(&letter.html),
        ];
        let statements = vec![database.prepare(KEEP).bind_refs(&bound)?, database.prepare(FORGET)];
        database.batch(statements).await.map(|_| ())
    }
}

impl Store {
    async fn read_kept_letters(&self) -> worker::Result<Vec<KeptLetter>> {
        const LIST: &str =
            "SELECT at, recipient, subject, text, html FROM dev_outbox ORDER BY id DESC LIMIT 100";
        #[derive(Deserialize)]
        struct Row {
            at: i64,
            recipient: Email,
            subject: String,
            text: String,
            html: String,
        }
        let rows: Vec<Row> = self.database()?.prepare(LIST).all().await?.results()?;
        let read = |row: Row| KeptLetter {
            at: UnixSeconds::new(row.at),
            letter: Letter { to: row.recipient, subject: row.subject, text: row.text, html: row.html },
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

#[derive(Deserialize)]
struct Row {
    sequence: u64,
    occasion: String,
    recipient: String,
    at: i64,
    network: String,
    failures: u32,
    due_at: i64,
}

impl Row {
    fn read(self) -> Option<Order> {
        let occasion = Occasion::parse(&self.occasion)?;
        let recipient = match occasion {
            Occasion::Invitation => Recipient::Invited(InvitationId::parse(&self.recipient).ok()?),
            _ => Recipient::User(UserId::parse(&self.recipient).ok()?),
        };
        Some(Order {
            sequence: self.sequence,
            occasion,
            recipient,
            at: UnixSeconds::new(self.at),
            network: self.network,
            failures: self.failures,
            due_at: UnixSeconds::new(self.due_at),
        })
    }
}

fn recipient(recipient: Recipient) -> String {
    match recipient {
        Recipient::Invited(id) => id.to_string(),
        Recipient::User(id) => id.to_string(),
    }
}
