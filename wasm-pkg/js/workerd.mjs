// Workers compile wasm before they run, and nothing else may: this entry brings both modules along.
import coreModule from "./portico_auth_bg.wasm";
import formsModule from "./portico_forms_bg.wasm";
import { core } from "./core.mjs";
import { forms } from "./forms.mjs";

core.source = coreModule;
forms.source = formsModule;

export * from "./index.mjs";
