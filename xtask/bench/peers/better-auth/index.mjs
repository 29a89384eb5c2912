// Better Auth on D1, as its guide sets it up with e-mail and password, with what its documentation offers for
// speed: no log, no telemetry, no limiter, a fixed address, and its cookie cache where COOKIE_CACHE says so.
// POST /setup creates its tables.
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";

function auth(env) {
  return betterAuth({
    database: env.DB,
    secret: "bench-0123456789abcdef0123456789abcdef",
    baseURL: env.BASE_URL,
    trustedOrigins: [env.BASE_URL],
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    session: { cookieCache: { enabled: env.COOKIE_CACHE === "true", maxAge: 3600 } },
    advanced: { database: { joins: true, validateSchema: false } },
  });
}

export default {
  async fetch(request, env) {
    if (request.url.endsWith("/setup")) {
      const { runMigrations } = await getMigrations(auth(env).options);
      await runMigrations();
      return new Response("ready");
    }
    // One for each request: an instance that requests share stops answering once a load is cut off.
    return auth(env).handler(request);
  },
};
