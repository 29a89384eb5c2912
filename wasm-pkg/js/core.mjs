import start, * as exports from "#portico_auth";
import { loader } from "./module.mjs";

export const core = /* @__PURE__ */ loader(start, exports, () => new URL("./portico_auth_bg.wasm", import.meta.url));

export const init = (source) => core.load(source);
