//! Search filters (RFC 4515): from text that administrators write, and back. What somebody types into a form is never
//! part of a text: it takes the place of a placeholder in a filter that has been parsed (LD-03).

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::{self, Write as _};

/// Longest text, in bytes.
const MAX_BYTES: usize = 4_096;
/// Deepest nesting.
const MAX_DEPTH: usize = 12;
/// What begins and ends the name of a placeholder.
const PLACEHOLDER: (&str, &str) = ("{{", "}}");

/// What has to be true of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Filter {
    /// All of these.
    And(Vec<Self>),
    /// The value is about this.
    Approximate(String, Vec<u8>),
    /// The value is this.
    Equal(String, Vec<u8>),
    /// A rule of the directory's own says so.
    Extensible {
        /// Whose values count; `None` for all that the rule is about.
        attribute: Option<String>,
        /// The rule; `None` for the attribute's own.
        rule: Option<String>,
        /// What they are compared with.
        value: Vec<u8>,
        /// Whether parts of the entry's name count too.
        dn_attributes: bool,
    },
    /// The value is this or more.
    GreaterOrEqual(String, Vec<u8>),
    /// The value is this or less.
    LessOrEqual(String, Vec<u8>),
    /// Not this.
    Not(Box<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// There is a value.
    Present(String),
    /// The value has these parts, in this order.
    Substrings(String, Vec<Piece>),
}

/// A part of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Anywhere between.
    Any(Vec<u8>),
    /// At its end.
    Final(Vec<u8>),
    /// At its beginning.
    Initial(Vec<u8>),
}

/// What is wrong with the text of a filter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FilterError {
    /// A backslash without two hexadecimal digits.
    Escape,
    /// Nested too deeply, or too long.
    Limit,
    /// Not a filter, from this byte on.
    Malformed(usize),
    /// A placeholder where something else than equality is asked for, or one that nothing stands for.
    Placeholder,
}

impl fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Escape => formatter.write_str("has a backslash without two hexadecimal digits"),
            Self::Limit => write!(formatter, "is longer than {MAX_BYTES} bytes or nested too deeply"),
            Self::Malformed(at) => write!(formatter, "is no LDAP filter from character {} on", at + 1),
            Self::Placeholder => {
                formatter.write_str("has a placeholder that is not the value of an equality")
            }
        }
    }
}

impl Filter {
    /// Reads one filter; parentheses around the whole may be left out. `placeholders` are the names that `{{…}}` may have in
    /// it.
    ///
    /// # Errors
    /// [`FilterError`]
    pub fn parse(text: &str, placeholders: &[&str]) -> Result<Self, FilterError> {
        let text = text.trim();
        if text.starts_with('(') {
            let mut filters = Self::parse_all(text, placeholders)?;
            return match (filters.pop(), filters.is_empty()) {
                (Some(filter), true) => Ok(filter),
                _ => Err(FilterError::Malformed(text.len())),
            };
        }
        Parser::new(text, placeholders)?.item_alone()
    }

    /// Reads filters that stand one after another, of which there may be none.
    ///
    /// # Errors
    /// [`FilterError`]
    pub fn parse_all(text: &str, placeholders: &[&str]) -> Result<Vec<Self>, FilterError> {
        let mut parser = Parser::new(text, placeholders)?;
        let mut filters = Vec::new();
        loop {
            parser.skip_spaces();
            if parser.rest().is_empty() {
                return Ok(filters);
            }
            filters.push(parser.filter(0)?);
        }
    }

    /// Puts values in the place of the placeholders. A value is a value: nothing in it means anything (LD-03, LD-04).
    #[must_use]
    pub fn filled(self, values: &[(&str, &str)]) -> Self {
        let all = |filters: Vec<Self>| filters.into_iter().map(|filter| filter.filled(values)).collect();
        match self {
            Self::And(filters) => Self::And(all(filters)),
            Self::Or(filters) => Self::Or(all(filters)),
            Self::Not(inner) => Self::Not(Box::new(inner.filled(values))),
            Self::Equal(attribute, value) => Self::Equal(attribute, filled(&value, values)),
            Self::Extensible { attribute, rule, value, dn_attributes } => {
                Self::Extensible { attribute, rule, value: filled(&value, values), dn_attributes }
            }
            other => other,
        }
    }

    /// What it asks for besides the one that a placeholder stands for.
    pub fn without(&self, placeholder: &str) -> Vec<Self> {
        let Self::And(filters) = self else { return Vec::new() };
        let is_about = |filter: &&Self| {
            let mut found = Vec::new();
            filter.compared(placeholder, &mut found);
            found.is_empty()
        };
        filters.iter().filter(is_about).cloned().collect()
    }

    /// Whether there is a placeholder in it.
    pub fn has_placeholder(&self) -> bool {
        self.to_string().contains(PLACEHOLDER.0)
    }

    /// The attributes that a placeholder is compared with, and what with: the filter with its values says that an entry has
    /// one of them, unless a `Not` says otherwise.
    pub fn compared<'f>(&'f self, placeholder: &str, found: &mut Vec<(&'f str, &'f [u8])>) {
        match self {
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().for_each(|filter| filter.compared(placeholder, found));
            }
            Self::Equal(attribute, value) => {
                let name = [PLACEHOLDER.0, placeholder, PLACEHOLDER.1].concat();
                if core::str::from_utf8(value).is_ok_and(|value| value.contains(&name)) {
                    found.push((attribute, value));
                }
            }
            _ => {}
        }
    }
}

/// A value with what its placeholders stand for. One pass: what a value brings along is not looked at again.
pub(super) fn filled(value: &[u8], values: &[(&str, &str)]) -> Vec<u8> {
    let Ok(mut rest) = core::str::from_utf8(value) else { return value.to_vec() };
    let mut filled = String::new();
    while let Some((before, after)) = rest.split_once(PLACEHOLDER.0) {
        filled.push_str(before);
        let known = after.split_once(PLACEHOLDER.1).and_then(|(name, after)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
        });
        let (text, after) = known.unwrap_or((PLACEHOLDER.0, after));
        filled.push_str(text);
        rest = after;
    }
    filled.push_str(rest);
    filled.into_bytes()
}

/// A filter as text (RFC 4515 §3).
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, sign: char, filters: &[Self]| {
            formatter.write_char(sign)?;
            filters.iter().try_for_each(|filter| write!(formatter, "{filter}"))
        };
        let pair = |formatter: &mut fmt::Formatter<'_>, attribute: &str, sign: &str, value: &[u8]| {
            write!(formatter, "{attribute}{sign}{}", Escaped(value))
        };
        formatter.write_char('(')?;
        match self {
            Self::And(filters) => list(formatter, '&', filters),
            Self::Or(filters) => list(formatter, '|', filters),
            Self::Not(inner) => write!(formatter, "!{inner}"),
            Self::Equal(attribute, value) => pair(formatter, attribute, "=", value),
            Self::GreaterOrEqual(attribute, value) => pair(formatter, attribute, ">=", value),
            Self::LessOrEqual(attribute, value) => pair(formatter, attribute, "<=", value),
            Self::Approximate(attribute, value) => pair(formatter, attribute, "~=", value),
            Self::Present(attribute) => write!(formatter, "{attribute}=*"),
            Self::Substrings(attribute, pieces) => {
                write!(formatter, "{attribute}=")?;
                let begins = matches!(pieces.first(), Some(Piece::Initial(_)));
                let ends = matches!(pieces.last(), Some(Piece::Final(_)));
                if !begins {
                    formatter.write_char('*')?;
                }
                for (place, piece) in pieces.iter().enumerate() {
                    let (Piece::Initial(value) | Piece::Any(value) | Piece::Final(value)) = piece;
                    let between = if place > 0 { "*" } else { "" };
                    write!(formatter, "{between}{}", Escaped(value))?;
                }
                if ends { Ok(()) } else { formatter.write_char('*') }
            }
            Self::Extensible { attribute, rule, value, dn_attributes } => {
                formatter.write_str(attribute.as_deref().unwrap_or_default())?;
                formatter.write_str(if *dn_attributes { ":dn" } else { "" })?;
                if let Some(rule) = rule {
                    write!(formatter, ":{rule}")?;
                }
                write!(formatter, ":={}", Escaped(value))
            }
        }?;
        formatter.write_char(')')
    }
}

/// A value in a filter's text: what has a meaning there, and what is no text, in hexadecimal.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '*' | '(' | ')' | '\\' | '\0' => write!(formatter, "\\{:02x}", u32::from(letter))?,
                    letter => formatter.write_char(letter)?,
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(formatter, "\\{byte:02x}"))?;
        }
        Ok(())
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    placeholders: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, placeholders: &'a [&'a str]) -> Result<Self, FilterError> {
        if text.len() > MAX_BYTES { Err(FilterError::Limit) } else { Ok(Self { text, at: 0, placeholders }) }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn malformed<T>(&self) -> Result<T, FilterError> {
        Err(FilterError::Malformed(self.at))
    }

    fn take(&mut self, sign: char) -> Result<(), FilterError> {
        if !self.rest().starts_with(sign) {
            return self.malformed();
        }
        self.at += sign.len_utf8();
        Ok(())
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth == MAX_DEPTH {
            return Err(FilterError::Limit);
        }
        self.take('(')?;
        let filter = match self.rest().chars().next() {
            Some('&') => Filter::And(self.list(depth)?),
            Some('|') => Filter::Or(self.list(depth)?),
            Some('!') => {
                self.at += 1;
                self.skip_spaces();
                Filter::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => {
                let end = self.rest().find(')').ok_or(FilterError::Malformed(self.text.len()))?;
                self.item(end)?
            }
        };
        self.skip_spaces();
        self.take(')')?;
        Ok(filter)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, FilterError> {
        self.at += 1;
        let mut filters = Vec::new();
        loop {
            self.skip_spaces();
            if !self.rest().starts_with('(') {
                return if filters.is_empty() { self.malformed() } else { Ok(filters) };
            }
            filters.push(self.filter(depth + 1)?);
        }
    }

    fn item_alone(mut self) -> Result<Filter, FilterError> {
        self.item(self.rest().len())
    }

    /// An assertion about one attribute, in the next `length` bytes.
    fn item(&mut self, length: usize) -> Result<Filter, FilterError> {
        let text = self.rest().get(..length).unwrap_or_default();
        let Some((left, right)) = text.split_once('=') else { return self.malformed() };
        if right.contains('(') || text.contains(')') {
            return self.malformed();
        }
        let filter = self.assertion(left, right)?;
        self.at += length;
        Ok(filter)
    }

    fn assertion(&self, left: &str, right: &str) -> Result<Filter, FilterError> {
        let no_placeholder = |value: Vec<u8>| match has_placeholder(&value) {
            true => Err(FilterError::Placeholder),
            false => Ok(value),
        };
        let whole = || if right.contains('*') { self.malformed() } else { no_placeholder(unescaped(right)?) };
        if let Some(name) = left.strip_suffix('>') {
            return Ok(Filter::GreaterOrEqual(self.attribute(name)?, whole()?));
        }
        if let Some(name) = left.strip_suffix('<') {
            return Ok(Filter::LessOrEqual(self.attribute(name)?, whole()?));
        }
        if let Some(name) = left.strip_suffix('~') {
            return Ok(Filter::Approximate(self.attribute(name)?, whole()?));
        }
        if let Some(name) = left.strip_suffix(':') {
            let value = unescaped(right)?;
            // The directory's own name for somebody may be asked about by any rule, such as that of nested groups.
            let is_sound = !right.contains('*') && !has_placeholder(&filled(&value, &[("dn", "")]));
            return if is_sound { self.extensible(name, value) } else { Err(FilterError::Placeholder) };
        }
        let attribute = self.attribute(left)?;
        if right == "*" {
            return Ok(Filter::Present(attribute));
        }
        let pieces: Vec<_> = right.split('*').collect();
        let [value] = pieces.as_slice() else {
            let last = pieces.len() - 1;
            let mut parts = Vec::new();
            for (place, piece) in pieces.into_iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
                let value = no_placeholder(unescaped(piece)?)?;
                parts.push(match place {
                    0 => Piece::Initial(value),
                    place if place == last => Piece::Final(value),
                    _ => Piece::Any(value),
                });
            }
            return if parts.is_empty() {
                self.malformed()
            } else {
                Ok(Filter::Substrings(attribute, parts))
            };
        };
        let value = unescaped(value)?;
        let known: Vec<_> = self.placeholders.iter().map(|name| (*name, "")).collect();
        if has_placeholder(&filled(&value, &known)) {
            return Err(FilterError::Placeholder);
        }
        Ok(Filter::Equal(attribute, value))
    }

    fn extensible(&self, left: &str, value: Vec<u8>) -> Result<Filter, FilterError> {
        let mut parts = left.split(':');
        let name = parts.next().filter(|name| !name.is_empty());
        let attribute = name.map(|name| self.attribute(name)).transpose()?;
        let mut parts = parts.peekable();
        let dn_attributes = parts.next_if(|part| part.eq_ignore_ascii_case("dn")).is_some();
        let rule = parts.next().map(|rule| self.attribute(rule)).transpose()?;
        if parts.next().is_some() || (attribute.is_none() && rule.is_none()) {
            return self.malformed();
        }
        Ok(Filter::Extensible { attribute, rule, value, dn_attributes })
    }

    /// The name of an attribute or a rule, or its number, with options (RFC 4512 §2.5).
    fn attribute(&self, name: &str) -> Result<String, FilterError> {
        let name = name.trim();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'_');
        let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if begins && name.bytes().all(is_word) { Ok(name.to_string()) } else { self.malformed() }
    }
}

fn has_placeholder(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair == PLACEHOLDER.0.as_bytes())
}

fn unescaped(text: &str) -> Result<Vec<u8>, FilterError> {
    let mut value = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else { return Err(FilterError::Escape) };
                value.push(u8::try_from(high * 16 + low).map_err(|_| FilterError::Escape)?);
            }
            0 => return Err(FilterError::Escape),
            byte => value.push(byte),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloc::{format, vec};

    use proptest::{prelude::any, prop_assert_eq, proptest};

    use super::*;

    const NAMES: &[&str] = &["username", "dn"];

    fn round(text: &str) -> String {
        Filter::parse(text, NAMES).unwrap_or_else(|error| panic!("{text} {error}")).to_string()
    }

    #[test]
    fn the_examples_of_the_standard_are_read_and_written() {
        // RFC 4515 §4.
        for text in [
            "(cn=Babs Jensen)",
            "(!(cn=Tim Howes))",
            "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))",
            "(o=univ*of*mich*)",
            "(seeAlso=)",
            "(cn:caseExactMatch:=Fred Flintstone)",
            "(cn:=Betty Rubble)",
            "(sn:dn:2.4.6.8.10:=Barney Rubble)",
            "(o:dn:=Ace Industry)",
            "(:1.2.3:=Wilma Flintstone)",
            "(:dn:2.4.6.8.10:=Dino)",
            r"(o=Parens R Us \28for all your parenthetical needs\29)",
            r"(cn=*\2a*)",
            r"(filename=C:\5cMyFile)",
            r"(bin=\00\00\00\04)",
            "(sn=Lučić)",
            "(memberOf:1.2.840.113556.1.4.1941:=cn=all,dc=example)",
            "(userAccountControl:1.2.840.113556.1.4.803:=2)",
            "(member:1.2.840.113556.1.4.1941:={{dn}})",
            "(jpegPhoto=*)",
            "(a>=1)",
            "(a<=1)",
            "(a~=1)",
        ] {
            if text == r"(bin=\00\00\00\04)" {
                let Filter::Equal(_, value) = Filter::parse(text, NAMES).unwrap() else { panic!() };
                assert_eq!(value, [0, 0, 0, 4]);
            } else {
                assert_eq!(round(text), text);
            }
        }
        assert_eq!(round(r"(sn=Lu\c4\8di\c4\87)"), "(sn=Lučić)");
        assert_eq!(round(" ( &( a=1) (b=2) ) ".replace("( &", "(&").as_str()), "(&(a=1)(b=2))");
        assert_eq!(round("mail={{username}}"), "(mail={{username}})");
        assert!(Filter::parse_all("", NAMES).unwrap().is_empty());
        assert_eq!(Filter::parse_all("(a=1)(!(b=2))", NAMES).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in [
            "",
            "(",
            ")",
            "()",
            "(a)",
            "(a=1",
            "(a=1))",
            "(a=1)(b=2)",
            "(&)",
            "(|)",
            "(!)",
            "(!(a=1)(b=2))",
            "(=1)",
            "(a b=1)",
            "(a=(1)",
            r"(a=\)",
            r"(a=\zz)",
            r"(a=\2)",
            "(a=**)",
            "(:=1)",
            "(a:b:c:=1)",
            "(a>=*)",
            "a=1)(b=2",
            "a=b(c",
            "(a=1\0)",
            "({{username}}=1)",
        ] {
            assert!(Filter::parse(text, NAMES).is_err(), "{text}");
        }
        let deep = format!("{}(a=1){}", "(!".repeat(12), ")".repeat(12));
        assert_eq!(Filter::parse(&deep, NAMES), Err(FilterError::Limit));
        assert_eq!(Filter::parse(&"x".repeat(5_000), NAMES), Err(FilterError::Limit));
    }

    #[test]
    fn a_placeholder_is_the_value_of_an_equality_and_nothing_else() {
        /* LD-03 */
        for text in [
            "(cn=*{{username}}*)",
            "(cn>={{username}})",
            "(cn~={{username}})",
            "(cn:={{username}})",
            "(a={{b}})",
        ] {
            assert_eq!(Filter::parse(text, NAMES), Err(FilterError::Placeholder), "{text}");
        }
        let filter = Filter::parse("(|(uid={{username}})(mail={{username}}@example.com))", NAMES).unwrap();
        let mut compared = Vec::new();
        filter.compared("username", &mut compared);
        assert_eq!(compared.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["uid", "mail"]);
    }

    #[test]
    fn whatever_is_typed_is_a_value() {
        /* LD-03, LD-04 */
        let filter = Filter::parse("(&(uid={{username}})(objectClass=person))", NAMES).unwrap();
        for typed in ["*", "*)(uid=*", "a)(|(uid=*", r"\2a", "\0", "{{dn}}", "{{username}}", "ü*", "(", "))"]
        {
            let filled = filter.clone().filled(&[("username", typed), ("dn", "cn=admin")]);
            let Filter::And(parts) = &filled else { panic!() };
            let expected = vec![
                Filter::Equal("uid".into(), typed.as_bytes().to_vec()),
                Filter::Equal("objectClass".into(), b"person".to_vec()),
            ];
            assert_eq!(parts, &expected, "{typed}");
            if !typed.contains("{{") {
                assert_eq!(Filter::parse(&filled.to_string(), NAMES).unwrap(), filled, "as text, too");
            }
        }
    }

    proptest! {
        #[test]
        fn a_value_survives_text(value in any::<Vec<u8>>()) {
            /* LD-04 */
            let filter = Filter::Equal("cn".into(), value);
            if !has_placeholder(filter.to_string().as_bytes()) {
                prop_assert_eq!(Filter::parse(&filter.to_string(), &[]), Ok(filter));
            }
        }

        #[test]
        fn any_text_is_judged_and_what_is_read_is_written(text in r"[()&|!=*\\:<>~a-c1 ]{0,40}") {
            if let Ok(filter) = Filter::parse(&text, &[]) {
                prop_assert_eq!(Filter::parse(&filter.to_string(), &[]), Ok(filter));
            }
        }
    }
}
