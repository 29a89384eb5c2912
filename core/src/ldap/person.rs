//! What a directory says about somebody, made harmless (LD-14).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{directory::Directory, dn::Dn, filter::Filter, message::Entry};
use crate::{display_name::DisplayName, email::Email};

/// Attributes that name an entry for good: RFC 4530, Active Directory, 389, FreeIPA, eDirectory.
pub(super) const KNOWN_IDS: [&str; 5] = ["entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID", "GUID"];
/// Attributes by which directories say that somebody is locked out: Active Directory, 389, OpenLDAP.
pub(super) const STATES: [&str; 3] = ["userAccountControl", "nsAccountLock", "pwdAccountLockedTime"];

/// Ids that are sixteen bytes, which may happen to be a text: Active Directory's, eDirectory's.
const BINARY_IDS: [&str; 2] = ["objectguid", "guid"];
/// Active Directory's flag of an account that is switched off.
const ACCOUNT_DISABLE: u32 = 2;
/// OpenLDAP's time of an account that an administrator has locked.
const LOCKED_FOR_GOOD: &[u8] = b"000001010000Z";
/// Longest id, in bytes.
const MAX_ID_BYTES: usize = 128;
/// Longest name of an account, in characters.
const MAX_USERNAME: usize = 80;

/// Which attributes say what.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Naming {
    /// The parts of somebody's name, with spaces between; none where the name is one attribute.
    pub full_name: Vec<String>,
    /// Their name: the first that there is.
    pub name: Vec<String>,
    /// What they are called in their account: the first that there is.
    pub username: Vec<String>,
    /// Their address: the first that there is.
    pub email: Vec<String>,
    /// The domain of somebody without an address; empty for none.
    pub email_domain: String,
    /// Whether their address there begins with what they typed, instead of what they are called.
    pub email_of_typed: bool,
}

/// Somebody, as a directory describes them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// What names them for good.
    pub id: String,
    /// Their name; `None` for the address.
    pub name: Option<DisplayName>,
    /// What they are called in their account.
    pub username: Option<String>,
    /// Their address.
    pub email: Email,
    /// Whether the directory lists that, and it is not made of what they are called.
    pub is_email_listed: bool,
    /// The groups that the entry lists; `None` where that is not asked.
    pub groups: Option<Vec<String>>,
}

/// Why somebody is nobody here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PersonError {
    /// Locked out.
    Disabled,
    /// No address that is one.
    NoEmail,
    /// Nothing that names them for good.
    NoId,
}

impl Person {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`PersonError`]
    pub fn read(entry: &Entry, directory: &Directory, typed: &str) -> Result<Self, PersonError> {
        let naming = &directory.naming;
        if entry.is_disabled() {
            return Err(PersonError::Disabled);
        }
        let username = entry.first_text(&naming.username);
        let id = id(entry, directory.id.as_deref()).ok_or(PersonError::NoId)?;
        let parts: Vec<_> = naming
            .full_name
            .iter()
            .filter_map(|name| entry.first_text(core::slice::from_ref(name)))
            .collect();
        let name = if parts.is_empty() { entry.first_text(&naming.name) } else { Some(parts.join(" ")) };
        let name =
            name.and_then(|name| DisplayName::parse(&name).ok()).filter(|name| !name.as_str().is_empty());
        let called = if naming.email_of_typed { Some(typed) } else { username.as_deref() };
        let groups = directory.group_attribute.as_deref().map(|attribute| {
            let names = entry.values(attribute).filter_map(|value| core::str::from_utf8(value).ok());
            names.filter_map(|name| Dn::parse(name).ok()?.common_name().map(String::from)).collect()
        });
        Ok(Self {
            id,
            name,
            email: email(entry, naming, called).ok_or(PersonError::NoEmail)?,
            is_email_listed: naming.email.iter().any(|name| entry.values(name).next().is_some()),
            username,
            groups,
        })
    }
}

impl Entry {
    /// The first of some attributes that has a text: one line, not too long.
    pub fn first_text(&self, names: &[String]) -> Option<String> {
        let values = names.iter().flat_map(|name| self.values(name));
        let mut texts = values.filter_map(|value| core::str::from_utf8(value).ok()).map(one_line);
        texts.find(|text| !text.is_empty())
    }
}

fn one_line(text: &str) -> String {
    let spaced = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    let plain: String = spaced.filter(|letter| !letter.is_control()).take(MAX_USERNAME).collect();
    plain.trim().to_string()
}

fn email(entry: &Entry, naming: &Naming, called: Option<&str>) -> Option<Email> {
    let values = naming.email.iter().flat_map(|name| entry.values(name));
    let mut texts = values.filter_map(|value| core::str::from_utf8(value).ok()).peekable();
    if texts.peek().is_some() {
        return texts.find_map(|text| Email::parse(text).ok());
    }
    let domain = naming.email_domain.trim_start_matches('@');
    let called = called.filter(|_| !domain.is_empty())?;
    Email::parse(&format!("{called}@{domain}")).ok()
}

impl Directory {
    /// What names an entry for good, if anything does.
    pub fn id_of(&self, entry: &Entry) -> Option<String> {
        id(entry, self.id.as_deref())
    }
}

/// What names an entry for good, as we keep it: the attribute and its value. Numbers of one kind must not be taken for
/// numbers of another when somebody configures another attribute.
fn id(entry: &Entry, configured: Option<&str>) -> Option<String> {
    match configured {
        Some(attribute) => id_by(entry, attribute),
        None => KNOWN_IDS.into_iter().find_map(|attribute| id_by(entry, attribute)),
    }
}

fn id_by(entry: &Entry, attribute: &str) -> Option<String> {
    let value = entry.values(attribute).next()?;
    if value.is_empty() || value.len() > MAX_ID_BYTES {
        return None;
    }
    let attribute = attribute.to_ascii_lowercase();
    Some(match core::str::from_utf8(value) {
        // Bytes begin with `#`, so no text does.
        Ok(text)
            if !BINARY_IDS.contains(&attribute.as_str())
                && !text.starts_with('#')
                && !text.chars().any(char::is_control) =>
        {
            // Directories compare these without regard to case (RFC 4530 §2.2); of others nobody knows.
            let is_uuid = uuid::Uuid::try_parse(text).is_ok();
            format!("{attribute}={}", if is_uuid { text.to_lowercase() } else { text.to_string() })
        }
        _ => {
            let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{attribute}=#{hex}")
        }
    })
}

impl Entry {
    /// Whether it is the one that is named so for good.
    pub fn has_id(&self, id: &str) -> bool {
        id.split_once('=').is_some_and(|(attribute, _)| id_by(self, attribute).as_deref() == Some(id))
    }

    /// Whether the directory says that somebody is locked out (LD-19).
    pub fn is_disabled(&self) -> bool {
        let flags =
            self.values("userAccountControl").next().and_then(|flags| core::str::from_utf8(flags).ok());
        let flags: u32 = flags.and_then(|flags| flags.parse().ok()).unwrap_or_default();
        flags & ACCOUNT_DISABLE != 0
            || self.values("nsAccountLock").any(|lock| lock.eq_ignore_ascii_case(b"true"))
            || self.values("pwdAccountLockedTime").any(|time| time == LOCKED_FOR_GOOD)
    }
}

/// What finds the entry that is named so for good.
pub(super) fn id_filter(id: &str) -> Option<Filter> {
    let (attribute, value) = id.split_once('=')?;
    let value = match value.strip_prefix('#').map(unhexed) {
        Some(Some(bytes)) => bytes,
        _ => value.as_bytes().to_vec(),
    };
    Some(Filter::Equal(attribute.to_string(), value))
}

fn unhexed(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::ldap::{Filter, Security};

    fn directory() -> Directory {
        let one = |name: &str| [name.to_string()].into();
        Directory {
            servers: Vec::new(),
            security: Security::Tls,
            authority: String::new(),
            service: None,
            base: "dc=example,dc=com".to_string(),
            filter: Filter::parse("(uid={{username}})", &["username"]).unwrap(),
            id: None,
            naming: Naming { name: one("cn"), username: one("uid"), email: one("mail"), ..Naming::default() },
            group_attribute: Some("memberOf".to_string()),
            groups: None,
        }
    }

    fn entry(attributes: &[(&str, &[&[u8]])]) -> Entry {
        let values = |values: &[&[u8]]| values.iter().map(|value| value.to_vec()).collect();
        let attributes = attributes.iter().map(|(name, list)| (name.to_string(), values(list))).collect();
        Entry { dn: "uid=jane,dc=example,dc=com".to_string(), attributes }
    }

    const ID: (&str, &[&[u8]]) = ("entryUUID", &[b"2F0A0D5E-0000-4000-8000-000000000001"]);

    #[test]
    fn an_entry_describes_somebody() {
        /* LD-06, LD-14, LD-16 */
        let jane = entry(&[
            ID,
            ("CN", &["Jane Doe".as_bytes(), b"J. Doe"]),
            ("uid", &[b"jane"]),
            ("mail;lang-en", &[b"Jane@Example.com", b"other@example.com"]),
            ("memberOf", &[br"cn=Sales\, EMEA,dc=example", b"ou=none", b"not a name", b"\xff"]),
        ]);
        let person = Person::read(&jane, &directory(), "jane").unwrap();
        assert_eq!(person.id, "entryuuid=2f0a0d5e-0000-4000-8000-000000000001");
        assert_eq!(person.name.unwrap().as_str(), "Jane Doe");
        assert_eq!((person.email.as_str(), person.is_email_listed), ("jane@example.com", true));
        assert_eq!(person.groups.unwrap(), ["Sales, EMEA"]);
        assert!(jane.has_id(&person.id) && !jane.has_id("entryuuid=other"));
    }

    #[test]
    fn what_a_directory_says_is_not_believed_blindly() {
        /* LD-14 */
        let with = |more: &[(&'static str, &'static [&'static [u8]])]| entry(&[&[ID], more].concat());
        let read = |entry: &Entry| Person::read(entry, &directory(), "jane");
        assert_eq!(read(&with(&[])), Err(PersonError::NoEmail));
        for mail in
            [&b"jane@example.com\r\nbcc: x@example.com"[..], b"\xff@example.com", b"", b"<jane@example.com>"]
        {
            let jane = Entry {
                attributes: [with(&[]).attributes, [("mail".to_string(), [mail.to_vec()].into())].into()]
                    .concat(),
                ..with(&[])
            };
            assert_eq!(read(&jane), Err(PersonError::NoEmail), "{mail:?}");
        }
        let odd = with(&[("mail", &[b"jane@example.com"]), ("cn", &[b"\xff", b"Jane\r\n\x07 Doe\x00"])]);
        assert_eq!(read(&odd).unwrap().name.unwrap().as_str(), "Jane   Doe");
        let nameless = entry(&[("mail", &[b"jane@example.com"])]);
        assert_eq!(read(&nameless), Err(PersonError::NoId));
    }

    #[test]
    fn whoever_is_switched_off_is_nobody() {
        /* LD-19 */
        for (name, value) in [
            ("userAccountControl", &b"514"[..]),
            ("nsAccountLock", b"TRUE"),
            ("pwdAccountLockedTime", b"000001010000Z"),
        ] {
            let jane = entry(&[ID, ("mail", &[b"jane@example.com"]), (name, &[value])]);
            assert_eq!(Person::read(&jane, &directory(), "jane"), Err(PersonError::Disabled), "{name}");
        }
        let jane = entry(&[ID, ("mail", &[b"jane@example.com"]), ("userAccountControl", &[b"512"])]);
        assert!(Person::read(&jane, &directory(), "jane").is_ok());
    }

    #[test]
    fn no_two_ids_are_one() {
        /* LD-06 */
        let id = |value: &[u8]| {
            let directory = Directory { id: Some("employeeNumber".to_string()), ..directory() };
            directory.id_of(&entry(&[("employeeNumber", &[value])])).unwrap()
        };
        let ids = [id(b"abc"), id(b"ABC"), id(b"#616263"), id(b"\xff"), id(b"#ff"), id(b"abc\x00")];
        for (place, one) in ids.iter().enumerate() {
            assert!(!ids.iter().skip(place + 1).any(|other| other == one), "{one}");
        }
    }

    #[test]
    fn a_binary_id_is_searched_for_as_the_bytes_that_it_is() {
        /* LD-06 */
        let guid: &[u8] = &[0x61; 16];
        let jane = entry(&[("objectGUID", &[guid]), ("mail", &[b"jane@example.com"])]);
        let id = Person::read(&jane, &directory(), "jane").unwrap().id;
        assert_eq!(id, "objectguid=#61616161616161616161616161616161");
        assert_eq!(id_filter(&id), Some(Filter::Equal("objectguid".to_string(), guid.to_vec())));
    }

    #[test]
    fn somebody_without_an_address_gets_one_of_the_deployments_domain() {
        let jane = entry(&[ID, ("uid", &[b"jane"])]);
        let at = |email_of_typed| {
            let naming =
                Naming { email_domain: "example.org".to_string(), email_of_typed, ..directory().naming };
            Person::read(&jane, &Directory { naming, ..directory() }, "JANE2").unwrap()
        };
        assert_eq!(at(true).email.as_str(), "jane2@example.org");
        assert_eq!((at(false).email.as_str(), at(false).is_email_listed), ("jane@example.org", false));
    }
}
