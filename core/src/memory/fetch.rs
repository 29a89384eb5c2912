use alloc::{format, string::String, vec::Vec};

use super::Memory;
use crate::ports::{Fetch, FetchRequest, Fetched, KeptDocument, PortError, ProviderDocuments};

/// What somebody outside answers to a request, in tests.
pub(super) type Answers = Vec<(String, Fetched)>;

impl Memory {
    /// What an address answers from now on, whatever query it is asked with unless it has one.
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
        let path = url.split('?').next().unwrap_or_default();
        let answers = self.answers.borrow();
        let find = |wanted: &str| answers.iter().find(|(known, _)| known == wanted);
        let answer = find(url).or_else(|| find(path)).map(|(_, answer)| answer.clone());
        let nobody = || PortError { port: "fetch", detail: format!("nobody is at {url}") };
        let answer = answer.ok_or_else(nobody)?;
        self.fetched.borrow_mut().push(request.clone());
        if answer.body.len() > request.max_bytes {
            return Err(PortError { port: "fetch", detail: "answered too much".into() });
        }
        Ok(answer)
    }
}

impl ProviderDocuments for Memory {
    async fn kept_document(&self, url: &str) -> Result<Option<KeptDocument>, PortError> {
        self.reach("provider documents")?;
        Ok(self.documents_of_providers.borrow().get(url).cloned())
    }

    async fn keep_document(&self, url: &str, document: &KeptDocument) -> Result<(), PortError> {
        self.reach("provider documents")?;
        self.documents_of_providers.borrow_mut().insert(url.into(), document.clone());
        Ok(())
    }
}
