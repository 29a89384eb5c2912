export * from "./client.js";
export * from "./error.js";
export * from "./forms.js";
export * from "./permissions.js";
export * from "./tokens.js";
