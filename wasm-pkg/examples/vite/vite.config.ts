import { defineConfig } from "vite";

// The service, as `cargo xtask dev` serves it. In production it has a route of the same host, or CORS_ALLOW_ORIGIN and
// `baseUrl` name each other.
const portico = process.env.PORTICO_URL ?? "http://127.0.0.1:8787";

export default defineConfig({
  server: { proxy: { "/api": portico, "/oauth": portico } },
  preview: { proxy: { "/api": portico, "/oauth": portico } },
});
