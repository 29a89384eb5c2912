import { core } from "./core.mjs";

export function hasPermission(permissions, path) {
  return core.call("hasPermission", JSON.stringify(permissions) ?? "null", String(path));
}

export function effectivePermissions({ defaults = null, groups = [], memberOf = [] }) {
  const question = JSON.stringify({ defaults, groups, member_of: memberOf });
  return JSON.parse(core.call("effectivePermissions", question));
}
