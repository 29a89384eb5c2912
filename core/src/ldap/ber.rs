//! Where a message of a directory ends, and whether it is one that we read at all (RFC 4511 §5.1; LD-10). Nothing is
//! reserved for a length that somebody merely claims.

/// Longest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1_024;
/// Deepest nesting; the message itself is 1.
const MAX_DEPTH: usize = 16;
/// Most values in one message.
const MAX_VALUES: usize = 1_000;
/// Longest spelling of a length, in octets after the first.
const MAX_LENGTH_OCTETS: usize = 4;

/// The tag of a message: a sequence.
const SEQUENCE: u8 = 0x30;
const CONSTRUCTED: u8 = 0x20;
const HIGH_TAG_NUMBER: u8 = 0x1f;
/// The class and constructed bits of a universal type made of parts.
const UNIVERSAL_CONSTRUCTED: u8 = 0x20;

/// Why bytes are no message that we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BerError {
    /// A length that has no end, or that is spelled in too many octets.
    Length,
    /// Nested too deeply.
    TooDeep,
    /// Longer than [`MAX_MESSAGE_BYTES`].
    TooLong,
    /// More than a thousand values.
    TooMany,
    /// A tag that LDAP does not have there, or a value that reaches out of what it is in.
    Structure,
}

/// How many bytes the message at the beginning has, header included; `None` when more have to come to know that, or to
/// have it as a whole.
pub(super) fn frame(bytes: &[u8]) -> Result<Option<usize>, BerError> {
    match bytes.first() {
        None => return Ok(None),
        Some(&SEQUENCE) => {}
        Some(_) => return Err(BerError::Structure),
    }
    let Some((header, length)) = header(bytes)? else { return Ok(None) };
    let whole = header.checked_add(length).filter(|whole| *whole <= MAX_MESSAGE_BYTES);
    let whole = whole.ok_or(BerError::TooLong)?;
    Ok((bytes.len() >= whole).then_some(whole))
}

/// Walks over a whole message without reading what it says.
pub(super) fn check(message: &[u8]) -> Result<(), BerError> {
    // Where each of the values ends that the present one is in.
    let mut ends = [0; MAX_DEPTH];
    let (mut depth, mut at, mut values) = (0_usize, 0, 0);
    loop {
        let within = depth.checked_sub(1).and_then(|parent| ends.get(parent)).copied();
        match within {
            Some(end) if at == end => {
                depth -= 1;
                if depth == 0 {
                    return if at == message.len() { Ok(()) } else { Err(BerError::Structure) };
                }
                continue;
            }
            _ => {}
        }
        let rest = message.get(at..within.unwrap_or(message.len())).ok_or(BerError::Structure)?;
        let tag = *rest.first().ok_or(BerError::Structure)?;
        let (header, length) = header(rest)?.ok_or(BerError::Structure)?;
        let end = at + header + length;
        if header + length > rest.len() {
            return Err(BerError::Structure);
        }
        if tag & CONSTRUCTED == 0 {
            values += 1;
            if values > MAX_VALUES || depth == 0 {
                return Err(if depth == 0 { BerError::Structure } else { BerError::TooMany });
            }
            at = end;
            continue;
        }
        // Strings in parts are not LDAP's (RFC 4511 §5.1), which leaves sequences and sets.
        if tag & !HIGH_TAG_NUMBER == UNIVERSAL_CONSTRUCTED && !matches!(tag, SEQUENCE | 0x31) {
            return Err(BerError::Structure);
        }
        *ends.get_mut(depth).ok_or(BerError::TooDeep)? = end;
        depth += 1;
        at += header;
    }
}

/// How long the header is that stands at the beginning, and the content that it announces.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, BerError> {
    let (Some(tag), Some(&first)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
    if tag & HIGH_TAG_NUMBER == HIGH_TAG_NUMBER {
        return Err(BerError::Structure);
    }
    if first < 0x80 {
        return Ok(Some((2, usize::from(first))));
    }
    let octets = usize::from(first & 0x7f);
    if octets == 0 || octets > MAX_LENGTH_OCTETS {
        return Err(BerError::Length);
    }
    let Some(length) = bytes.get(2..2 + octets) else { return Ok(None) };
    let length = length.iter().fold(0_u32, |length, octet| (length << 8) | u32::from(*octet));
    let length = usize::try_from(length).map_err(|_| BerError::TooLong)?;
    if length > MAX_MESSAGE_BYTES {
        return Err(BerError::TooLong);
    }
    Ok(Some((2 + octets, length)))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloc::{vec, vec::Vec};

    use proptest::{collection::vec as bytes, prelude::any, proptest};

    use super::*;

    fn nested(depth: usize) -> Vec<u8> {
        (1..depth).fold(vec![SEQUENCE, 0], |inner, _| {
            let mut outer = vec![SEQUENCE, u8::try_from(inner.len()).unwrap()];
            outer.extend(inner);
            outer
        })
    }

    fn of(values: usize) -> Vec<u8> {
        let content = [4, 0].repeat(values);
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[SEQUENCE, 0x82][..], &length, &content].concat()
    }

    #[test]
    fn a_message_is_whole_when_its_last_byte_is_there() {
        let message = [SEQUENCE, 3, 2, 1, 7];
        for part in 0..message.len() {
            assert_eq!(frame(&message[..part]), Ok(None), "{part}");
        }
        assert_eq!(frame(&message), Ok(Some(5)));
        assert_eq!(frame(&[SEQUENCE, 3, 2, 1, 7, SEQUENCE]), Ok(Some(5)), "the next one has begun");
        // As Active Directory spells lengths.
        assert_eq!(frame(&[SEQUENCE, 0x84, 0, 0, 0, 3, 2, 1, 7]), Ok(Some(9)));
    }

    #[test]
    fn lengths_are_definite_short_and_checked_before_anything_is_waited_for() {
        /* LD-10 */
        assert_eq!(frame(&[SEQUENCE, 0x80, 2, 1, 7, 0, 0]), Err(BerError::Length));
        assert_eq!(frame(&[SEQUENCE, 0x85, 0, 0, 0, 0, 3]), Err(BerError::Length));
        assert_eq!(frame(&[SEQUENCE, 0xff]), Err(BerError::Length));
        assert_eq!(frame(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]), Err(BerError::TooLong));
        assert_eq!(frame(&[SEQUENCE, 0x83, 0x04, 0x00, 0x00]), Err(BerError::TooLong), "with its header");
        assert_eq!(frame(&[SEQUENCE, 0x83, 0x03, 0xff, 0xfb]), Ok(None), "the longest");
        assert_eq!(frame(b"HTTP/1.1 400"), Err(BerError::Structure));
        assert_eq!(check(&[SEQUENCE, 4, 4, 0x80, 0, 0]), Err(BerError::Length));
        assert_eq!(check(&[SEQUENCE, 2, 4, 1]), Err(BerError::Structure), "reaches out");
        assert_eq!(check(&[SEQUENCE, 2, 0x1f, 0]), Err(BerError::Structure), "a tag of several bytes");
        assert_eq!(check(&[SEQUENCE, 4, 0x24, 2, 4, 0]), Err(BerError::Structure), "a string in parts");
    }

    #[test]
    fn nesting_and_numbers_have_an_end() {
        /* LD-10 */
        assert_eq!(check(&nested(16)), Ok(()));
        assert_eq!(check(&nested(17)), Err(BerError::TooDeep));
        assert_eq!(check(&of(1_000)), Ok(()));
        assert_eq!(check(&of(1_001)), Err(BerError::TooMany));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_judged(bytes in bytes(any::<u8>(), 0..64)) {
            if let Ok(Some(whole)) = frame(&bytes) {
                assert!(whole <= bytes.len());
                let _ = check(&bytes[..whole]);
            }
            let _ = check(&bytes);
        }
    }
}
