import start, { effectivePermissions, examine, hasPermission } from "#portico_auth";
import { loader } from "./module.mjs";

const functions = { effectivePermissions, examine, hasPermission };
export const core = /* @__PURE__ */ loader(start, functions, () => new URL("./portico_auth_bg.wasm", import.meta.url));

export const init = (source) => core.load(source);
