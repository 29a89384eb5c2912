//! `GET /dev/outbox`: the mails of a deployment on a developer's own machine. Everywhere else there is no such page.

use http::{HeaderMap, StatusCode, header};
use portico_core::{
    date,
    mail::{KeptLetter, MailDriver},
    ports::Ports,
};
use serde_json::json;

use crate::{
    http::answer::{self, Answer, Transport},
    open_webui,
    router::Call,
};

/// Latest first: a page for browsers, JSON for everybody else.
///
/// # Errors
/// 404 where mails leave, or 503.
pub async fn list(call: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    match &call.ctx.policy.mail {
        // Whoever is asked over https is no developer's machine, whatever its configuration says.
        Some(mail) if matches!(mail.driver, MailDriver::Outbox) && call.transport == Transport::Plain => {}
        _ => return Err(open_webui::error::not_found()),
    }
    let letters = call.ctx.ports.kept_letters().await.map_err(open_webui::error::Error::from)?;
    if wants_page(call.request.headers()) {
        return Ok(page(&letters));
    }
    let letters: Vec<_> = letters
        .iter()
        .map(|kept| {
            json!({
                "at": date::iso_of(kept.at),
                "to": kept.letter.to.as_str(),
                "subject": kept.letter.subject,
                "text": kept.letter.text,
                "html": kept.letter.html,
            })
        })
        .collect();
    Ok(answer::json(StatusCode::OK, &letters))
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn page(letters: &[KeptLetter]) -> Answer {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Outbox</title><h1>Outbox</h1>\
         <p>Mails of this machine, latest first. Reload to see new ones.</p>",
    );
    for kept in letters {
        // The body is ours and escaped; who it goes to is an address in canonical form.
        let body = kept.letter.html.split_once("<body").and_then(|(_, rest)| rest.split_once('>'));
        let body = body.map_or("", |(_, rest)| rest.split_once("</body>").map_or(rest, |(body, _)| body));
        page.push_str(&format!(
            "<hr><p><b>To:</b> {} <b>At:</b> {} <b>Subject:</b> {}</p>{body}",
            escaped(kept.letter.to.as_str()),
            date::iso_of(kept.at),
            escaped(&kept.letter.subject)
        ));
    }
    answer::page(page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
