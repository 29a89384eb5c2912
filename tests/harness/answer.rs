use http::HeaderMap;
use serde_json::Value;

/// What came back.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// `detail` of a refusal.
    pub(crate) fn detail(&self) -> String {
        let body = self.json();
        body["detail"].as_str().unwrap_or_else(|| panic!("no text in `detail`: {self:?}")).to_string()
    }

    /// The token of a sign-in.
    pub(crate) fn token(&self) -> String {
        self.json()["token"].as_str().unwrap_or_else(|| panic!("no token: {self:?}")).to_string()
    }

    /// One header's value; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("unreadable"))
    }

    /// The `Set-Cookie` lines, in order.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_string()).collect()
    }

    /// The one cookie of that name.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let mut found = self.cookies().into_iter().filter(|cookie| cookie.starts_with(&start));
        let cookie = found.next();
        assert!(found.next().is_none(), "`{name}` is set twice: {self:?}");
        cookie
    }
}

impl core::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}
