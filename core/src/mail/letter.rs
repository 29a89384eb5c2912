//! The letters themselves: text and HTML, with nothing in them that could be read as markup (RS-11).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::Occasion;
use crate::{date, email::Email, time::UnixSeconds};

/// Most code points of a name that are shown (RS-11).
const MAX_NAME_CHARS: usize = 64;

/// A mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Letter {
    /// Where it goes.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What a letter tells about.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Why it is written.
    pub occasion: Occasion,
    /// What the deployment calls itself.
    pub site: &'a str,
    /// What its receiver calls themselves; empty for nobody knows.
    pub name: &'a str,
    /// Where it leads, for those that lead anywhere.
    pub link: Option<&'a str>,
    /// When it happened.
    pub at: UnixSeconds,
    /// From where.
    pub network: &'a str,
}

impl Letter {
    /// Writes a letter.
    pub fn write(to: Email, told: &Told<'_>) -> Self {
        let site = shown(told.site);
        let Wording { subject, says, button } = wording(told, &site);
        let mut paragraphs = Vec::new();
        let name = shown(told.name);
        paragraphs.push(if name.is_empty() { "Hello,".to_string() } else { format!("Hello {name},") });
        paragraphs.push(says);
        let link = told.link.zip(button);
        let foot = foot(told, &site);
        Self { to, subject, text: text(&paragraphs, link, &foot), html: html(&paragraphs, link, &foot) }
    }
}

/// What is said on an occasion.
struct Wording {
    subject: String,
    says: String,
    button: Option<&'static str>,
}

fn wording(told: &Told<'_>, site: &str) -> Wording {
    let (subject, says, button) = match told.occasion {
        Occasion::AddressInUse => (
            format!("You have an account at {site}"),
            format!(
                "somebody has tried to register at {site} with this address, which has an account already. If \
                 it was you, sign in, or ask for a new password. Otherwise there is nothing to do."
            ),
            None,
        ),
        Occasion::CodesRenewed => (
            "Your backup codes were replaced".to_string(),
            format!("your account at {site} has new backup codes. The old ones do not work any more."),
            None,
        ),
        Occasion::EmailChanged => (
            "Your e-mail address was changed".to_string(),
            format!(
                "an administrator has changed the e-mail address of your account at {site} to another one."
            ),
            None,
        ),
        Occasion::EmailSet => (
            "Your e-mail address was changed".to_string(),
            format!("an administrator has made this the e-mail address of your account at {site}."),
            None,
        ),
        Occasion::FactorRemoved => (
            "Two-factor authentication was switched off".to_string(),
            format!("your account at {site} does not ask for a second factor any more."),
            None,
        ),
        Occasion::FactorReset => (
            "Your second factor was taken away".to_string(),
            format!("an administrator has taken the second factor of your account at {site} away."),
            None,
        ),
        Occasion::FactorSetUp => (
            "Two-factor authentication was set up".to_string(),
            format!("your account at {site} asks for a second factor from now on, or for another one."),
            None,
        ),
        Occasion::IdentityLinked => (
            "Another way to sign in was added".to_string(),
            format!("an account that you have elsewhere opens your account at {site} from now on."),
            None,
        ),
        Occasion::IdentityUnlinked => (
            "A way to sign in was removed".to_string(),
            format!("an account that you have elsewhere does not open your account at {site} any more."),
            None,
        ),
        Occasion::Invitation => (
            format!("Invite to join {site}!"),
            format!("you are invited to join {site}. The invitation is good for seven days."),
            Some("Create your account"),
        ),
        Occasion::KeyDropped => (
            "Your API key was deleted".to_string(),
            format!("the API key of your account at {site} does not work any more."),
            None,
        ),
        Occasion::KeyMade => (
            "A new API key was made".to_string(),
            format!(
                "your account at {site} has a new API key. One that it had before does not work any more."
            ),
            None,
        ),
        Occasion::PasswordChanged => (
            "Your password was changed".to_string(),
            format!(
                "the password of your account at {site} was changed, and everybody who used it was signed out."
            ),
            None,
        ),
        Occasion::PasswordReset => (
            "Password Reset Successfully".to_string(),
            format!("you have a new password at {site}, and everybody who used the old one was signed out."),
            None,
        ),
        Occasion::Reset if told.link.is_some() => (
            "Password Reset Request".to_string(),
            format!(
                "somebody has asked for a new password for your account at {site}. If it was you, choose one \
                 within 15 minutes. Otherwise there is nothing to do: your password stays as it is."
            ),
            Some("Choose a new password"),
        ),
        // Whoever has no password here gets none by asking for one (RS-10).
        Occasion::Reset => (
            "Password Reset Request".to_string(),
            format!(
                "somebody has asked for a new password for your account at {site}. It has none: you sign in \
                 through somebody else, such as your organisation, and change your password there."
            ),
            None,
        ),
        Occasion::SignInAfterFailures => (
            "Somebody signed in to your account".to_string(),
            format!("somebody has signed in to your account at {site} after several wrong passwords."),
            None,
        ),
        Occasion::Verify => (
            "Verify your email".to_string(),
            format!(
                "please show that this is your address, within 15 minutes, to use your account at {site}."
            ),
            Some("Verify my address"),
        ),
    };
    Wording { subject, says, button }
}

/// What a letter ends with.
fn foot(told: &Told<'_>, site: &str) -> Vec<String> {
    let mut foot = Vec::new();
    if !matches!(told.occasion, Occasion::Invitation | Occasion::Verify) {
        let from =
            if told.network.is_empty() { String::new() } else { format!(", from {}", shown(told.network)) };
        foot.push(format!("When: {}{from}.", date::minute_of(told.at)));
    }
    if told.link.is_none() && told.occasion != Occasion::AddressInUse {
        foot.push("If it was not you, choose a new password and tell an administrator.".to_string());
    }
    foot.push(site.to_string());
    foot
}

/// A text that somebody chose: one line of bounded length.
fn shown(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(MAX_NAME_CHARS).collect::<String>().trim().to_string()
}

fn text(paragraphs: &[String], link: Option<(&str, &str)>, foot: &[String]) -> String {
    let mut parts: Vec<String> = paragraphs.to_vec();
    parts.extend(link.map(|(address, button)| format!("{button}:\n{address}")));
    parts.push(foot.join("\n"));
    parts.join("\n\n") + "\n"
}

fn html(paragraphs: &[String], link: Option<(&str, &str)>, foot: &[String]) -> String {
    let mut body = String::new();
    for paragraph in paragraphs {
        body.push_str(&format!("<p>{}</p>", escaped(paragraph)));
    }
    if let Some((address, button)) = link {
        body.push_str(&format!(
            r#"<p><a href="{0}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#1f6feb;color:#fff;text-decoration:none">{button}</a></p><p style="color:#666;font-size:13px;word-break:break-all">{0}</p>"#,
            escaped(address)
        ));
    }
    let foot: Vec<String> = foot.iter().map(|line| escaped(line)).collect();
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#222"><div style="max-width:560px;margin:auto">{body}<p style="color:#666;font-size:13px">{}</p></div></body></html>"#,
        foot.join("<br>")
    )
}

/// Text inside an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn letter(occasion: Occasion, name: &str, link: Option<&str>) -> Letter {
        let told = Told {
            occasion,
            site: "Portico & Co",
            name,
            link,
            at: UnixSeconds::new(1_800_000_000),
            network: "203.0.113.7",
        };
        Letter::write(Email::parse("ann@example.com").unwrap(), &told)
    }

    #[test]
    fn what_people_call_themselves_is_text_and_short() {
        /* RS-11 */
        let name = format!("<b onclick='x'>Ann</b>\r\nBcc: all@example.com{}", "x".repeat(100));
        let letter = letter(Occasion::Verify, &name, Some("https://x.example/verify?token=1&email=a"));
        assert!(letter.html.contains("Hello &lt;b onclick=&#39;x&#39;&gt;Ann&lt;/b&gt;"), "{}", letter.html);
        assert!(!letter.html.contains("<b "), "{}", letter.html);
        assert!(
            letter.text.starts_with("Hello <b onclick='x'>Ann</b>  Bcc: all@example.com"),
            "{}",
            letter.text
        );
        assert!(!letter.text.contains(&"x".repeat(40)));
        assert!(!letter.subject.contains(['\r', '\n']));
    }

    #[test]
    fn a_link_stands_in_both_bodies_and_nothing_leads_anywhere_else() {
        let with = letter(Occasion::Reset, "Ann", Some("https://x.example/reset-password?token=1&userId=2"));
        assert_eq!(with.subject, "Password Reset Request");
        assert!(with.text.contains("\nhttps://x.example/reset-password?token=1&userId=2\n"));
        assert!(with.html.contains(r#"href="https://x.example/reset-password?token=1&amp;userId=2""#));
        let without = letter(Occasion::Reset, "Ann", None);
        assert!(!without.html.contains("href") && without.text.contains("It has none"));
        let notice = letter(Occasion::PasswordChanged, "", None);
        assert!(notice.text.starts_with("Hello,\n\n"));
        assert!(notice.text.contains("When: 2027-01-15 08:00 UTC, from 203.0.113.7."), "{}", notice.text);
        assert!(notice.html.contains("Portico &amp; Co"));
        assert_eq!(
            letter(Occasion::Invitation, "", Some("https://x.example")).subject,
            "Invite to join Portico & Co!"
        );
    }
}
