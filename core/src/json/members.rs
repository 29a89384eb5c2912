//! The members of one JSON object, read in a single pass: for tokens, where building a tree of values
//! would cost more than the signature.
//!
//! As strict as [`parse`](super::parse): well-formed text only, no lone surrogates, no duplicate names
//! at any level, nesting and members within the limits. Values stay text until somebody asks for one.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::ops::Range;

use zeroize::Zeroizing;

use super::Limits;

/// A JSON object: its text, wiped on drop because it may be a key, and where each of its members stands
/// in it.
#[derive(Clone, Debug)]
pub struct Members {
    text: Zeroizing<String>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    name: Name,
    value: Range<usize>,
}

/// A member's name: nearly always a stretch of the text, rarely one with escapes.
#[derive(Clone, Debug)]
enum Name {
    Plain(Range<usize>),
    Unescaped(String),
}

/// A JSON value, as much of it as is known without looking inside.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// An array; [`elements`](Self::elements) reads it.
    List(&'a str),
    /// `null`.
    Null,
    /// A number as it is written.
    Number(&'a str),
    /// An object; [`Members::parse`] reads it.
    Object(&'a str),
    /// A string without its escapes.
    String(Cow<'a, str>),
}

/// Not one JSON object within the limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAnObject;

impl Members {
    /// Reads an object.
    ///
    /// # Errors
    /// [`NotAnObject`] for anything else, and for an object beyond the limits.
    pub fn parse(text: String, limits: Limits) -> Result<Self, NotAnObject> {
        let text = Zeroizing::new(text);
        let mut scanner = Scanner::new(&text, limits);
        scanner.space();
        let members = scanner.object().ok_or(NotAnObject)?;
        scanner.space();
        if scanner.at < text.len() { Err(NotAnObject) } else { Ok(Self { text, members }) }
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<Json<'_>> {
        let member = self.members.iter().find(|member| member.name.is(name, &self.text))?;
        Some(Json::of(self.text.get(member.value.clone())?))
    }

    /// The value of a member that is a string; `None` for other types, too.
    pub fn string(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.get(name) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether there is a member of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name.is(name, &self.text))
    }

    /// The names of all members, in the order in which they stand.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str(&self.text))
    }

    /// The object as it is written.
    pub fn as_text(&self) -> &str {
        &self.text
    }
}

impl Name {
    fn is(&self, name: &str, text: &str) -> bool {
        self.as_str(text) == name
    }

    fn as_str<'a>(&'a self, text: &'a str) -> &'a str {
        match self {
            Self::Plain(range) => text.get(range.clone()).unwrap_or_default(),
            Self::Unescaped(name) => name,
        }
    }
}

impl<'a> Json<'a> {
    /// Reads the value that begins a text which has been found to be well-formed.
    fn of(text: &'a str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => Self::Object(text),
            Some(b'[') => Self::List(text),
            Some(b'"') => Self::String(unescaped(text.get(1..text.len().saturating_sub(1)).unwrap_or(""))),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        }
    }

    /// The elements of a list; none for every other value.
    pub fn elements(&self) -> Vec<Self> {
        let Self::List(text) = self else { return Vec::new() };
        // The text was read once already, so its limits hold.
        let mut scanner = Scanner::new(text, Limits { depth: usize::MAX, members: usize::MAX });
        let values = scanner.list().unwrap_or_default();
        values.into_iter().filter_map(|range| text.get(range)).map(Json::of).collect()
    }
}

/// A string's content without escapes. Only called for content that the scanner has accepted.
fn unescaped(content: &str) -> Cow<'_, str> {
    if !content.contains('\\') {
        return Cow::Borrowed(content);
    }
    let mut text = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, after) = match escape.as_bytes().first() {
            Some(b'u') => unescaped_unit(escape),
            Some(byte) => (control(*byte), escape.get(1..).unwrap_or("")),
            None => ('\u{fffd}', ""),
        };
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

const fn control(letter: u8) -> char {
    match letter {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        other => other as char,
    }
}

/// `uXXXX`, or the two halves `uXXXX\uXXXX` of a character beyond U+FFFF.
fn unescaped_unit(escape: &str) -> (char, &str) {
    let unit = |from: usize| {
        let digits = escape.get(from..from + 4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(1).unwrap_or(0xfffd);
    if (0xd800..0xdc00).contains(&first) {
        let second = unit(7).unwrap_or(0xdc00);
        let scalar = 0x1_0000 + ((first - 0xd800) << 10) + (second & 0x3ff);
        return (char::from_u32(scalar).unwrap_or('\u{fffd}'), escape.get(11..).unwrap_or(""));
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), escape.get(5..).unwrap_or(""))
}

/// Walks over JSON text (RFC 8259). Every method leaves `at` behind what it has read, or gives `None`.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth_left: usize,
    members_left: usize,
}

impl<'a> Scanner<'a> {
    const fn new(text: &'a str, limits: Limits) -> Self {
        Self { text, at: 0, depth_left: limits.depth, members_left: limits.members }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// One element or member more.
    fn count(&mut self) -> Option<()> {
        self.members_left = self.members_left.checked_sub(1)?;
        Some(())
    }

    fn value(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        match self.peek()? {
            b'{' => self.object().map(drop)?,
            b'[' => self.list().map(drop)?,
            b'"' => self.string().map(drop)?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        }
        Some(start..self.at)
    }

    fn object(&mut self) -> Option<Vec<Member>> {
        self.take(b'{')?;
        self.depth_left = self.depth_left.checked_sub(1)?;
        let mut members: Vec<Member> = Vec::new();
        self.space();
        while self.take(b'}').is_none() {
            if !members.is_empty() {
                self.take(b',')?;
                self.space();
            }
            self.count()?;
            let name = self.name()?;
            let known = name.as_str(self.text);
            if members.iter().any(|member| member.name.is(known, self.text)) {
                return None;
            }
            self.space();
            self.take(b':')?;
            self.space();
            let value = self.value()?;
            members.push(Member { name, value });
            self.space();
        }
        self.depth_left += 1;
        Some(members)
    }

    fn list(&mut self) -> Option<Vec<Range<usize>>> {
        self.take(b'[')?;
        self.depth_left = self.depth_left.checked_sub(1)?;
        let mut values = Vec::new();
        self.space();
        while self.take(b']').is_none() {
            if !values.is_empty() {
                self.take(b',')?;
                self.space();
            }
            self.count()?;
            values.push(self.value()?);
            self.space();
        }
        self.depth_left += 1;
        Some(values)
    }

    fn name(&mut self) -> Option<Name> {
        let content = self.string()?;
        let text = self.text.get(content.clone())?;
        Some(match unescaped(text) {
            Cow::Borrowed(_) => Name::Plain(content),
            Cow::Owned(name) => Name::Unescaped(name),
        })
    }

    /// A string; gives where its content stands.
    fn string(&mut self) -> Option<Range<usize>> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.escape()?,
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(start..self.at - 1)
    }

    fn escape(&mut self) -> Option<()> {
        self.at += 1;
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Some(())
            }
            b'u' => match self.unit()? {
                // A high surrogate needs its low one; a low one alone is nothing.
                0xd800..0xdc00 => {
                    self.take(b'\\')?;
                    (0xdc00..0xe000).contains(&self.unit()?).then_some(())
                }
                0xdc00..0xe000 => None,
                _ => Some(()),
            },
            _ => None,
        }
    }

    /// `u` and four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        self.take(b'u')?;
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// RFC 8259 §6: no leading zero, digits on both sides of a point.
    fn number(&mut self) -> Option<()> {
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::json::TOKEN_LIMITS;
    use alloc::{format, string::ToString};

    fn read(text: &str) -> Result<Members, NotAnObject> {
        Members::parse(text.to_string(), TOKEN_LIMITS)
    }

    #[test]
    fn values_come_back_as_they_were_written() {
        let members = read(
            r#" {"a" : "x\n\u00e9\ud83d\ude00\/" , "b":[1,"two",{"c":null}], "\u0064":-1.5e3,"e":false} "#,
        )
        .unwrap();
        assert_eq!(members.string("a").unwrap(), "x\né😀/");
        let list = members.get("b").unwrap().elements();
        assert_eq!(list[..2], [Json::Number("1"), Json::String("two".into())]);
        assert_eq!(list[2], Json::Object(r#"{"c":null}"#));
        assert_eq!(members.get("d"), Some(Json::Number("-1.5e3")), "the name was escaped");
        assert_eq!(members.get("e"), Some(Json::Bool(false)));
        assert_eq!((members.get("f"), members.contains("c")), (None, false));
    }

    #[test]
    fn a_name_stands_once_however_it_is_spelled_and_wherever_it_is() {
        /* TK-07 */
        for text in [r#"{"a":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, r#"{"o":[{"a":1,"b":2,"a":3}]}"#] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(r#"{"a":{"a":{"a":1}},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn nesting_and_members_end_at_the_limits() {
        /* TK-07 */
        let nested = |depth: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(7)).is_ok());
        assert!(read(&nested(8)).is_err());
        let wide = |n: usize| format!(r#"{{"a":[{}]}}"#, alloc::vec!["1"; n].join(","));
        assert!(read(&wide(255)).is_ok());
        assert!(read(&wide(256)).is_err());
        assert!(read(&format!(r#"{{"a":{}"#, "[".repeat(100_000))).is_err());
    }

    #[test]
    fn text_that_is_not_one_object_is_refused() {
        /* TK-07 */
        for text in [
            "",
            " ",
            "[]",
            "1",
            "null",
            "{",
            "}",
            "{}x",
            "{} {}",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1 "b":2}"#,
            r#"{a:1}"#,
            r#"{'a':1}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":-}"#,
            r#"{"a":+1}"#,
            r#"{"a":1e}"#,
            r#"{"a":NaN}"#,
            r#"{"a":tru}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\u0041"}"#,
            "{\"a\":\"\u{1}\"}",
            r#"{"a":[1,]}"#,
            r#"{"a":[,1]}"#,
            "\u{feff}{}",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
