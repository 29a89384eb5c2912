import type { PermissionTree } from "./permissions.js";

type Role = "admin" | "pending" | "user";
type Id = { readonly path: { readonly id: string } };
type Page = { readonly query?: { query?: string; order_by?: string; direction?: "asc" | "desc"; page?: number } };
interface Route<A, I = object> {
  readonly input: I;
  readonly answer: A;
}
interface Body<B> {
  readonly body: B;
}

export interface SessionAnswer {
  id: string;
  name: string;
  email: string;
  role: Role;
  profile_image_url: string;
  token: string;
  token_type: "Bearer";
  expires_at: number | null;
  permissions: PermissionTree;
}
export interface ProfileAnswer extends SessionAnswer {
  bio: string | null;
  gender: string | null;
  date_of_birth: string | null;
  status_emoji: string | null;
  status_message: string | null;
  status_expires_at: number | null;
}
export interface StepAnswer {
  next_step: "enroll" | "pending" | "recover" | "verify";
  challenge_token?: string;
  expires_in?: number;
}
export interface OwnSession {
  id: string;
  current: boolean;
  auth_method: string;
  created_at: number;
  last_seen_at: number;
  ends_at: number;
  network: string;
  user_agent: string;
}
export interface UserInfo {
  id: string;
  name: string;
  email: string;
  role: Role;
  bio: string | null;
  last_active_at: number;
  groups: { id: string; name: string }[];
  is_active: boolean;
}
export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  profile_image_url: string;
  oauth: Record<string, unknown> | null;
  last_active_at: number;
  updated_at: number;
  created_at: number;
}
export interface Group {
  id: string;
  name: string;
  description: string;
  parent_group_id: string | null;
  permissions: PermissionTree | null;
  member_count: number | null;
  created_at: number;
  updated_at: number;
}
export interface AuditEvent {
  sequence: number;
  id: string;
  created_at: number;
  actor_id: string | null;
  target_id: string | null;
  action: string;
  outcome: string;
  network: string;
  user_agent: string;
  request_id: string;
  detail: unknown;
}
export interface Invitation {
  id: string;
  email: string;
  created_by: string;
  created_at: number;
  expires_at: number;
  link?: string;
}
export interface PasswordPolicyAnswer {
  min_length: number;
  max_bytes: number;
  refuses_guessable: boolean;
  has_pattern: boolean;
  hint: string | null;
  site: string;
}
export interface Trial {
  ok: boolean;
  steps: { step: string; ok: boolean; detail: string }[];
}
export interface Member {
  id: string;
  name: string;
  username: string | null;
  email: string;
  emailVerified: boolean;
  avatar: string | null;
  provider: string;
  role: "ADMIN" | "USER";
  twoFactorEnabled: boolean;
  termsAccepted: boolean;
  createdAt: string;
  updatedAt: string;
}
export interface PublicConfig {
  name: string;
  version: string;
  default_locale: string;
  onboarding?: boolean;
  oauth: { providers: Record<string, string>; auto_redirect: boolean };
  features: Record<string, unknown>;
  permissions?: PermissionTree;
  emailEnabled: boolean;
  passwordResetEnabled: boolean;
  registrationEnabled: boolean;
  allowAccountDeletion?: boolean;
  minPasswordLength?: number;
  interface: { privacyPolicy?: { externalUrl: string }; termsOfService?: { externalUrl: string } };
}
export interface ProviderSession {
  id: string;
  provider: string;
  expires_at: number;
  created_at: number;
  updated_at: number;
}

type Settings = Record<string, unknown>;
type Codes = { recovery_codes: string[] };
type Proof = { token?: string; backupCode?: string; password?: string };
type Shown = { code: string; recovery?: boolean };
type SignIn = SessionAnswer | StepAnswer;
type MemberSession = { token: string; user: Member } | { twoFAPending: true; tempToken: string };
type GroupForm = {
  name: string;
  description: string;
  permissions?: PermissionTree | null;
  parent_group_id?: string | null;
};

/** Every route that the two dialects have for signing in, accounts, groups and administration: what goes in, what comes out. */
export interface Routes {
  "GET /api/config": Route<PublicConfig>;

  // Open WebUI
  "GET /api/v1/auths/": Route<ProfileAnswer>;
  "POST /api/v1/auths/signin": Route<SignIn, Body<{ email: string; password: string }>>;
  "POST /api/v1/auths/ldap": Route<SignIn, Body<{ user: string; password: string }>>;
  "POST /api/v1/auths/signup": Route<
    SignIn,
    Body<{ name: string; email: string; password: string; profile_image_url?: string; bootstrap_secret?: string }>
  >;
  "GET /api/v1/auths/signout": Route<{ status: true; redirect_url?: string }>;
  "POST /api/v1/auths/signout": Route<{ status: true; redirect_url?: string }>;
  "POST /api/v1/auths/add": Route<
    { id: string; name: string; role: Role; email: string },
    Body<{ name: string; email: string; password: string; role?: Role }>
  >;
  "GET /api/v1/auths/password/policy": Route<PasswordPolicyAnswer>;
  "POST /api/v1/auths/update/password": Route<true, Body<{ password: string; new_password: string }>>;
  "POST /api/v1/auths/update/profile": Route<
    { id: string; name: string; role: Role; email: string; profile_image_url: string },
    Body<{ name: string; profile_image_url: string; bio?: string | null; gender?: string | null; date_of_birth?: string | null }>
  >;
  "POST /api/v1/auths/update/timezone": Route<{ status: boolean }, Body<{ timezone: string }>>;
  "GET /api/v1/auths/api_key": Route<{ api_key: string }>;
  "POST /api/v1/auths/api_key": Route<{ api_key: string }>;
  "DELETE /api/v1/auths/api_key": Route<true>;
  "GET /api/v1/auths/sessions": Route<OwnSession[]>;
  "DELETE /api/v1/auths/sessions": Route<{ status: boolean; ended: number }>;
  "DELETE /api/v1/auths/sessions/{id}": Route<{ status: boolean }, Id>;
  "GET /api/v1/auths/mfa/status": Route<{ enabled: boolean; required: boolean; recovery_codes_remaining: number }>;
  "POST /api/v1/auths/mfa/challenge": Route<StepAnswer>;
  "POST /api/v1/auths/mfa/enroll/start": Route<{ manual_key: string; qr_code: string }, Body<{ challenge_token: string }>>;
  "POST /api/v1/auths/mfa/enroll/confirm": Route<
    (SessionAnswer & Codes) | Codes,
    Body<{ challenge_token: string; code: string }>
  >;
  "POST /api/v1/auths/mfa/verify": Route<SessionAnswer, Body<Shown & { challenge_token: string }>>;
  "POST /api/v1/auths/mfa/recover": Route<StepAnswer, Body<{ challenge_token: string; reset_token: string }>>;
  "POST /api/v1/auths/mfa/recovery/codes": Route<Codes, Body<Shown>>;
  "POST /api/v1/auths/mfa/replace": Route<StepAnswer, Body<Shown>>;
  "GET /api/v1/auths/oauth/identities": Route<{ provider: string; linked_at: number }[]>;
  "DELETE /api/v1/auths/oauth/identities/{provider}": Route<true, { path: { provider: string } }>;
  "POST /api/v1/auths/oauth/{provider}/link": Route<{ url: string }, { path: { provider: string } }>;
  "POST /api/v1/auths/oauth/{provider}/token/exchange": Route<SignIn, Body<{ token: string }> & { path: { provider: string } }>;
  "GET /api/v1/auths/oauth/sessions": Route<ProviderSession[]>;
  "GET /api/v1/auths/oauth/sessions/{*provider}": Route<
    { access_token: string; token_type: "Bearer"; expires_at: number; scope?: string | null },
    { path: { provider: string } }
  >;
  "DELETE /api/v1/auths/oauth/sessions/{*provider}": Route<true, { path: { provider: string } }>;
  "GET /api/v1/auths/admin/details": Route<{ name: string | null; email: string | null }>;
  "GET /api/v1/auths/admin/config": Route<Settings>;
  "POST /api/v1/auths/admin/config": Route<Settings, Body<Settings>>;
  "GET /api/v1/auths/admin/config/ldap": Route<{ ENABLE_LDAP: boolean }>;
  "POST /api/v1/auths/admin/config/ldap": Route<{ ENABLE_LDAP: boolean }, Body<{ enable_ldap: boolean }>>;
  "GET /api/v1/auths/admin/config/ldap/server": Route<Settings>;
  "POST /api/v1/auths/admin/config/ldap/server": Route<Settings, Body<Settings>>;
  "POST /api/v1/auths/admin/config/ldap/test": Route<Trial, Body<{ user?: string | null }>>;
  "GET /api/v1/auths/admin/config/oauth": Route<Settings>;
  "POST /api/v1/auths/admin/config/oauth": Route<Settings, Body<Settings>>;
  "POST /api/v1/auths/admin/config/oauth/test": Route<Trial>;
  "GET /api/v1/users/": Route<{ users: (User & { group_ids: string[] })[]; total: number }, Page>;
  "GET /api/v1/users/all": Route<{ users: UserInfo[]; total: number }>;
  "GET /api/v1/users/search": Route<{ users: UserInfo[]; total: number }, Page>;
  "GET /api/v1/users/{id}": Route<User & { groups: { id: string; name: string }[]; is_active: boolean }, Id>;
  "POST /api/v1/users/{id}/update": Route<
    User,
    Id & Body<{ role?: Role; name?: string; email?: string; profile_image_url?: string; password?: string }>
  >;
  "DELETE /api/v1/users/{id}": Route<true, Id>;
  "GET /api/v1/users/{id}/groups": Route<Group[], Id & { query?: { include_inherited?: boolean } }>;
  "POST /api/v1/users/{id}/sessions/revoke": Route<true, Id>;
  "POST /api/v1/users/{id}/mfa/reset": Route<{ reset_token: string; expires_in: number }, Id>;
  "POST /api/v1/users/{id}/password/link": Route<{ link: string }, Id>;
  "POST /api/v1/users/{id}/ban": Route<{ status: boolean; until: number }, Id & Body<{ seconds: number }>>;
  "DELETE /api/v1/users/{id}/ban": Route<{ status: boolean }, Id>;
  "POST /api/v1/users/{id}/directory": Route<true, Id & Body<{ user: string }>>;
  "DELETE /api/v1/users/{id}/directory": Route<boolean, Id>;
  "GET /api/v1/users/permissions": Route<PermissionTree>;
  "GET /api/v1/users/groups": Route<Group[], { query?: { include_inherited?: boolean } }>;
  "GET /api/v1/users/default/permissions": Route<PermissionTree>;
  "GET /api/v1/users/default/permissions/defaults": Route<PermissionTree>;
  "POST /api/v1/users/default/permissions": Route<PermissionTree, Body<PermissionTree>>;
  "GET /api/v1/groups/": Route<Group[], { query?: { share?: boolean } }>;
  "POST /api/v1/groups/create": Route<Group, Body<GroupForm>>;
  "GET /api/v1/groups/id/{id}": Route<Group, Id>;
  "GET /api/v1/groups/id/{id}/members": Route<
    { items: (UserInfo & { membership_type: "direct" | "inherited"; via_group_ids: string[] })[]; total: number },
    Id & { query?: { membership?: string; query?: string; page?: number } }
  >;
  "POST /api/v1/groups/id/{id}/update": Route<Group, Id & Body<GroupForm>>;
  "POST /api/v1/groups/id/{id}/users/add": Route<Group, Id & Body<{ user_ids: string[] }>>;
  "POST /api/v1/groups/id/{id}/users/remove": Route<Group, Id & Body<{ user_ids: string[] }>>;
  "DELETE /api/v1/groups/id/{id}/delete": Route<true, Id>;
  "GET /api/v1/invitations": Route<Invitation[]>;
  "POST /api/v1/invitations": Route<Invitation, Body<{ email: string }>>;
  "DELETE /api/v1/invitations/{id}": Route<{ status: boolean }, Id>;
  "GET /api/v1/audit": Route<{ events: AuditEvent[] }, { query?: { user?: string; before?: string; limit?: number } }>;

  // LibreChat
  "POST /api/auth/login": Route<MemberSession, Body<{ email: string; password: string }>>;
  "POST /api/auth/logout": Route<{ message: string; redirect?: string }>;
  "POST /api/auth/refresh": Route<{ token: string; user: Member } | string>;
  "POST /api/auth/register": Route<
    { message: string },
    Body<{ name: string; username?: string; email: string; password: string; confirm_password: string; token?: string }>
  >;
  "POST /api/auth/requestPasswordReset": Route<{ message: string; link?: string }, Body<{ email: string }>>;
  "POST /api/auth/resetPassword": Route<{ message: string }, Body<{ userId: string; token: string; password: string }>>;
  "GET /api/auth/2fa/enable": Route<{ otpauthUrl: string; backupCodes: string[]; secret: string; qrCode: string }>;
  "POST /api/auth/2fa/enable": Route<
    { otpauthUrl: string; backupCodes: string[]; secret: string; qrCode: string },
    Partial<Body<Proof>>
  >;
  "POST /api/auth/2fa/confirm": Route<"", Body<Proof>>;
  "POST /api/auth/2fa/verify": Route<"", Body<Proof>>;
  "POST /api/auth/2fa/disable": Route<"", Body<Proof>>;
  "POST /api/auth/2fa/backup/regenerate": Route<{ backupCodes: string[]; backupCodesHash: [] }, Body<Proof>>;
  "POST /api/auth/2fa/verify-temp": Route<
    { token: string; user: Member },
    Body<{ tempToken: string; token?: string; backupCode?: string }>
  >;
  "GET /api/auth/graph-token": Route<
    { access_token: string; token_type: "Bearer"; expires_in: number; scope: string | null },
    { query: { scopes: string } }
  >;
  "GET /api/user": Route<Member>;
  "DELETE /api/user/delete": Route<{ message: string }, Partial<Body<Proof>>>;
  "GET /api/user/terms": Route<{ termsAccepted?: boolean; termsAcceptedAt?: string | null }>;
  "POST /api/user/terms/accept": Route<{ message?: string }>;
  "POST /api/user/verify": Route<{ message: string }, Body<{ email: string; token: string }>>;
  "POST /api/user/verify/resend": Route<{ message: string }, Body<{ email: string }>>;
}
