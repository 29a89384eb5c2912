//! Calendar dates as people write them in forms, `YYYY-MM-DD` (IN-10), and instants as texts have them.

use alloc::{format, string::String};

use crate::time::UnixSeconds;

/// The first year that somebody may have been born in.
const FIRST_YEAR: i64 = 1_900;

/// Whether a text is a day on which somebody who fills in a form now may have been born: a day of the Gregorian
/// calendar, neither before 1900 nor after today.
pub fn is_birthday(text: &str, now: UnixSeconds) -> bool {
    let mut parts = text.split('-').map(|part| (part.len(), part.parse::<u16>()));
    let (Some((4, Ok(year))), Some((2, Ok(month))), Some((2, Ok(day))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    let exists = all_digits && (1..=12).contains(&month) && (1..=days).contains(&day);
    // The last time zone is fourteen hours ahead; such a text sorts as its day does.
    exists && year >= FIRST_YEAR && text <= day_of(now.get() + 14 * 3_600).as_str()
}

/// An instant as people write it: `2027-01-15 08:00 UTC`.
pub fn minute_of(at: UnixSeconds) -> String {
    let minutes = at.get().rem_euclid(86_400) / 60;
    format!("{} {:02}:{:02} UTC", day_of(at.get()), minutes / 60, minutes % 60)
}

/// An instant as JSON of other programs has it: `2027-01-15T08:00:00.000Z` (RFC 3339).
pub fn iso_of(at: UnixSeconds) -> String {
    let seconds = at.get().rem_euclid(86_400);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{}T{:02}:{:02}:{seconds:02}.000Z", day_of(at.get()), minutes / 60, minutes % 60)
}

/// The day, in UTC, of an instant after 1970.
fn day_of(seconds: i64) -> String {
    // Days since 1 March of the year 0: years begin where leap days end.
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// 15 January 2027, 08:00 UTC.
    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

    #[test]
    fn instants_have_the_day_of_the_calendar() {
        assert_eq!(day_of(0), "1970-01-01");
        assert_eq!(day_of(951_782_400), "2000-02-29");
        assert_eq!(day_of(NOW.get()), "2027-01-15");
        assert_eq!(day_of(4_107_542_399), "2100-02-28");
        assert_eq!(day_of(4_107_542_400), "2100-03-01");
    }

    #[test]
    fn a_birthday_is_a_day_that_was() {
        /* IN-10 */
        for day in ["1900-01-01", "1990-12-10", "2000-02-29", "2027-01-15"] {
            assert!(is_birthday(day, NOW), "{day}");
        }
        for other in [
            "1899-12-31",
            "2027-01-17",
            "1990-02-29",
            "1900-02-29",
            "1990-13-01",
            "1990-00-10",
            "1990-04-31",
            "10/12/1990",
            "1990-1-1",
            "1990-01-01T00:00",
            "",
            "+990-01-01",
            "1990-01-0١",
        ] {
            assert!(!is_birthday(other, NOW), "{other}");
        }
    }
}
