//! What single variables may say.

use http::{HeaderName, Uri};
use portico_core::{
    audit::MIN_RETENTION,
    duration::TokenLifetime,
    email::Email,
    flow::api_keys::Reveal,
    image_reference::ImageReference,
    password::{PasswordPolicy, PepperError, Peppers},
    secret::RootSecret,
    time::Lifetime,
};

use super::{AllowedOrigins, SameSite, password_pattern::Pattern};

pub(super) fn header_name(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| "must be the name of a header".to_string())
}

/// How often the owner of an API key may see it.
pub(super) fn reveal(text: &str) -> Result<Reveal, String> {
    match text {
        "always" => Ok(Reveal::Always),
        "once" => Ok(Reveal::Once),
        _ => Err("must be `always` or `once`".to_string()),
    }
}

pub(super) fn min_password_length(text: &str) -> Result<usize, String> {
    let floor = PasswordPolicy::DEFAULT.min_code_points;
    match text.parse() {
        Ok(min_code_points) if (floor..=128).contains(&min_code_points) => Ok(min_code_points),
        _ => Err(format!("must be a number from {floor} to 128")),
    }
}

pub(super) fn password_policy(text: &str) -> Result<PasswordPolicy, String> {
    match text {
        "default" => Ok(PasswordPolicy::DEFAULT),
        "compat" => Ok(PasswordPolicy::COMPAT),
        _ => Err("must be `default` or `compat`".to_string()),
    }
}

pub(super) fn password_pattern(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|_| "must be a pattern with look-aheads at its beginning only".to_string())
}

/// A length of time of at least a minute, in the grammar of `JWT_EXPIRES_IN`.
pub(super) fn limit(text: &str) -> Result<Lifetime, String> {
    match TokenLifetime::parse(text) {
        Ok(TokenLifetime::Limited(length)) if length >= Lifetime::from_minutes(1) => Ok(length),
        _ => Err("must be a length of time of at least a minute, such as `30d`".to_string()),
    }
}

pub(super) fn revocation_cache(text: &str) -> Result<Lifetime, String> {
    match text.parse() {
        Ok(seconds) if seconds <= 60 => Ok(Lifetime::from_seconds(seconds)),
        _ => Err("must be a number of seconds from 0 to 60".to_string()),
    }
}

/// How often something may be tried.
pub(super) fn attempts(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(attempts) if (1..=1_000).contains(&attempts) => Ok(attempts),
        _ => Err("must be a number from 1 to 1000".to_string()),
    }
}

/// Days for which events stay in the audit log.
pub(super) fn retention(text: &str) -> Result<Lifetime, String> {
    let least = MIN_RETENTION.seconds() / Lifetime::from_days(1).seconds();
    match text.parse() {
        Ok(days) if (least..=36_500).contains(&days) => Ok(Lifetime::from_days(days)),
        _ => Err(format!("must be a number of days from {least} to 36500")),
    }
}

/// Seconds in which attempts are counted.
pub(super) fn window(text: &str) -> Result<Lifetime, String> {
    match text.parse() {
        Ok(seconds) if (1..=86_400).contains(&seconds) => Ok(Lifetime::from_seconds(seconds)),
        _ => Err("must be a number of seconds from 1 to 86400".to_string()),
    }
}

pub(super) fn bytes(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "must be a number of bytes".to_string())
}

/// `image/png,image/jpeg`: some of those that browsers do not run.
pub(super) fn media_types(text: &str) -> Result<Vec<&'static str>, String> {
    let known = |name: &str| {
        let found = ImageReference::MEDIA_TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("must list some of {}", ImageReference::MEDIA_TYPES.join(", ")))
    };
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(known).collect()
}

/// `1:secret;2:secret`, oldest first: the last one is used for new hashes.
pub(super) fn peppers(text: &str) -> Result<Peppers, String> {
    let mut peppers = Peppers::default();
    for pepper in text.split(';').map(str::trim).filter(|pepper| !pepper.is_empty()) {
        let (version, secret) = pepper.split_once(':').ok_or("must list peppers as `version:secret`")?;
        let secret = RootSecret::parse(secret).map_err(|error| format!("has a secret that {error}"))?;
        peppers.add(version, &secret).map_err(|error| match error {
            PepperError::Duplicate => "names a version twice".to_string(),
            PepperError::Version => "has a version that is not one to eight letters and digits".to_string(),
        })?;
    }
    Ok(peppers)
}

pub(super) fn same_site(text: &str) -> Result<SameSite, String> {
    match text.to_ascii_lowercase().as_str() {
        "lax" => Ok(SameSite::Lax),
        "none" => Ok(SameSite::None),
        "strict" => Ok(SameSite::Strict),
        _ => Err("must be `lax`, `strict` or `none`".to_string()),
    }
}

/// An absolute http(s) URL without user information or fragment; http on this machine only (AD-13).
pub(super) fn absolute_url(text: &str) -> Result<String, String> {
    let problem = || "must be an absolute https URL (http for localhost only)".to_string();
    let uri: Uri = text.parse().map_err(|_| problem())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(problem()) };
    let local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    let secure = scheme == "https" || (scheme == "http" && local);
    if !secure || authority.as_str().contains('@') || text.contains('#') {
        return Err(problem());
    }
    Ok(text.to_string())
}

/// The same without a slash at its end: what paths are put behind.
pub(super) fn base(text: &str) -> Result<String, String> {
    match absolute_url(text)? {
        url if url.contains('?') => Err("must be an address without a query".to_string()),
        url => Ok(url.trim_end_matches('/').to_string()),
    }
}

/// `example.com,example.org`: exact domains, in the form that addresses have them.
pub(super) fn domains(text: &str) -> Result<Vec<String>, String> {
    let domain = |name: &str| match Email::parse(&format!("x@{name}")) {
        Ok(email) => Ok(email.domain().to_string()),
        Err(_) => Err("must list domains such as `example.com`, separated by `,`".to_string()),
    };
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(domain).collect()
}

/// The origin of an address that was checked before.
pub(crate) fn origin(url: &str) -> Option<String> {
    url.parse().ok().map(|uri| origin_of(&uri))
}

pub(super) fn public_origin(text: &str) -> Result<String, String> {
    let uri: Uri = absolute_url(text)?.parse().map_err(|_| "must be a URL".to_string())?;
    Ok(origin_of(&uri))
}

/// An origin as browsers write it: lower case, without the port that the scheme implies, no path.
pub(crate) fn origin_of(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str()).to_ascii_lowercase();
    let implied_port = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", authority.strip_suffix(implied_port).unwrap_or(&authority))
}

pub(super) fn allowed_origins(text: &str) -> Result<AllowedOrigins, String> {
    if text == "*" {
        return Ok(AllowedOrigins::Any);
    }
    text.split(';')
        .map(str::trim)
        .filter(|origin| !origin.is_empty())
        .map(exact_origin)
        .collect::<Result<_, _>>()
        .map(AllowedOrigins::Only)
}

/// An origin exactly as browsers send it; a list entry in any other spelling would never match.
pub(super) fn exact_origin(text: &str) -> Result<String, String> {
    let scheme = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    match text.parse::<Uri>() {
        Ok(uri) if scheme(&uri) && origin_of(&uri) == text && !text.contains('@') => Ok(text.to_string()),
        _ => Err("must list origins such as `https://chat.example`, separated by `;`".to_string()),
    }
}
