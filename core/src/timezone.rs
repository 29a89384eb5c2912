//! Names of time zones (IN-10).

/// The names of the IANA time zone database, older ones included, one on each line.
const ZONES: &str = include_str!("timezone/zones.txt");

/// Whether a time zone has that name.
pub fn is_timezone(name: &str) -> bool {
    ZONES.lines().any(|zone| zone == name)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn only_names_of_the_database_are_time_zones() {
        /* IN-10 */
        for zone in ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "US/Pacific", "Etc/GMT+5"] {
            assert!(is_timezone(zone), "{zone}");
        }
        for other in ["", "Not/AZone", "europe/berlin", "Europe/Berlin\n", "Europe"] {
            assert!(!is_timezone(other), "{other:?}");
        }
    }
}
