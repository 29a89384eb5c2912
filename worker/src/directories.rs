//! Signing in with directories, or the lack of it: a build may leave it out (feature `ldap`).

#[cfg(not(feature = "ldap"))]
pub(crate) use left_out::{link, recognise_all, sign_in, sign_in_or_local, try_out};
#[cfg(feature = "ldap")]
pub(crate) use portico_core::flow::directory::{link, recognise_all, sign_in, sign_in_or_local, try_out};

#[cfg(not(feature = "ldap"))]
mod left_out {
    use portico_core::{
        flow::{
            Ctx,
            directory::{
                DirectoryLogin, DirectorySignInError, Finding, LinkDirectoryError, Misconfigured, Trial,
            },
            second_factor::Next,
            sign_in::PasswordLogin,
        },
        id::UserId,
        ports::{PortError, Ports},
    };

    const WHY: &str = "names a directory, which this build has left out";

    pub(crate) async fn sign_in(
        _: &Ctx<'_, impl Ports>,
        _: DirectoryLogin,
    ) -> Result<Next, DirectorySignInError> {
        Err(DirectorySignInError::Off)
    }

    pub(crate) async fn sign_in_or_local(
        _: &Ctx<'_, impl Ports>,
        _: DirectoryLogin,
        _: PasswordLogin,
    ) -> Result<Next, DirectorySignInError> {
        Err(DirectorySignInError::Off)
    }

    pub(crate) async fn try_out(_: &Ctx<'_, impl Ports>, _: Option<&str>) -> Result<Trial, PortError> {
        let finding = Finding { step: "configuration", works: false, text: format!("host {WHY}.") };
        Ok(Trial { findings: vec![finding] })
    }

    pub(crate) async fn link(
        _: &Ctx<'_, impl Ports>,
        _: UserId,
        _: UserId,
        _: &str,
    ) -> Result<(), LinkDirectoryError> {
        Err(Misconfigured { setting: "host", problem: WHY.to_string(), is_tls: false }.into())
    }

    pub(crate) async fn recognise_all(_: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
        Ok(())
    }
}
