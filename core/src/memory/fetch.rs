use alloc::{format, string::String, vec::Vec};

use super::Memory;
use crate::ports::{Fetch, FetchRequest, Fetched, PortError};

/// What somebody outside answers to a request, in tests.
pub(super) type Answers = Vec<(String, Fetched)>;

impl Memory {
    /// What an address answers from now on.
    pub fn answer(&self, url: &str, fetched: Fetched) {
        let mut answers = self.answers.borrow_mut();
        answers.retain(|(known, _)| known != url);
        answers.push((url.into(), fetched));
    }

    /// What has been asked of others.
    pub fn fetched(&self) -> Vec<FetchRequest> {
        self.fetched.borrow().clone()
    }
}

impl Fetch for Memory {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, PortError> {
        self.reach("fetch")?;
        let url = request.url.as_str();
        let answer =
            self.answers.borrow().iter().find(|(known, _)| known == url).map(|(_, answer)| answer.clone());
        let nobody = || PortError { port: "fetch", detail: format!("nobody is at {url}") };
        let answer = answer.ok_or_else(nobody)?;
        self.fetched.borrow_mut().push(request.clone());
        if answer.body.len() > request.max_bytes {
            return Err(PortError { port: "fetch", detail: "answered too much".into() });
        }
        Ok(answer)
    }
}
