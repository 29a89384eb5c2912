//! The messages of a directory that we send and understand (RFC 4511 §4), by `rasn-ldap`.

use alloc::{borrow::ToOwned as _, boxed::Box, string::String, vec::Vec};

pub use rasn_ldap::ResultCode;
use rasn_ldap::{
    AttributeValueAssertion, AuthenticationChoice, BindRequest, ExtendedRequest, LdapMessage,
    MatchingRuleAssertion, ProtocolOp, SearchRequest, SearchRequestDerefAliases, SearchRequestScope,
    SearchResultDone, SubstringChoice, SubstringFilter, UnbindRequest,
};

use super::{
    ber,
    client::LdapError,
    filter::{Filter, Piece},
};

/// Asks for TLS (RFC 4511 §4.14.1).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// The only version there is.
const VERSION: u8 = 3;

/// What a directory says about somebody or something.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Entry {
    /// Its distinguished name, as the directory writes it.
    pub dn: String,
    /// Names of attributes and their values, in the order in which they came.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// The values of an attribute; options such as `;binary` or `;lang-de` make it no other (RFC 4512 §2.5).
    pub fn values<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e [u8]> + 'e {
        let is_it = move |known: &str| known.split(';').next().is_some_and(|k| k.eq_ignore_ascii_case(name));
        let found = self.attributes.iter().filter(move |(known, _)| is_it(known));
        found.flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }
}

/// What came of a request.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) code: ResultCode,
    /// What the directory says besides; for the audit log only (LD-13).
    pub(super) diagnostic: String,
}

/// What a directory answers.
#[derive(Debug)]
pub(super) enum Answer {
    Bind(Outcome),
    Done(Outcome),
    Entry(Entry),
    Extended(Outcome),
    /// Somewhere else, which we do not follow (LD-12).
    Reference,
    /// Nothing that answers a request of ours.
    Unexpected,
}

/// What is searched for.
#[derive(Clone, Debug)]
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: Filter,
    pub(super) attributes: Vec<&'a str>,
    /// Most entries that are wanted.
    pub(super) size_limit: u32,
    /// How long the directory may search, in seconds.
    pub(super) time_limit: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    Base,
    Subtree,
}

pub(super) fn bind(id: u32, dn: &str, password: &str) -> Result<Vec<u8>, LdapError> {
    let authentication = AuthenticationChoice::Simple(password.as_bytes().to_vec().into());
    encode(id, ProtocolOp::BindRequest(BindRequest::new(VERSION, dn.into(), authentication)))
}

pub(super) fn start_tls(id: u32) -> Result<Vec<u8>, LdapError> {
    let request_name = START_TLS.as_bytes().to_vec().into();
    encode(id, ProtocolOp::ExtendedReq(ExtendedRequest { request_name, request_value: None }))
}

pub(super) fn unbind(id: u32) -> Result<Vec<u8>, LdapError> {
    encode(id, ProtocolOp::UnbindRequest(UnbindRequest))
}

pub(super) fn search(id: u32, search: Search<'_>) -> Result<Vec<u8>, LdapError> {
    let scope = match search.scope {
        Scope::Base => SearchRequestScope::BaseObject,
        Scope::Subtree => SearchRequestScope::WholeSubtree,
    };
    let request = SearchRequest::new(
        search.base.into(),
        scope,
        SearchRequestDerefAliases::NeverDerefAliases,
        search.size_limit,
        search.time_limit,
        false,
        filter(search.filter),
        search.attributes.into_iter().map(Into::into).collect(),
    );
    encode(id, ProtocolOp::SearchRequest(request))
}

fn encode(id: u32, operation: ProtocolOp) -> Result<Vec<u8>, LdapError> {
    rasn::ber::encode(&LdapMessage::new(id, operation)).map_err(|_| LdapError::Protocol)
}

fn filter(filter_: Filter) -> rasn_ldap::Filter {
    use rasn_ldap::Filter as Wire;
    let all = |filters: Vec<Filter>| filters.into_iter().map(filter).collect::<Vec<_>>().into();
    let assertion = |attribute: String, value: Vec<u8>| {
        AttributeValueAssertion::new(attribute.as_str().into(), value.into())
    };
    match filter_ {
        Filter::And(filters) => Wire::And(all(filters)),
        Filter::Or(filters) => Wire::Or(all(filters)),
        Filter::Not(inner) => Wire::Not(Box::new(filter(*inner))),
        Filter::Equal(attribute, value) => Wire::EqualityMatch(assertion(attribute, value)),
        Filter::GreaterOrEqual(attribute, value) => Wire::GreaterOrEqual(assertion(attribute, value)),
        Filter::LessOrEqual(attribute, value) => Wire::LessOrEqual(assertion(attribute, value)),
        Filter::Approximate(attribute, value) => Wire::ApproxMatch(assertion(attribute, value)),
        Filter::Present(attribute) => Wire::Present(attribute.as_str().into()),
        Filter::Substrings(attribute, pieces) => {
            let pieces = pieces.into_iter().map(|piece| match piece {
                Piece::Initial(value) => SubstringChoice::Initial(value.into()),
                Piece::Any(value) => SubstringChoice::Any(value.into()),
                Piece::Final(value) => SubstringChoice::Final(value.into()),
            });
            Wire::Substrings(SubstringFilter::new(attribute.as_str().into(), pieces.collect()))
        }
        Filter::Extensible { attribute, rule, value, dn_attributes } => {
            let (rule, attribute) = (rule.as_deref().map(Into::into), attribute.as_deref().map(Into::into));
            Wire::ExtensibleMatch(MatchingRuleAssertion::new(rule, attribute, value.into(), dn_attributes))
        }
    }
}

/// Reads a whole message; which request it answers, and what it says.
pub(super) fn read(message: &[u8]) -> Result<(u32, Answer), LdapError> {
    ber::check(message).map_err(|_| LdapError::Protocol)?;
    let message: LdapMessage = rasn::ber::decode(message).map_err(|_| LdapError::Protocol)?;
    let outcome = |code, diagnostic: &str| Outcome { code, diagnostic: diagnostic.to_owned() };
    let answer = match message.protocol_op {
        ProtocolOp::BindResponse(answer) => {
            Answer::Bind(outcome(answer.result_code, &answer.diagnostic_message))
        }
        ProtocolOp::SearchResDone(SearchResultDone(answer)) => {
            Answer::Done(outcome(answer.result_code, &answer.diagnostic_message))
        }
        ProtocolOp::ExtendedResp(answer) => {
            Answer::Extended(outcome(answer.result_code, &answer.diagnostic_message))
        }
        ProtocolOp::SearchResEntry(entry) => {
            let attributes = entry.attributes.into_iter().map(|attribute| {
                let values = attribute.vals.to_vec().into_iter().map(|value| value.to_vec()).collect();
                (attribute.r#type.0, values)
            });
            Answer::Entry(Entry { dn: entry.object_name.0, attributes: attributes.collect() })
        }
        ProtocolOp::SearchResRef(_) => Answer::Reference,
        _ => Answer::Unexpected,
    };
    Ok((message.message_id, answer))
}
