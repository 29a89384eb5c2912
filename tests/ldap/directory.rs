use alloc::rc::Rc;
use core::cell::RefCell;

use portico_core::memory::{Heard, Reaction};
use rasn_ldap::{
    AuthenticationChoice, BindResponse, ExtendedResponse, Filter, LdapMessage, LdapResult, ProtocolOp,
    ResultCode, SearchRequest, SearchRequestScope, SearchResultDone,
};

use crate::harness::{Native, TestApp, with_native};

/// Where the directory is, and who searches in it.
pub(crate) const HOST: &str = "ldap.example.com";
pub(crate) const BASE: &str = "dc=example,dc=com";
pub(crate) const APP_DN: &str = "cn=portico,dc=example,dc=com";
pub(crate) const APP_PASSWORD: &str = "the directory's secret";
/// Jane's password there.
pub(crate) const JANES: &str = "jane's password";

/// What a deployment says that has the directory.
pub(crate) const VARS: [(&str, &str); 8] = [
    ("ENABLE_LDAP", "true"),
    ("LDAP_SERVER_HOST", HOST),
    ("LDAP_SEARCH_BASE", BASE),
    ("LDAP_APP_DN", APP_DN),
    ("LDAP_APP_PASSWORD", APP_PASSWORD),
    ("LDAP_SEARCH_FILTER", "(objectClass=person)"),
    ("DEFAULT_USER_ROLE", "user"),
    ("LDAP_SERVER_LABEL", "Company"),
];

/// Somebody or something in a directory.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) password: Option<String>,
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// Somebody, with a number for an id.
    pub(crate) fn person(uid: &str, number: u32, password: &str) -> Self {
        Self {
            dn: format!("uid={uid},ou=people,{BASE}"),
            password: Some(password.into()),
            attributes: Vec::new(),
        }
        .with("entryUUID", &format!("00000000-0000-4000-8000-{number:012}"))
        .with("objectClass", "person")
        .with("uid", uid)
    }

    /// Jane, who has all that there is.
    pub(crate) fn jane() -> Self {
        Self::person("jane", 1, JANES)
            .with("cn", "Jane Doe")
            .with("cn", "J. Doe")
            .with("givenName", "Jane")
            .with("mail", "Jane@example.com")
    }

    /// The same with another value.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.as_bytes().to_vec()),
            None => self.attributes.push((name.into(), vec![value.as_bytes().to_vec()])),
        }
        self
    }

    /// The same without an attribute.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.attributes.retain(|(known, _)| known != name);
        self
    }

    fn matches(&self, filter: &Filter) -> bool {
        let has = |name: &str, value: &[u8]| {
            let found = self.attributes.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found.flat_map(|(_, values)| values).any(|known| known.eq_ignore_ascii_case(value))
        };
        match filter {
            Filter::And(filters) => filters.to_vec().into_iter().all(|filter| self.matches(filter)),
            Filter::Or(filters) => filters.to_vec().into_iter().any(|filter| self.matches(filter)),
            Filter::Not(filter) => !self.matches(filter),
            Filter::EqualityMatch(pair) => has(&pair.attribute_desc, &pair.assertion_value),
            Filter::Present(name) => {
                self.attributes.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A directory as it should be. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    entries: Rc<RefCell<Vec<Entry>>>,
    /// The filters that were searched for, and the names that were bound.
    pub(crate) asked: Rc<RefCell<Vec<String>>>,
}

impl Directory {
    pub(crate) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let service =
            Entry { dn: APP_DN.into(), password: Some(APP_PASSWORD.into()), attributes: Vec::new() };
        let base =
            Entry { dn: BASE.into(), password: None, attributes: Vec::new() }.with("objectClass", "domain");
        let entries = entries.into_iter().chain([service, base]).collect();
        Self { entries: Rc::new(RefCell::new(entries)), asked: Rc::default() }
    }

    /// Replaces everybody.
    pub(crate) fn become_that_of(&self, entries: impl IntoIterator<Item = Entry>) {
        let Self { entries, .. } = Self::of(entries);
        self.entries.swap(&entries);
    }

    /// Lets it answer at a server.
    pub(crate) fn serve(&self, native: &Native, host: &str) {
        let directory = self.clone();
        native.ports.serve_directory(host, move |heard| match heard {
            Heard::Bytes(bytes) => directory.answer(bytes).into_iter().map(Reaction::Say).collect(),
            Heard::Connection | Heard::Tls => Vec::new(),
        });
    }

    /// What it answers to a request.
    pub(crate) fn answer(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let message: LdapMessage = rasn::ber::decode(bytes).unwrap();
        let id = message.message_id;
        match message.protocol_op {
            ProtocolOp::BindRequest(request) => {
                let AuthenticationChoice::Simple(password) = &request.authentication else { panic!() };
                self.asked.borrow_mut().push(format!("bind {}", *request.name));
                let is_right = |entry: &Entry| {
                    let known = entry.password.as_deref().map(str::as_bytes);
                    entry.dn.eq_ignore_ascii_case(&request.name) && known == Some(&**password)
                };
                // As a directory does: nobody in particular is let in (RFC 4513 §5.1.2).
                let is_nobody = password.is_empty();
                let code = match is_nobody || self.entries.borrow().iter().any(is_right) {
                    true => ResultCode::Success,
                    false => ResultCode::InvalidCredentials,
                };
                vec![bind_response(id, code, "")]
            }
            ProtocolOp::SearchRequest(request) => self.search(id, &request),
            ProtocolOp::ExtendedReq(_) => vec![extended(id, ResultCode::Success)],
            ProtocolOp::UnbindRequest(_) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    fn search(&self, id: u32, request: &SearchRequest) -> Vec<Vec<u8>> {
        self.asked.borrow_mut().push(format!("search {:?}", request.filter));
        let base = request.base_object.to_lowercase();
        let entries = self.entries.borrow();
        let is_below = |entry: &&Entry| match request.scope {
            SearchRequestScope::BaseObject => entry.dn.eq_ignore_ascii_case(&base),
            _ => entry.dn.to_lowercase().ends_with(&base),
        };
        if !entries.iter().any(|entry| entry.dn.to_lowercase().ends_with(&base)) {
            return vec![done(id, ResultCode::NoSuchObject)];
        }
        let found: Vec<_> =
            entries.iter().filter(is_below).filter(|entry| entry.matches(&request.filter)).collect();
        let is_asked = |name: &str| request.attributes.iter().any(|asked| asked.eq_ignore_ascii_case(name));
        let limit = request.size_limit as usize;
        let mut said: Vec<_> = found
            .iter()
            .take(limit)
            .map(|found| {
                let attributes =
                    found.attributes.iter().filter(|(name, _)| is_asked(name)).cloned().collect();
                entry(id, &found.dn, attributes)
            })
            .collect();
        let code = if found.len() > limit { ResultCode::SizeLimitExceeded } else { ResultCode::Success };
        said.push(done(id, code));
        said
    }
}

fn encode(id: u32, operation: ProtocolOp) -> Vec<u8> {
    rasn::ber::encode(&LdapMessage::new(id, operation)).unwrap()
}

pub(crate) fn bind_response(id: u32, code: ResultCode, said: &str) -> Vec<u8> {
    encode(id, ProtocolOp::BindResponse(BindResponse::new(code, "".into(), said.into(), None, None)))
}

pub(crate) fn extended(id: u32, code: ResultCode) -> Vec<u8> {
    let answer = ExtendedResponse {
        result_code: code,
        matched_dn: "".into(),
        diagnostic_message: "".into(),
        referral: None,
        response_name: None,
        response_value: None,
    };
    encode(id, ProtocolOp::ExtendedResp(answer))
}

pub(crate) fn done(id: u32, code: ResultCode) -> Vec<u8> {
    let result = LdapResult::new(code, "".into(), "".into());
    encode(id, ProtocolOp::SearchResDone(SearchResultDone(result)))
}

/// An entry, with its values in their order: the crate would sort them.
pub(crate) fn entry(id: u32, dn: &str, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Vec<u8> {
    let attributes = attributes.into_iter().map(|(name, values)| {
        let values: Vec<_> = values.iter().flat_map(|value| tlv(4, value)).collect();
        tlv(0x30, &[tlv(4, name.as_bytes()), tlv(0x31, &values)].concat())
    });
    let found =
        tlv(0x64, &[tlv(4, dn.as_bytes()), tlv(0x30, &attributes.collect::<Vec<_>>().concat())].concat());
    tlv(0x30, &[tlv(2, &[u8::try_from(id).unwrap()]), found].concat())
}

/// A value with a length of two bytes.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, high, low], content].concat()
}

/// Runs a test with a directory of these people, and with more configuration.
pub(crate) fn with_directory(
    people: impl IntoIterator<Item = Entry>,
    vars: &[(&str, &str)],
    test: impl FnOnce(&TestApp, &Native, &Directory),
) {
    let vars = [&VARS, vars].concat();
    with_native(&vars, |app, native| {
        let directory = Directory::of(people);
        directory.serve(native, HOST);
        test(app, native, &directory);
    });
}
