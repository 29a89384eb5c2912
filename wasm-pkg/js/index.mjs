export { PorticoClient } from "./client.mjs";
export { PorticoError } from "./error.mjs";
export { passwordPolicy, totp } from "./forms.mjs";
export { effectivePermissions, hasPermission } from "./permissions.mjs";
export { decodeUnverified, expiresAt, init, verifyToken, verifyTokenWithSecret } from "./tokens.mjs";
