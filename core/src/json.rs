//! JSON from strangers: bodies through `serde_json` with limits (IN-02), tokens through [`Members`] (TK-07).
//!
//! Refused: anything but UTF-8, a byte order mark, lone surrogates, trailing bytes, duplicate
//! member names at any level, more nesting or members than the caller allows.

mod members;

pub use members::{Json, Members, NotAnObject};

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How much structure a document may have.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Deepest nesting of arrays and objects; a flat object has depth 1.
    pub depth: usize,
    /// Most values in the whole document, array elements and object members together.
    pub members: usize,
}

/// Limits for a request body (IN-02).
pub const BODY_LIMITS: Limits = Limits { depth: 16, members: 1_000 };

/// Limits for the header or the claims of a token (TK-07).
pub const TOKEN_LIMITS: Limits = Limits { depth: 8, members: 256 };

/// Why a document was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JsonError {
    /// Byte offset at which the reader stopped.
    pub offset: usize,
    /// What the reader says about it. Holds no part of the document but member names.
    pub message: String,
}

/// A string as JSON, for texts that are put together by hand.
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                json.push_str("\\u00");
                let code = character as u32;
                json.extend([code >> 4, code & 15].map(|digit| char::from_digit(digit, 16).unwrap_or('0')));
            }
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

/// Reads one JSON document within `limits`.
///
/// # Errors
/// [`JsonError`] when the bytes are not exactly one well-formed document within the limits.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return Err(JsonError { offset: 0, message: "not UTF-8".to_string() });
    };
    let members_left = Cell::new(limits.members);
    let mut reader = serde_json::Deserializer::from_str(text);
    let document = Strict { depth_left: limits.depth, members_left: &members_left };
    document.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        JsonError { offset: offset_of(text, error.line(), error.column()), message: reason(&error) }
    })
}

/// `serde_json` counts lines and columns; clients are told bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before.saturating_add(column.saturating_sub(1)).min(text.len())
}

/// The error's text without the position that `serde_json` appends to it.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_string())
}

#[derive(Clone, Copy)]
struct Strict<'c> {
    depth_left: usize,
    members_left: &'c Cell<usize>,
}

impl Strict<'_> {
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(E::custom("nested too deeply")),
        }
    }

    fn count_member<E: serde::de::Error>(self) -> Result<(), E> {
        match self.members_left.get().checked_sub(1) {
            Some(left) => {
                self.members_left.set(left);
                Ok(())
            }
            None => Err(E::custom("too many values")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inside)? {
            self.count_member()?;
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.count_member()?;
            if object.contains_key(&name) {
                return Err(A::Error::custom("duplicate member name"));
            }
            object.insert(name, members.next_value_seed(inside)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    fn refusal(bytes: &[u8]) -> String {
        parse(bytes, BODY_LIMITS).expect_err("refused").message
    }

    #[test]
    fn a_quoted_string_reads_back_as_it_was() {
        for text in ["", "plain", "\"\\/", "\0\n\u{1f}\u{7f}", "é😀\u{2028}"] {
            assert_eq!(serde_json::from_str::<String>(&quoted(text)).unwrap(), text);
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        /* IN-02 */
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(16).as_bytes(), BODY_LIMITS).is_ok());
        assert_eq!(refusal(nested(17).as_bytes()), "nested too deeply");
        assert_eq!(refusal("[".repeat(100_000).as_bytes()), "nested too deeply");
    }

    #[test]
    fn members_are_counted_over_the_whole_document() {
        /* IN-02 */
        let flat = |n: usize| format!("[{}]", alloc::vec!["1"; n].join(","));
        assert!(parse(flat(1_000).as_bytes(), BODY_LIMITS).is_ok());
        assert_eq!(refusal(flat(1_001).as_bytes()), "too many values");
        assert_eq!(refusal(format!("[{},{}]", flat(500), flat(500)).as_bytes()), "too many values");
    }

    #[test]
    fn duplicate_names_are_refused_at_every_level() {
        /* IN-02 */
        assert_eq!(refusal(br#"{"a":1,"a":2}"#), "duplicate member name");
        assert_eq!(refusal(br#"{"o":[{"a":1,"\u0061":2}]}"#), "duplicate member name");
    }

    #[test]
    fn only_one_well_formed_utf8_document_is_read() {
        /* IN-02 */
        for bytes in [
            &b"\xef\xbb\xbf{}"[..],
            b"{} {}",
            b"{}x",
            b"",
            b"{\"a\":\"\xff\"}",
            br#"{"a":"\ud800"}"#,
            br#"{"a":"\udc00\ud800"}"#,
            b"{\"a\":\"\x01\"}",
            b"{'a':1}",
            b"{\"a\":NaN}",
            b"{\"a\":01}",
            b"{\"a\":1,}",
            b"{\"a\":1e999}",
        ] {
            assert!(parse(bytes, BODY_LIMITS).is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn the_error_points_at_the_byte() {
        let error = parse(b"{\"a\": x}", BODY_LIMITS).expect_err("refused");
        assert_eq!((error.offset, error.message.as_str()), (6, "expected value"));
        let error = parse(b"{\n\"a\": \n x}", BODY_LIMITS).expect_err("refused");
        assert_eq!(error.offset, 9);
    }
}
