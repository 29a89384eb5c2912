use core::time::Duration;

use portico_core::{
    ldap::{Directory, LdapError, Server, ServerHealth},
    ports::{BucketKey, Directories, PortError},
    time::UnixSeconds,
};

use super::{Store, THROTTLES, fault};
use crate::{
    durable::{ask, throttle_bucket::Question},
    platform,
};

impl Directories for Store {
    type Connection = platform::Connection;

    fn elapsed(&self) -> Duration {
        platform::elapsed()
    }

    async fn connect(
        &self,
        directory: &Directory,
        server: &Server,
        patience: Duration,
    ) -> Result<Self::Connection, LdapError> {
        platform::connect(directory, server, patience).await
    }

    async fn server_health(&self) -> Result<ServerHealth, PortError> {
        self.ask_health(&Question::ServerHealth).await
    }

    async fn note_server(&self, server: &Server, is_well: bool, now: UnixSeconds) -> Result<(), PortError> {
        let question = Question::NoteServer { server: server.clone(), is_well, now };
        let _: ServerHealth = self.ask_health(&question).await?;
        Ok(())
    }
}

impl Store {
    async fn ask_health(&self, question: &Question) -> Result<ServerHealth, PortError> {
        let bucket = BucketKey::named("directory", "health");
        ask(&self.env, THROTTLES, bucket.as_str(), question).await.map_err(fault("directories"))
    }
}
