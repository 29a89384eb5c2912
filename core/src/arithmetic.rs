//! Numbers as expressions, `1000 * 60 * 15`: how deployments of LibreChat write lengths of time (contract §0.1).

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 16;

/// The value of an expression of numbers, `+ - * / %` and brackets; `None` for anything else, and for what is no
/// number.
pub fn value(text: &str) -> Option<f64> {
    let mut rest = Rest { bytes: text.as_bytes(), depth: 0 };
    let value = rest.sum()?;
    rest.skip_space();
    (rest.bytes.is_empty() && value.is_finite()).then_some(value)
}

struct Rest<'t> {
    bytes: &'t [u8],
    depth: usize,
}

impl Rest<'_> {
    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        while let Some(sign) = self.take(b"+-") {
            let next = self.product()?;
            value = if sign == b'+' { value + next } else { value - next };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.factor()?;
        while let Some(sign) = self.take(b"*/%") {
            let next = self.factor()?;
            value = match sign {
                b'*' => value * next,
                b'/' => value / next,
                _ => value % next,
            };
        }
        Some(value)
    }

    fn factor(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = if let Some(sign) = self.take(b"+-") {
            let value = self.factor()?;
            if sign == b'-' { -value } else { value }
        } else if self.take(b"(").is_some() {
            let value = self.sum()?;
            self.take(b")")?;
            value
        } else {
            self.number()?
        };
        self.depth -= 1;
        Some(value)
    }

    fn number(&mut self) -> Option<f64> {
        self.skip_space();
        let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let end = self.bytes.iter().position(|byte| !is_part(byte)).unwrap_or(self.bytes.len());
        let (number, rest) = self.bytes.split_at_checked(end)?;
        self.bytes = rest;
        core::str::from_utf8(number).ok()?.parse().ok()
    }

    fn take(&mut self, signs: &[u8]) -> Option<u8> {
        self.skip_space();
        let (sign, rest) = self.bytes.split_first().filter(|(sign, _)| signs.contains(sign))?;
        self.bytes = rest;
        Some(*sign)
    }

    fn skip_space(&mut self) {
        self.bytes = self.bytes.trim_ascii_start();
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn expressions_have_the_value_that_people_expect() {
        for (text, expected) in [
            ("1000 * 60 * 15", 900_000.0),
            ("(1000 * 60 * 60 * 24) * 7", 604_800_000.0),
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 / 4", 2.5),
            ("7 % 4 - -1", 4.0),
            (" .5 ", 0.5),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_no_number() {
        let deep = "(".repeat(100_000);
        for text in
            ["", "15m", "1 +", "(1", "1)", "1 2", "1..2", "a", "1e3", "1 / 0", "0 % 0", "2 ** 3", &deep]
        {
            assert_eq!(value(text), None, "{}", text.get(..10).unwrap_or(text));
        }
    }
}
