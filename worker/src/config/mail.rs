//! How mails leave: the variables of LibreChat's deployments (contract §10), and a choice of driver.

use portico_core::{
    email::Email,
    mail::{MailDriver, MailPolicy},
    secret::Secret,
    smtp::{Security, SmtpServer},
};

use super::{values, variables::Variables};

/// The name of the binding that takes mails unless the deployment says another.
const BINDING: &str = "SEND_EMAIL";

/// Where mails are posted to unless the deployment says otherwise.
const RESEND: &str = "https://api.resend.com/emails";

/// Services that `EMAIL_SERVICE` names: their servers.
const SERVICES: [(&str, &str, u16); 7] = [
    ("fastmail", "smtp.fastmail.com", 465),
    ("gmail", "smtp.gmail.com", 465),
    ("mailgun", "smtp.mailgun.org", 465),
    ("mailjet", "in-v3.mailjet.com", 465),
    ("outlook365", "smtp.office365.com", 587),
    ("sendgrid", "smtp.sendgrid.net", 465),
    ("zoho", "smtp.zoho.com", 465),
];

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    /// How mails leave; `None` where the deployment says nothing about it. `link_base` is what links begin with.
    pub(super) fn mail(&mut self, link_base: Option<&str>, site: &str) -> Option<MailPolicy> {
        let driver = self.mail_driver()?;
        let Some(link_base) = link_base else {
            self.refuse("DOMAIN_CLIENT", "has to be set where there is mail: links begin with it");
            return None;
        };
        let is_local = link_base.starts_with("http://");
        let from = match (&driver, self.text("EMAIL_FROM")) {
            (MailDriver::Outbox, None) => "portico@localhost".to_string(),
            (_, Some(from)) => from,
            (_, None) => {
                self.refuse("EMAIL_FROM", "has to be set where there is mail");
                return None;
            }
        };
        if matches!(driver, MailDriver::Outbox) && !is_local {
            self.refuse(
                "MAIL_DRIVER",
                "`outbox` is for local development: DOMAIN_CLIENT is a public address",
            );
        }
        if Email::parse(&from).is_err() {
            self.refuse("EMAIL_FROM", "must be an e-mail address");
        }
        let from_name = self.text("EMAIL_FROM_NAME").unwrap_or_else(|| site.to_string());
        if from_name.contains(char::is_control) {
            self.refuse("EMAIL_FROM_NAME", "must be one line");
        }
        Some(MailPolicy { driver, from, from_name, link_base: link_base.to_string() })
    }

    fn mail_driver(&mut self) -> Option<MailDriver> {
        for name in ["MAILGUN_API_KEY", "MAILGUN_DOMAIN"] {
            if self.text(name).is_some() {
                self.refuse(
                    name,
                    "is not read: set EMAIL_SERVICE=mailgun with EMAIL_USERNAME and EMAIL_PASSWORD",
                );
            }
        }
        let chosen = self.parsed("MAIL_DRIVER", |text| match text {
            "binding" | "http" | "outbox" | "smtp" => Ok(text.to_string()),
            _ => Err("must be `binding`, `http`, `smtp` or `outbox`".to_string()),
        });
        let has_server = self.text("EMAIL_HOST").is_some() || self.text("EMAIL_SERVICE").is_some();
        let chosen = match chosen {
            Some(chosen) => chosen,
            None if has_server => "smtp".to_string(),
            None if self.text("RESEND_API_KEY").is_some() => "http".to_string(),
            None if self.text("EMAIL_BINDING").is_some() => "binding".to_string(),
            None => return None,
        };
        match chosen.as_str() {
            "binding" => {
                Some(MailDriver::Binding(self.text("EMAIL_BINDING").unwrap_or_else(|| BINDING.to_string())))
            }
            "http" => {
                let url = self.parsed("RESEND_API_URL", values::absolute_url);
                let url = url.unwrap_or_else(|| RESEND.to_string());
                let Some(key) = self.text("RESEND_API_KEY") else {
                    self.refuse("RESEND_API_KEY", "has to be set where mails go to an HTTP API");
                    return None;
                };
                Some(MailDriver::Http { url, key: Secret::new(key) })
            }
            "outbox" => Some(MailDriver::Outbox),
            _ => self.smtp_server().map(MailDriver::Smtp),
        }
    }

    fn smtp_server(&mut self) -> Option<SmtpServer> {
        let service = self.parsed("EMAIL_SERVICE", |text| {
            let known = SERVICES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(text));
            known.map(|(_, host, port)| ((*host).to_string(), *port)).ok_or_else(|| {
                let names: Vec<_> = SERVICES.iter().map(|(name, ..)| *name).collect();
                format!("must be one of {}; set EMAIL_HOST and EMAIL_PORT for others", names.join(", "))
            })
        });
        let port = self.parsed("EMAIL_PORT", |text| match text.parse() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err("must be a port".to_string()),
        });
        let (host, usual_port) = match (service, self.text("EMAIL_HOST")) {
            (Some((host, port)), _) => (host, port),
            (None, Some(host)) => (host, 587),
            (None, None) => {
                self.refuse("EMAIL_HOST", "has to be set where mails go to a server");
                return None;
            }
        };
        let port = port.unwrap_or(usual_port);
        let is_here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let security = self.parsed("EMAIL_ENCRYPTION", |text| match text.to_ascii_lowercase().as_str() {
            "tls" => Ok(Security::Tls),
            "starttls" => Ok(Security::StartTls),
            "none" if is_here => Ok(Security::None),
            "none" => Err("`none` is for a server on this machine: mails carry links".to_string()),
            _ => Err("must be `tls`, `starttls` or `none`".to_string()),
        });
        let security = security.unwrap_or(if port == 465 { Security::Tls } else { Security::StartTls });
        // Certificates are the runtime's to check, by the name that was asked for.
        if self.flag("EMAIL_ALLOW_SELFSIGNED", false) {
            self.refuse("EMAIL_ALLOW_SELFSIGNED", "can not be had here: the runtime checks certificates");
        }
        if self.text("EMAIL_ENCRYPTION_HOSTNAME").is_some_and(|name| name != host) {
            self.refuse("EMAIL_ENCRYPTION_HOSTNAME", "can not differ from the server's name here");
        }
        let login = self.text("EMAIL_USERNAME").zip(self.text("EMAIL_PASSWORD").map(Secret::new));
        if login.is_none() && (self.text("EMAIL_USERNAME").is_some() || self.text("EMAIL_PASSWORD").is_some())
        {
            self.refuse("EMAIL_USERNAME", "and EMAIL_PASSWORD belong together");
        }
        Some(SmtpServer { host, port, security, login })
    }
}
