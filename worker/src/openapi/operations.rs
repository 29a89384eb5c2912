//! One line for each route: what it is for, what it takes, what it gives, and which refusals it adds to those that its
//! row in the route table implies.

use http::Method;

/// A line.
#[derive(Debug)]
pub(super) struct Operation {
    /// What it is for.
    pub(super) summary: &'static str,
    /// The schema of the body; empty for none.
    pub(super) takes: &'static str,
    /// Names of the query's parameters.
    pub(super) query: &'static [&'static str],
    /// The schema of the answer.
    pub(super) gives: &'static str,
    /// Statuses.
    pub(super) refusals: &'static [u16],
}

/// The line for a route.
pub(super) fn find(method: &Method, path: &str) -> Option<&'static Operation> {
    let row = OPERATIONS.iter().find(|(of, at, _)| *of == method.as_str() && *at == path);
    row.map(|(_, _, operation)| operation)
}

type Row = (&'static str, &'static str, Operation);

const fn row(
    (method, path): (&'static str, &'static str),
    summary: &'static str,
    takes: &'static str,
    query: &'static [&'static str],
    gives: &'static str,
    refusals: &'static [u16],
) -> Row {
    (method, path, Operation { summary, takes, query, gives, refusals })
}

const PAGE: &[&str] = &["query", "order_by", "direction", "page"];
const INHERITED: &[&str] = &["include_inherited"];

#[rustfmt::skip]
pub(super) const OPERATIONS: &[Row] = &[
    row(("GET", "/.well-known/jwks.json"), "The public keys of session tokens.", "", &[], "Jwks", &[304]),
    row(("GET", "/api/config"), "What a login page has to know.", "", &[], "Config", &[]),
    row(("GET", "/api/events"), "What can happen.", "", &[], "EventKinds", &[]),
    row(("GET", "/api/events/webhooks"), "Who is told about events.", "", &[], "Webhooks", &[]),
    row(("POST", "/api/events/webhooks"), "Tells somebody else.", "WebhookForm", &[], "Webhook", &[]),
    row(("PUT", "/api/events/webhooks/{id}"), "Says anew who is told what.", "WebhookForm", &[], "Webhook", &[]),
    row(("DELETE", "/api/events/webhooks/{id}"), "Tells somebody nothing any more.", "", &[], "Status", &[]),
    row(("GET", "/api/v1/audit"), "Security events, latest first.", "", &["user", "before", "limit"], "AuditLog", &[]),
    row(("GET", "/api/v1/auths"), "The session and its account.", "", &[], "SessionInfo", &[]),
    row(("GET", "/api/v1/auths/"), "The session and its account.", "", &[], "SessionInfo", &[]),
    row(("POST", "/api/v1/auths/add"), "Creates an account.", "AddForm", &[], "Added", &[]),
    row(("GET", "/api/v1/auths/admin/config"), "The settings.", "", &[], "AdminConfig", &[]),
    row(("POST", "/api/v1/auths/admin/config"), "Changes settings.", "AdminConfigForm", &[], "AdminConfig", &[409]),
    row(("GET", "/api/v1/auths/admin/config/ldap"), "Whether the directory is on.", "", &[], "LdapSwitch", &[]),
    row(("POST", "/api/v1/auths/admin/config/ldap"), "Switches the directory.", "LdapSwitchForm", &[], "LdapSwitch", &[409]),
    row(("GET", "/api/v1/auths/admin/config/ldap/server"), "The directory.", "", &[], "LdapServer", &[]),
    row(("POST", "/api/v1/auths/admin/config/ldap/server"), "Changes the directory.", "LdapServerForm", &[], "LdapServer", &[409]),
    row(("GET", "/api/v1/auths/admin/config/oauth"), "The settings of providers.", "", &[], "OAuthConfig", &[]),
    row(("POST", "/api/v1/auths/admin/config/oauth"), "Changes settings of providers.", "OAuthConfigForm", &[], "OAuthConfig", &[409]),
    row(("GET", "/api/v1/auths/admin/details"), "Whom to ask for help.", "", &[], "AdminDetails", &[]),
    row(("DELETE", "/api/v1/auths/api_key"), "Drops the caller's API key.", "", &[], "True", &[]),
    row(("GET", "/api/v1/auths/api_key"), "Shows the caller's API key.", "", &[], "ApiKey", &[404]),
    row(("POST", "/api/v1/auths/api_key"), "Makes an API key, in the place of the one before.", "", &[], "ApiKey", &[]),
    row(("POST", "/api/v1/auths/ldap"), "Signs in through the directory.", "LdapForm", &[], "SignedIn", &[]),
    row(("GET", "/api/v1/auths/mfa/status"), "The caller's second factor.", "", &[], "FactorStatus", &[]),
    row(("POST", "/api/v1/auths/mfa/challenge"), "The step that a cookie opens.", "", &[], "Step", &[401]),
    row(("POST", "/api/v1/auths/mfa/enroll/confirm"), "Shows the new factor's first code.", "CodeForm", &[], "Enrolled", &[401, 409, 429]),
    row(("POST", "/api/v1/auths/mfa/enroll/start"), "The new factor's secret.", "ChallengeForm", &[], "FactorSetup", &[401, 409, 429]),
    row(("POST", "/api/v1/auths/mfa/recover"), "Shows what an operator gave out.", "RecoverForm", &[], "Step", &[401, 409, 429]),
    row(("POST", "/api/v1/auths/mfa/recovery/codes"), "Makes new backup codes.", "FactorForm", &[], "RecoveryCodes", &[409]),
    row(("POST", "/api/v1/auths/mfa/replace"), "Begins to replace the factor.", "FactorForm", &[], "Step", &[409]),
    row(("POST", "/api/v1/auths/mfa/verify"), "Shows the second factor, for a session.", "VerifyForm", &[], "Session", &[401, 409, 429]),
    row(("DELETE", "/api/v1/auths/oauth/sessions/{*provider}"), "Drops what a provider's sessions left.", "", &[], "True", &[]),
    row(("POST", "/api/v1/auths/oauth/{provider}/token/exchange"), "Signs in with a provider's token.", "ExchangeForm", &[], "SignedIn", &[]),
    row(("GET", "/api/v1/auths/sessions"), "The caller's sessions.", "", &[], "Sessions", &[]),
    row(("DELETE", "/api/v1/auths/sessions"), "Ends the caller's other sessions.", "", &[], "EndedSessions", &[]),
    row(("DELETE", "/api/v1/auths/sessions/{id}"), "Ends one of the caller's sessions.", "", &[], "Status", &[]),
    row(("POST", "/api/v1/auths/signin"), "Signs in with a password.", "SignInForm", &[], "SignedIn", &[429]),
    row(("GET", "/api/v1/auths/signout"), "Signs out.", "", &[], "SignedOut", &[401, 422]),
    row(("POST", "/api/v1/auths/signout"), "Signs out.", "", &[], "SignedOut", &[401]),
    row(("POST", "/api/v1/auths/signup"), "Creates the caller's account.", "SignUpForm", &[], "SignedIn", &[]),
    row(("POST", "/api/v1/auths/update/password"), "Changes the caller's password.", "PasswordForm", &[], "True", &[409]),
    row(("POST", "/api/v1/auths/update/profile"), "Changes the caller's profile.", "ProfileForm", &[], "Profile", &[]),
    row(("POST", "/api/v1/auths/update/timezone"), "Changes the caller's time zone.", "TimezoneForm", &[], "Status", &[]),
    row(("GET", "/api/v1/groups"), "Groups that the caller may see.", "", &["share"], "Groups", &[]),
    row(("GET", "/api/v1/groups/"), "Groups that the caller may see.", "", &["share"], "Groups", &[]),
    row(("POST", "/api/v1/groups/create"), "Creates a group.", "GroupForm", &[], "Group", &[404, 409]),
    row(("GET", "/api/v1/groups/id/{id}"), "A group.", "", &[], "Group", &[]),
    row(("DELETE", "/api/v1/groups/id/{id}/delete"), "Deletes a group.", "", &[], "True", &[409]),
    row(("GET", "/api/v1/groups/id/{id}/export"), "A group with its members' ids.", "", &[], "GroupExport", &[]),
    row(("GET", "/api/v1/groups/id/{id}/info"), "What everybody may know of a group.", "", &[], "GroupInfo", &[]),
    row(("GET", "/api/v1/groups/id/{id}/members"), "Members, direct and of groups below.", "", &["membership", "query", "page"], "GroupMembers", &[]),
    row(("GET", "/api/v1/groups/id/{id}/preview"), "What a group permits.", "", &[], "GroupPreview", &[]),
    row(("POST", "/api/v1/groups/id/{id}/update"), "Changes a group.", "GroupForm", &[], "Group", &[409]),
    row(("POST", "/api/v1/groups/id/{id}/users"), "Direct members.", "", &[], "UserInfos", &[]),
    row(("POST", "/api/v1/groups/id/{id}/users/add"), "Adds members.", "UserIds", &[], "Group", &[]),
    row(("POST", "/api/v1/groups/id/{id}/users/remove"), "Removes members.", "UserIds", &[], "Group", &[]),
    row(("GET", "/api/v1/users"), "A page of accounts.", "", PAGE, "UserList", &[]),
    row(("GET", "/api/v1/users/"), "A page of accounts.", "", PAGE, "UserList", &[]),
    row(("GET", "/api/v1/users/all"), "All accounts.", "", &[], "UserInfoList", &[]),
    row(("GET", "/api/v1/users/default/permissions"), "What everybody may do.", "", &[], "Permissions", &[]),
    row(("POST", "/api/v1/users/default/permissions"), "Changes what everybody may do.", "Permissions", &[], "Permissions", &[409]),
    row(("GET", "/api/v1/users/default/permissions/defaults"), "What everybody may do unless somebody changes it.", "", &[], "Permissions", &[]),
    row(("GET", "/api/v1/users/groups"), "The caller's groups.", "", INHERITED, "Groups", &[]),
    row(("GET", "/api/v1/users/permissions"), "What the caller may do.", "", &[], "Permissions", &[]),
    row(("GET", "/api/v1/users/search"), "Finds accounts.", "", PAGE, "UserInfoList", &[]),
    row(("GET", "/api/v1/users/usage"), "What the caller used: nothing, here.", "", &["days", "start_date", "end_date"], "Usage", &[]),
    row(("GET", "/api/v1/users/user/info"), "What pages keep about the caller.", "", &[], "Document", &[]),
    row(("POST", "/api/v1/users/user/info/update"), "Adds to it.", "Object", &[], "Document", &[409]),
    row(("GET", "/api/v1/users/user/settings"), "What pages keep of the caller's taste.", "", &[], "Document", &[]),
    row(("POST", "/api/v1/users/user/settings/update"), "Adds to it.", "Object", &[], "Document", &[409]),
    row(("GET", "/api/v1/users/user/status"), "The caller's account with its status line.", "", &[], "User", &[]),
    row(("POST", "/api/v1/users/user/status/update"), "Changes the status line.", "StatusForm", &[], "User", &[]),
    row(("GET", "/api/v1/users/user/variables"), "The caller's variables.", "", &[], "Variables", &[]),
    row(("POST", "/api/v1/users/user/variables/update"), "Replaces the caller's variables.", "VariablesForm", &[], "Variables", &[409]),
    row(("DELETE", "/api/v1/users/{id}"), "Deletes an account.", "", &[], "True", &[]),
    row(("GET", "/api/v1/users/{id}"), "An account.", "", &[], "UserDetail", &[]),
    row(("GET", "/api/v1/users/{id}/active"), "Whether somebody is there.", "", &[], "Active", &[]),
    row(("GET", "/api/v1/users/{id}/groups"), "An account's groups.", "", INHERITED, "Groups", &[]),
    row(("GET", "/api/v1/users/{id}/info"), "What members see of an account.", "", &[], "UserInfo", &[]),
    row(("GET", "/api/v1/users/{id}/oauth/sessions"), "An account's sessions at providers.", "", &[], "Document", &[]),
    row(("GET", "/api/v1/users/{id}/preview"), "What an account may use.", "", &[], "UserPreview", &[]),
    row(("GET", "/api/v1/users/{id}/profile/image"), "An account's picture.", "", &[], "Image", &[302]),
    row(("POST", "/api/v1/users/{id}/mfa/reset"), "Takes a second factor away.", "", &[], "ResetToken", &[409]),
    row(("POST", "/api/v1/users/{id}/sessions/revoke"), "Ends an account's sessions.", "", &[], "True", &[]),
    row(("POST", "/api/v1/users/{id}/update"), "Changes an account.", "UserForm", &[], "User", &[409]),
    row(("GET", "/api/version"), "The version of the API.", "", &[], "Version", &[]),
    row(("GET", "/health"), "Whether this service runs.", "", &[], "Status", &[]),
    row(("GET", "/openapi.json"), "This document.", "", &[], "OpenApi", &[]),
    row(("GET", "/ready"), "Whether it can work.", "", &[], "Ready", &[]),
];
