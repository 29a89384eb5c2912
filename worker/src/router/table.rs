//! The whole route table on one page.

use http::Method;
use portico_core::{audit::AuditAction, ports::Ports};

use super::route::{Guarded, Level, Origin, Route, Throttle, Way};
use crate::{
    dev_outbox,
    http::answer::Answer,
    librechat::{self, limits::Limiter},
    open_webui::{self, auths, groups, users},
    openapi, provider_callback, public_config, well_known,
};

/// The route table. Rows that share a handler answer under several paths or methods.
pub fn routes<P: Ports>() -> Vec<Route<P>> {
    use AuditAction as Event;
    use Origin::{Any, Own, Welcome};
    use Throttle::{
        ApiKey, Challenge, Member, Reauthentication, Refresh, SecondFactor, SignIn, SignUp, TokenExchange,
        Unlimited,
    };
    use Way::{Long, Short};
    const DELETE: Method = Method::DELETE;
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    #[rustfmt::skip]
    let table = [
        // method   path                                             caller level and handler                              body     throttle                                     origin   audit event                       way in
        (GET,    "/.well-known/jwks.json",                        anonymous!(well_known::jwks),                         FORM,    Unlimited,                                   Any,     None,                             Short),
        (GET,    "/api/auth/2fa/enable",                          member!(librechat::auth::two_factor::enable),         FORM,    SecondFactor,                                Own,     Some(Event::EnrollFactor),        Long),
        (POST,   "/api/auth/2fa/enable",                          member!(librechat::auth::two_factor::enable),         FORM,    SecondFactor,                                Own,     Some(Event::EnrollFactor),        Long),
        (POST,   "/api/auth/2fa/backup/regenerate",               member!(librechat::auth::two_factor::regenerate),     FORM,    SecondFactor,                                Own,     Some(Event::RegenerateCodes),     Long),
        (POST,   "/api/auth/2fa/confirm",                         member!(librechat::auth::two_factor::confirm),        FORM,    SecondFactor,                                Own,     Some(Event::EnrollFactor),        Long),
        (POST,   "/api/auth/2fa/disable",                         member!(librechat::auth::two_factor::disable),        FORM,    SecondFactor,                                Own,     Some(Event::DisableFactor),       Long),
        (POST,   "/api/auth/2fa/verify",                          member!(librechat::auth::two_factor::verify),         FORM,    SecondFactor,                                Own,     Some(Event::VerifyFactor),        Long),
        (POST,   "/api/auth/2fa/verify-temp",                     anonymous!(librechat::auth::two_factor::verify_temp), FORM,    Member(Limiter::SecondFactor),     Welcome, Some(Event::VerifyFactor),        Long),
        (POST,   "/api/auth/cloudfront/refresh",                  member!(librechat::auth::graph::cloudfront),          FORM,    Unlimited,                                   Own,     None,                             Long),
        (GET,    "/api/auth/graph-token",                         member!(librechat::auth::graph::token),               FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/auth/login",                               anonymous!(librechat::auth::login::login),            FORM,    Member(Limiter::Login),            Welcome, Some(Event::SignIn),              Long),
        (POST,   "/api/auth/logout",                              anonymous!(librechat::auth::logout::logout),          FORM,    Unlimited,                                   Own,     Some(Event::SignOut),             Long),
        (POST,   "/api/auth/refresh",                             anonymous!(librechat::auth::refresh::refresh),        FORM,    Refresh,                           Own,     Some(Event::Refresh),             Long),
        (POST,   "/api/auth/register",                            anonymous!(librechat::auth::register::register),      FORM,    Member(Limiter::Register),         Welcome, Some(Event::SignUp),              Long),
        (POST,   "/api/auth/requestPasswordReset",                anonymous!(librechat::auth::password::request),       FORM,    Member(Limiter::Reset),            Welcome, Some(Event::RequestReset),        Long),
        (POST,   "/api/auth/resetPassword",                       anonymous!(librechat::auth::password::reset),         FORM,    Member(Limiter::ResetSubmission),  Welcome, Some(Event::ResetPassword),       Long),
        (GET,    "/api/banner",                                   anonymous!(librechat::banner::banner),                FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/config",                                   anonymous!(public_config::config),                    FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/events",                                   admin!(open_webui::events::kinds),                    FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/events/webhooks",                          admin!(open_webui::events::list),                     FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/events/webhooks",                          admin!(open_webui::events::create),                   FORM,    Unlimited,                                   Own,     Some(Event::CreateWebhook),       Long),
        (PUT,    "/api/events/webhooks/{id}",                     admin!(open_webui::events::replace),                  FORM,    Unlimited,                                   Own,     Some(Event::ChangeWebhook),       Long),
        (DELETE, "/api/events/webhooks/{id}",                     admin!(open_webui::events::delete),                   FORM,    Unlimited,                                   Own,     Some(Event::DeleteWebhook),       Long),
        (GET,    "/api/roles/{name}",                             member!(librechat::roles::role),                      FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/user",                                     member!(librechat::user::account::user),              FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/user/delete",                              member!(librechat::user::account::delete),            FORM,    SecondFactor,                                Own,     Some(Event::DeleteUser),          Long),
        (GET,    "/api/user/terms",                               member!(librechat::user::terms::read),                FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/user/terms/accept",                        member!(librechat::user::terms::accept),              FORM,    Unlimited,                                   Own,     Some(Event::UpdateProfile),       Long),
        (POST,   "/api/user/verify",                              anonymous!(librechat::user::verify::verify),          FORM,    Member(Limiter::VerifySubmission), Welcome, Some(Event::VerifyEmail),         Long),
        (POST,   "/api/user/verify/resend",                       anonymous!(librechat::user::verify::resend),          FORM,    Member(Limiter::Verify),           Welcome, Some(Event::RequestVerification), Long),
        (GET,    "/api/v1/audit",                                 admin!(open_webui::audit::list),                      FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/auths",                                 current!(auths::session::session),                    FORM,    Unlimited,                                   Any,     None,                             Short),
        (GET,    "/api/v1/auths/",                                current!(auths::session::session),                    FORM,    Unlimited,                                   Any,     None,                             Short),
        (POST,   "/api/v1/auths/add",                             admin!(auths::add::add),                              PROFILE, Unlimited,                                   Own,     Some(Event::AddUser),             Long),
        (GET,    "/api/v1/auths/admin/config",                    admin!(auths::admin_config::read),                    FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/auths/admin/config",                    admin!(auths::admin_config::write),                   PROFILE, Unlimited,                                   Own,     Some(Event::ChangeSettings),      Long),
        (GET,    "/api/v1/auths/admin/config/ldap",               admin!(auths::admin_config::read_ldap),               FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/auths/admin/config/ldap",               admin!(auths::admin_config::write_ldap),              FORM,    Unlimited,                                   Own,     Some(Event::ChangeSettings),      Long),
        (GET,    "/api/v1/auths/admin/config/ldap/server",        admin!(auths::admin_config::read_ldap_server),        FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/auths/admin/config/ldap/server",        admin!(auths::admin_config::write_ldap_server),       FORM,    Unlimited,                                   Own,     Some(Event::ChangeSettings),      Long),
        (POST,   "/api/v1/auths/admin/config/ldap/test",          admin!(auths::ldap::test),                                       FORM,    Unlimited,                                   Own,     None,                             Long),
        (GET,    "/api/v1/auths/admin/config/oauth",              admin!(auths::admin_config::read_oauth),              FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/auths/admin/config/oauth",              admin!(auths::admin_config::write_oauth),             FORM,    Unlimited,                                   Own,     Some(Event::ChangeSettings),      Long),
        (POST,   "/api/v1/auths/admin/config/oauth/test",         admin!(auths::oauth::test),                           FORM,    Unlimited,                                   Own,     None,                             Long),
        (GET,    "/api/v1/auths/admin/details",                   current!(auths::admin_details::admin_details),        FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/v1/auths/api_key",                         human!(auths::api_key::delete),                       FORM,    ApiKey,                                      Own,     Some(Event::DeleteApiKey),        Long),
        (GET,    "/api/v1/auths/api_key",                         human!(auths::api_key::read),                         FORM,    ApiKey,                                      Own,     Some(Event::ReadApiKey),          Long),
        (POST,   "/api/v1/auths/api_key",                         human!(auths::api_key::create),                       FORM,    ApiKey,                                      Own,     Some(Event::CreateApiKey),        Long),
        (POST,   "/api/v1/auths/ldap",                            anonymous!(auths::ldap::ldap),                        FORM,    Unlimited,                                   Welcome, None,                             Long),
        (GET,    "/api/v1/auths/mfa/status",                      human!(auths::mfa::status),                           FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/auths/mfa/challenge",                   anonymous!(auths::mfa::challenge),                    FORM,    Challenge,                                   Own,     None,                             Long),
        (POST,   "/api/v1/auths/mfa/enroll/confirm",              anonymous!(auths::mfa::confirm),                      FORM,    Challenge,                                   Welcome, Some(Event::EnrollFactor),        Long),
        (POST,   "/api/v1/auths/mfa/enroll/start",                anonymous!(auths::mfa::start),                        FORM,    Challenge,                                   Welcome, None,                             Long),
        (POST,   "/api/v1/auths/mfa/recover",                     anonymous!(auths::mfa::recover),                      FORM,    Challenge,                                   Welcome, Some(Event::RecoverFactor),       Long),
        (POST,   "/api/v1/auths/mfa/recovery/codes",              human!(auths::mfa::recovery_codes),                   FORM,    SecondFactor,                                Own,     Some(Event::RegenerateCodes),     Long),
        (POST,   "/api/v1/auths/mfa/replace",                     human!(auths::mfa::replace),                          FORM,    SecondFactor,                                Own,     Some(Event::EnrollFactor),        Long),
        (POST,   "/api/v1/auths/mfa/verify",                      anonymous!(auths::mfa::verify),                       FORM,    Challenge,                                   Welcome, Some(Event::VerifyFactor),        Long),
        (GET,     "/api/v1/auths/oauth/identities",                 human!(auths::oauth::identities),                     FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE,  "/api/v1/auths/oauth/identities/{provider}",      human!(auths::oauth::unlink),                         FORM,    Unlimited,                                   Own,     Some(Event::UnlinkIdentity),      Long),
        (GET,     "/api/v1/auths/oauth/sessions",                   human!(auths::oauth::sessions),                       FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/v1/auths/oauth/sessions/{*provider}",      verified!(auths::oauth::delete_sessions),             FORM,    Unlimited,                                   Own,     None,                             Long),
        (GET,     "/api/v1/auths/oauth/sessions/{*provider}",       human!(auths::oauth::token),                          FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,    "/api/v1/auths/oauth/{provider}/link",            human!(auths::oauth::link),                           FORM,    Unlimited,                                   Own,     None,                             Long),
        (POST,   "/api/v1/auths/oauth/{provider}/token/exchange", anonymous!(auths::oauth::exchange),                   FORM,    TokenExchange,                               Welcome, None,                             Long),
        (GET,    "/api/v1/auths/sessions",                        human!(auths::sessions::list),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/v1/auths/sessions",                        human!(auths::sessions::end_others),                  FORM,    Unlimited,                                   Own,     Some(Event::EndSessions),         Long),
        (DELETE, "/api/v1/auths/sessions/{id}",                   human!(auths::sessions::end),                         FORM,    Unlimited,                                   Own,     Some(Event::EndSessions),         Long),
        (GET,    "/api/v1/auths/password/policy",                 anonymous!(auths::password_policy::policy),           FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/auths/signin",                          anonymous!(auths::signin::signin),                    FORM,    SignIn,                                      Welcome, Some(Event::SignIn),              Long),
        (GET,    "/api/v1/auths/signout",                         anonymous!(auths::signout::signout),                  FORM,    Unlimited,                                   Welcome, Some(Event::SignOut),             Long),
        (POST,   "/api/v1/auths/signout",                         anonymous!(auths::signout::signout),                  FORM,    Unlimited,                                   Welcome, Some(Event::SignOut),             Long),
        (POST,   "/api/v1/auths/signup",                          anonymous!(auths::signup::signup),                    PROFILE, SignUp,                                      Welcome, Some(Event::SignUp),              Long),
        (POST,   "/api/v1/auths/update/password",                 human!(auths::update_password::update_password),      FORM,    Reauthentication,                            Own,     Some(Event::ChangePassword),      Long),
        (POST,   "/api/v1/auths/update/profile",                  verified!(auths::update_profile::update_profile),     PROFILE, Unlimited,                                   Own,     Some(Event::UpdateProfile),       Long),
        (POST,   "/api/v1/auths/update/timezone",                 current!(auths::update_profile::update_timezone),     FORM,    Unlimited,                                   Own,     Some(Event::UpdateProfile),       Long),
        (GET,    "/api/v1/groups",                                verified!(groups::read::list),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/configs/oauth/clients",                 admin!(open_webui::integrations::list),               FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/configs/oauth/clients/register",        admin!(open_webui::integrations::register),           FORM,    Unlimited,                                   Own,     Some(Event::RegisterClient),      Long),
        (DELETE, "/api/v1/configs/oauth/clients/{client_id}",     admin!(open_webui::integrations::withdraw),           FORM,    Unlimited,                                   Own,     Some(Event::RemoveClient),        Long),
        (GET,    "/api/v1/groups/",                               verified!(groups::read::list),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/groups/create",                         admin!(groups::change::create),                       FORM,    Unlimited,                                   Own,     Some(Event::CreateGroup),         Long),
        (GET,    "/api/v1/groups/id/{id}",                        admin!(groups::read::find),                           FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/v1/groups/id/{id}/delete",                 admin!(groups::change::delete),                       FORM,    Unlimited,                                   Own,     Some(Event::DeleteGroup),         Long),
        (GET,    "/api/v1/groups/id/{id}/export",                 admin!(groups::read::export),                         FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/groups/id/{id}/info",                   verified!(groups::read::info),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/groups/id/{id}/members",                admin!(groups::members::list),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/groups/id/{id}/preview",                admin!(groups::read::preview),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/groups/id/{id}/update",                 admin!(groups::change::update),                       FORM,    Unlimited,                                   Own,     Some(Event::ChangeGroup),         Long),
        (POST,   "/api/v1/groups/id/{id}/users",                  admin!(groups::members::users),                       FORM,    Unlimited,                                   Own,     None,                             Long),
        (POST,   "/api/v1/groups/id/{id}/users/add",              admin!(groups::change::add_users),                    FORM,    Unlimited,                                   Own,     Some(Event::ChangeGroup),         Long),
        (POST,   "/api/v1/groups/id/{id}/users/remove",           admin!(groups::change::remove_users),                 FORM,    Unlimited,                                   Own,     Some(Event::ChangeGroup),         Long),
        (GET,    "/api/v1/invitations",                           admin!(open_webui::invitations::list),                FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/invitations",                           admin!(open_webui::invitations::create),              FORM,    Unlimited,                                   Own,     Some(Event::Invite),              Long),
        (DELETE, "/api/v1/invitations/{id}",                      admin!(open_webui::invitations::withdraw),            FORM,    Unlimited,                                   Own,     Some(Event::WithdrawInvitation),  Long),
        (GET,    "/api/v1/users",                                 admin!(users::list::list),                            FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/",                                admin!(users::list::list),                            FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/all",                             admin!(users::list::all),                             FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/default/permissions",             admin!(users::permissions::read_default),             FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/users/default/permissions",             admin!(users::permissions::write_default),            FORM,    Unlimited,                                   Own,     Some(Event::ChangeSettings),      Long),
        (GET,    "/api/v1/users/default/permissions/defaults",    admin!(users::permissions::built_in),                 FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/groups",                          verified!(users::find::own_groups),                   FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/permissions",                     verified!(users::permissions::own),                   FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/search",                          verified!(users::list::search),                       FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/usage",                           verified!(users::own::usage),                         FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/user/info",                       verified!(users::own::info),                          FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/users/user/info/update",                verified!(users::own::update_info),                   PROFILE, Unlimited,                                   Own,     None,                             Long),
        (GET,    "/api/v1/users/user/settings",                   verified!(users::own::settings),                      FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/users/user/settings/update",            verified!(users::own::update_settings),               PROFILE, Unlimited,                                   Own,     None,                             Long),
        (GET,    "/api/v1/users/user/status",                     verified!(users::own::status),                        FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/users/user/status/update",              verified!(users::own::update_status),                 FORM,    Unlimited,                                   Own,     Some(Event::UpdateProfile),       Long),
        (GET,    "/api/v1/users/user/variables",                  verified!(users::own::variables),                     FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/api/v1/users/user/variables/update",           verified!(users::own::update_variables),              PROFILE, Unlimited,                                   Own,     None,                             Long),
        (DELETE, "/api/v1/users/{id}",                            admin!(users::delete::delete),                        FORM,    Unlimited,                                   Own,     Some(Event::DeleteUser),          Long),
        (GET,    "/api/v1/users/{id}",                            admin!(users::find::find),                            FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/{id}/active",                     verified!(users::find::active),                       FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/v1/users/{id}/ban",                        admin!(users::ban::lift),                             FORM,    Unlimited,                                   Own,     Some(Event::LiftBan),             Long),
        (POST,   "/api/v1/users/{id}/ban",                        admin!(users::ban::ban),                              FORM,    Unlimited,                                   Own,     Some(Event::Ban),                 Long),
        (GET,    "/api/v1/users/{id}/groups",                     admin!(users::find::groups),                          FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/{id}/info",                       verified!(users::find::info),                         FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/{id}/oauth/sessions",             admin!(users::find::oauth_sessions),                  FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/{id}/preview",                    admin!(users::find::preview),                         FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/api/v1/users/{id}/profile/image",              verified!(users::profile_image::profile_image),       FORM,    Unlimited,                                   Any,     None,                             Long),
        (DELETE, "/api/v1/users/{id}/directory",                  admin!(users::directory::unlink),                     FORM,    Unlimited,                                   Own,     Some(Event::UnlinkIdentity),     Long),
        (POST,   "/api/v1/users/{id}/directory",                  admin!(users::directory::link),                       FORM,    Unlimited,                                   Own,     Some(Event::LinkIdentity),       Long),
        (POST,   "/api/v1/users/{id}/password/link",              admin!(users::password_link::password_link),          FORM,    Unlimited,                                   Own,     Some(Event::MintResetLink),       Long),
        (POST,   "/api/v1/users/{id}/mfa/reset",                  admin!(users::reset_factor::reset_factor),            FORM,    Unlimited,                                   Own,     Some(Event::ResetFactor),         Long),
        (POST,   "/api/v1/users/{id}/sessions/revoke",            admin!(users::revoke_sessions::revoke_sessions),      FORM,    Unlimited,                                   Own,     Some(Event::RevokeSessions),      Long),
        (POST,   "/api/v1/users/{id}/update",                     admin!(users::update::update),                        PROFILE, Unlimited,                                   Own,     Some(Event::UpdateUser),          Long),
        (GET,    "/api/version",                                  anonymous!(open_webui::version::version),             FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/dev/outbox",                                   anonymous!(dev_outbox::list),                         FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/health",                                       anonymous!(open_webui::version::health),              FORM,    Unlimited,                                   Any,     None,                             Short),
        (GET,    "/oauth/clients/{client_id}/authorize",          verified!(open_webui::integrations::authorize),       FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/oauth/clients/{client_id}/callback",           anonymous!(open_webui::integrations::callback),       FORM,    Unlimited,                                   Any,     Some(Event::AuthorizeClient),     Long),
        (GET,     "/oauth/error",                                   anonymous!(librechat::oauth::error),                  FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,     "/oauth/saml",                                    anonymous!(librechat::oauth::error),                  FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,    "/oauth/saml/callback",                           anonymous!(librechat::oauth::error),                  FORM,    Unlimited,                                   Any,     None,                             Long),
        (POST,   "/oauth/backchannel-logout",                      anonymous!(open_webui::oauth::backchannel),           FORM,    Unlimited,                                   Welcome, Some(Event::SignOut),             Long),
        (GET,     "/oauth/{provider}",                              anonymous!(librechat::oauth::login),                  FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,     "/oauth/{provider}/callback",                     anonymous!(provider_callback::callback),              FORM,    Unlimited,                                   Any,     Some(Event::SignIn),              Long),
        (POST,    "/oauth/{provider}/callback",                     anonymous!(provider_callback::callback),              FORM,    Unlimited,                                   Any,     Some(Event::SignIn),              Long),
        (GET,     "/oauth/{provider}/login",                        anonymous!(open_webui::oauth::login),                 FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,     "/oauth/{provider}/login/callback",               anonymous!(provider_callback::callback),              FORM,    Unlimited,                                   Any,     Some(Event::SignIn),              Long),
        (GET,    "/openapi.json",                                 anonymous!(openapi::openapi),                         FORM,    Unlimited,                                   Any,     None,                             Long),
        (GET,    "/ready",                                        anonymous!(open_webui::version::ready),               FORM,    Unlimited,                                   Any,     None,                             Long),
    ];
    let row = |(method, path, guarded, body_cap, throttle, origin, audit, way): Row<P>| Route {
        method,
        path,
        level: guarded.level,
        handler: guarded.handler,
        body_cap,
        throttle,
        origin,
        audit,
        way,
    };
    table.into_iter().map(row).collect()
}

/// Most bytes of a body on authentication routes, whether they look at it or not (IN-01).
const FORM: usize = 64 * 1_024;

/// Most bytes of a body that may carry a picture (IN-01).
const PROFILE: usize = 256 * 1_024;

type Row<P> = (Method, &'static str, Guarded<P>, usize, Throttle, Origin, Option<AuditAction>, Way);
macro_rules! anonymous {
    ($handler:path) => {
        Guarded {
            level: Level::Anonymous,
            handler: |call| Box::pin(async move { $handler(call).await.unwrap_or_else(Answer::from) }),
        }
    };
}
macro_rules! guarded {
    ($level:expr, $caller:path, $handler:path) => {
        Guarded {
            level: $level,
            handler: |call| {
                Box::pin(async move {
                    match $caller(call).await {
                        Ok(caller) => $handler(call, caller).await.unwrap_or_else(Answer::from),
                        Err(refused) => Answer::from(refused),
                    }
                })
            },
        }
    };
}
macro_rules! human {
    ($handler:path) => {
        guarded!(Level::Human, open_webui::caller::human, $handler)
    };
}
macro_rules! current {
    ($handler:path) => {
        guarded!(Level::Current, open_webui::caller::current, $handler)
    };
}
macro_rules! verified {
    ($handler:path) => {
        guarded!(Level::Verified, open_webui::caller::verified, $handler)
    };
}
macro_rules! member {
    ($handler:path) => {
        guarded!(Level::Member, librechat::caller::member, $handler)
    };
}
macro_rules! admin {
    ($handler:path) => {
        guarded!(Level::Admin, open_webui::caller::admin, $handler)
    };
}
use {admin, anonymous, current, guarded, human, member, verified};
