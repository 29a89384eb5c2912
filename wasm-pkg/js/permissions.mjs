import { core } from "./core.mjs";
import { parse } from "./error.mjs";

export function hasPermission(permissions, path) {
  return core.call("hasPermission", JSON.stringify(permissions) ?? "null", String(path));
}

export function effectivePermissions({ defaults = null, groups = [], memberOf = [] } = {}) {
  const question = JSON.stringify({ defaults, groups, member_of: memberOf });
  return parse(core.call("effectivePermissions", question));
}
