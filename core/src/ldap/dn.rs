//! Distinguished names as text (RFC 4514), as far as they have to be understood: to read groups out of them, and to tell
//! one tree from another.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::{self, Write as _};

/// Longest name, in bytes.
const MAX_BYTES: usize = 4_096;
/// Number of the attribute `cn` (RFC 4519 §2.3).
const CN_OID: &str = "2.5.4.3";

/// A name: what is most specific first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dn(Vec<Rdn>);

/// One step of a name: attributes and values that together tell it from its siblings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rdn(Vec<(String, Vec<u8>)>);

/// The text is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DnError;

impl fmt::Display for DnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("is no distinguished name such as `ou=people,dc=example,dc=com`")
    }
}

impl Dn {
    /// Reads a name. The empty text is the root's.
    ///
    /// # Errors
    /// [`DnError`]
    pub fn parse(text: &str) -> Result<Self, DnError> {
        if text.len() > MAX_BYTES {
            return Err(DnError);
        }
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let mut parser = Parser { rest: text };
        let mut rdns = Vec::new();
        loop {
            rdns.push(parser.rdn()?);
            match parser.next() {
                None => return Ok(Self(rdns)),
                Some(',') => {}
                Some(_) => return Err(DnError),
            }
        }
    }

    /// The first common name in it, such as a group's (open-webui.md §9.2). `None` when it has none that is text.
    pub fn common_name(&self) -> Option<&str> {
        let is_cn = |name: &str| name.eq_ignore_ascii_case("cn") || name == CN_OID;
        let pairs = self.0.iter().flat_map(|rdn| &rdn.0);
        let found = pairs.filter(|(name, _)| is_cn(name)).map(|(_, value)| value).next()?;
        core::str::from_utf8(found).ok().filter(|name| !name.is_empty())
    }

    /// The part of it that names the tree: its domain components where it has some, else its last step. In lower case.
    pub fn tree(&self) -> String {
        let is_dc = |rdn: &&Rdn| rdn.0.iter().all(|(name, _)| name.eq_ignore_ascii_case("dc"));
        let domain: Vec<_> = self.0.iter().filter(is_dc).cloned().collect();
        let tree = if domain.is_empty() { self.0.last().cloned().into_iter().collect() } else { domain };
        Self(tree).to_string().to_lowercase()
    }
}

/// A name as text, with everything escaped that has a meaning there (RFC 4514 §2.4; LD-04).
impl fmt::Display for Dn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Rdn(pairs)) in self.0.iter().enumerate() {
            formatter.write_str(if place > 0 { "," } else { "" })?;
            for (place, (name, value)) in pairs.iter().enumerate() {
                write!(formatter, "{}{name}={}", if place > 0 { "+" } else { "" }, Escaped(value))?;
            }
        }
        Ok(())
    }
}

struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut at = 0;
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                let is_edge = at == 0 || at + 1 == self.0.len();
                match letter {
                    '\0' => formatter.write_str("\\00")?,
                    ' ' if is_edge => formatter.write_str("\\ ")?,
                    '#' if at == 0 => formatter.write_str("\\#")?,
                    ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => write!(formatter, "\\{letter}")?,
                    letter => formatter.write_char(letter)?,
                }
                at += letter.len_utf8();
            }
            chunk.invalid().iter().try_for_each(|byte| write!(formatter, "\\{byte:02x}"))?;
            at += chunk.invalid().len();
        }
        Ok(())
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = self.rest.get(next.len_utf8()..)?;
        Some(next)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn rdn(&mut self) -> Result<Rdn, DnError> {
        let mut pairs = Vec::new();
        loop {
            pairs.push(self.pair()?);
            if self.peek() != Some('+') {
                return Ok(Rdn(pairs));
            }
            self.next();
        }
    }

    fn pair(&mut self) -> Result<(String, Vec<u8>), DnError> {
        let (name, rest) = self.rest.split_once('=').ok_or(DnError)?;
        let name = name.trim_matches(' ');
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if !name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
            || !name.bytes().all(is_word)
        {
            return Err(DnError);
        }
        self.rest = rest;
        self.skip_spaces();
        let value = match self.peek() {
            Some('#') => self.hexadecimal()?,
            Some('"') => self.quoted()?,
            _ => self.string()?,
        };
        Ok((name.to_string(), value))
    }

    fn string(&mut self) -> Result<Vec<u8>, DnError> {
        let (mut value, mut kept) = (Vec::new(), 0);
        while let Some(letter) = self.peek() {
            match letter {
                ',' | '+' => break,
                '"' | ';' | '<' | '>' | '\0' => return Err(DnError),
                '\\' => {
                    self.next();
                    value.push(self.escaped()?);
                    kept = value.len();
                }
                letter => {
                    self.next();
                    let mut buffer = [0; 4];
                    value.extend(letter.encode_utf8(&mut buffer).bytes());
                    if letter != ' ' {
                        kept = value.len();
                    }
                }
            }
        }
        // Spaces at the end count only when they are escaped.
        value.truncate(kept);
        Ok(value)
    }

    /// What stands behind a backslash: two digits, or one of the characters that have a meaning.
    fn escaped(&mut self) -> Result<u8, DnError> {
        let first = self.next().ok_or(DnError)?;
        if let Some(high) = first.to_digit(16) {
            let low = self.next().and_then(|low| low.to_digit(16)).ok_or(DnError)?;
            return u8::try_from(high * 16 + low).map_err(|_| DnError);
        }
        match first {
            ' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\' => {
                u8::try_from(first).map_err(|_| DnError)
            }
            _ => Err(DnError),
        }
    }

    /// A value in quotes, as LDAPv2 had them and Active Directory still takes them (RFC 2253 §4).
    fn quoted(&mut self) -> Result<Vec<u8>, DnError> {
        let mut value = Vec::new();
        self.next();
        loop {
            match self.next().ok_or(DnError)? {
                '"' => break,
                '\\' => value.push(self.escaped()?),
                letter => value.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        self.skip_spaces();
        Ok(value)
    }

    /// A value in hexadecimal: its encoding, of which strings are read (RFC 4514 §2.4).
    fn hexadecimal(&mut self) -> Result<Vec<u8>, DnError> {
        self.next();
        let mut bytes = Vec::new();
        while let Some(high) = self.peek().and_then(|high| high.to_digit(16)) {
            self.next();
            let low = self.next().and_then(|low| low.to_digit(16)).ok_or(DnError)?;
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| DnError)?);
        }
        self.skip_spaces();
        match bytes.split_first_chunk() {
            // Octet, UTF-8, printable, teletex and IA5 strings of fewer than 128 bytes.
            Some(([4 | 0x0c | 0x13 | 0x14 | 0x16, length], content))
                if usize::from(*length) == content.len() =>
            {
                Ok(content.to_vec())
            }
            Some(_) => Ok(bytes),
            None => Err(DnError),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloc::vec;

    use proptest::{collection::vec as list, prelude::any, prop_assert_eq, proptest};

    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 4514 §4.
        assert_eq!(dn("UID=jsmith,DC=example,DC=net").0.len(), 3);
        assert_eq!(dn("OU=Sales+CN=J.  Smith,DC=example,DC=net").common_name(), Some("J.  Smith"));
        assert_eq!(
            dn(r"CN=James \22Jim\22 Smith\, III,DC=example").common_name(),
            Some(r#"James "Jim" Smith, III"#)
        );
        assert_eq!(dn(r"CN=Before\0dAfter,DC=example").common_name(), Some("Before\rAfter"));
        assert_eq!(dn("1.3.6.1.4.1.1466.0=#04024869").0[0].0[0].1, b"Hi");
        assert_eq!(dn(r"CN=Lu\C4\8Di\C4\87").common_name(), Some("Lučić"));
        assert!(dn("").0.is_empty(), "the root's");
    }

    #[test]
    fn a_group_is_called_what_its_name_says() {
        /* LD-16 */
        for (text, name) in [
            (r"cn=Sales\, EMEA,ou=groups,dc=example", Some("Sales, EMEA")),
            (r"CN=Smith\2C Jane,dc=example", Some("Smith, Jane")),
            (r"cn=\ padded\ ,dc=example", Some(" padded ")),
            (r"cn = spaced out , dc = example", Some("spaced out")),
            (r"cn=C\#,dc=example", Some("C#")),
            (r"cn=a\+b\=c\<d\>\;e\\,dc=example", Some(r"a+b=c<d>;e\")),
            (r#"cn="Sales, EMEA",dc=example"#, Some("Sales, EMEA")),
            (r"uid=jane+cn=both,dc=example", Some("both")),
            (r"ou=people,dc=example", None),
            (r"cn=\ff\fe,dc=example", None),
            (r"2.5.4.3=numbered,dc=example", Some("numbered")),
        ] {
            assert_eq!(dn(text).common_name(), name, "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in
            ["x", "=x", "cn", "cn=a,", ",cn=a", "cn=a;b", "cn=a\"b", r"cn=a\", r"cn=a\g", "c n=a", "cn=a+"]
        {
            assert!(Dn::parse(text).is_err(), "{text}");
        }
        assert!(Dn::parse(&"cn=a,".repeat(1_000)).is_err());
    }

    #[test]
    fn a_tree_is_known_by_its_domain_whatever_part_of_it_is_searched() {
        /* LD-06 */
        assert_eq!(dn("ou=People,DC=Example,dc=com").tree(), "dc=example,dc=com");
        assert_eq!(dn("dc=example, dc=com").tree(), "dc=example,dc=com");
        assert_eq!(dn("ou=people,o=Example").tree(), "o=example");
    }

    proptest! {
        #[test]
        fn a_value_survives_text(values in list(any::<Vec<u8>>(), 1..4)) {
            /* LD-04 */
            let rdns: Vec<_> = values.into_iter().map(|value| Rdn(vec![("cn".into(), value)])).collect();
            let name = Dn(rdns);
            prop_assert_eq!(Dn::parse(&name.to_string()), Ok(name));
        }

        #[test]
        fn any_text_is_judged(text in r##"[cn=,+\\"#;<> 0-9a-f\x00]{0,40}"##) {
            if let Ok(name) = Dn::parse(&text) {
                prop_assert_eq!(Dn::parse(&name.to_string()), Ok(name));
            }
        }
    }
}
