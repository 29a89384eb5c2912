// A provider of OpenID Connect on this machine: for tests, and for trying out `cargo xtask dev --with-idp`.
//   node provider.mjs PORT [SECONDS]
// Port 0 is any free one; access tokens live that many seconds. One line of JSON out when it listens: {"port": N}.
//
// Anybody of the people below signs in with any password. Any address of this machine may be a client's. `/mcp` is a tool
// server that lets nobody in without a token of this provider.
//
// For tests: GET /control says how often each path has been asked for; POST /control with a JSON object changes the client,
// such as {"backchannelLogoutUri": "http://…"}, with {"forget": ID} forgets another one, and with {"seconds": N} lets access
// tokens live that long from then on.
//
// Ends with its input when that is a pipe.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const CLIENT = { client_id: "portico", client_secret: "a secret of the local provider" };

const PEOPLE = {
  ann: { email: "ann@example.com", email_verified: true, name: "Ann Lee", roles: ["member"], groups: ["chat"] },
  bob: { email: "bob@example.com", email_verified: false, name: "Bob Ray", roles: ["member"], groups: [] },
  root: { email: "root@example.com", email_verified: true, name: "Root", roles: ["admin"], groups: ["chat", "staff"] },
  // Somebody else with an address that is already taken.
  twin: { email: "ann@example.com", email_verified: true, name: "Ann's Twin", roles: ["member"], groups: [] },
};

const [wanted = "0", lifetime = "600"] = process.argv.slice(2);
let seconds = Number(lifetime);
const isLocal = (uri) => ["127.0.0.1", "localhost", "[::1]"].includes(new URL(uri).hostname);

/// What ID tokens are signed with, always the same: whoever has started this before knows the key for an hour. It is the
/// one of RFC 7515, appendix A.3, and no secret.
const KEY = {
  kty: "EC", crv: "P-256", alg: "ES256", use: "sig", kid: "of-this-machine",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
};

/// What clients that register themselves expect, and none of ours looks at.
async function usualKey() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig" };
}

async function provider(issuer) {
  const server = new Provider(issuer, {
    clients: [
      {
        ...CLIENT,
        redirect_uris: ["http://127.0.0.1/"],
        post_logout_redirect_uris: ["http://127.0.0.1/"],
        grant_types: ["authorization_code", "refresh_token"],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [KEY, await usualKey()] },
    cookies: { keys: ["of this machine only"] },
    pkce: { required: () => true },
    claims: {
      openid: ["sub", "sid"],
      email: ["email", "email_verified"],
      profile: ["name", "roles", "groups"],
    },
    scopes: ["openid", "email", "profile", "offline_access", "tools"],
    rotateRefreshToken: true,
    // Without the guard that keeps it from talking to this machine.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    issueRefreshToken: async () => true,
    ttl: { AccessToken: () => seconds, IdToken: 600, Session: 3600, Grant: 3600, Interaction: 600 },
    features: {
      backchannelLogout: { enabled: true },
      introspection: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async () => ({ scope: "tools", accessTokenFormat: "opaque" }),
        useGrantedResource: async () => true,
      },
      rpInitiatedLogout: { enabled: true },
    },
    async findAccount(context, id) {
      const person = PEOPLE[id];
      return person && { accountId: id, claims: async () => ({ sub: id, ...person }) };
    },
  });
  server.on("backchannel.error", (context, error) => console.error(String(error?.cause ?? error)));
  server.Client.prototype.redirectUriAllowed = isLocal;
  server.Client.prototype.postLogoutRedirectUriAllowed = isLocal;
  return server;
}

const http = createServer();
http.listen(Number(wanted), "127.0.0.1", async () => {
  const { port } = http.address();
  const issuer = `http://127.0.0.1:${port}`;
  const server = await provider(issuer);
  const answer = server.callback();
  const asked = {};
  const json = (response, status, body, headers = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  http.on("request", async (request, response) => {
    const { pathname } = new URL(request.url, issuer);
    if (pathname === "/control" && request.method === "GET") return json(response, 200, asked);
    if (pathname === "/control") {
      const { forget, seconds: next, ...change } = JSON.parse(await text(request));
      seconds = next ?? seconds;
      if (forget) await server.Client.adapter.destroy(forget);
      Object.assign(await server.Client.find(CLIENT.client_id), change);
      return json(response, 200, {});
    }
    asked[pathname] = (asked[pathname] ?? 0) + 1;
    if (pathname === "/mcp") {
      const about = `${issuer}/.well-known/oauth-protected-resource/mcp`;
      return json(response, 401, {}, { "www-authenticate": `Bearer resource_metadata="${about}"` });
    }
    if (pathname === "/.well-known/oauth-protected-resource/mcp") {
      const about = { resource: `${issuer}/mcp`, authorization_servers: [issuer], scopes_supported: ["tools"] };
      return json(response, 200, about);
    }
    return answer(request, response);
  });
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
if (!process.stdin.isTTY) process.stdin.resume().on("end", () => process.exit(0));
