// A provider of OpenID Connect on this machine: for tests, and for trying out `cargo xtask dev --with-idp`.
//   node provider.mjs [PORT]
// Anybody of the people below signs in with any password. Any address of this machine may be a client's. One line of
// JSON out for each thing that happens:
//   {"port": N}          it listens
//   {"asked": "/token"}  it was asked
// Lines of JSON in change the client: {"backchannel_logout_uri": "http://…", "backchannel_logout_session_required": true}.
// Ends with its input when that is a pipe.
import { createInterface } from "node:readline";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

export const CLIENT = { client_id: "portico", client_secret: "a secret of the local provider" };

const PEOPLE = {
  ann: { email: "ann@example.com", email_verified: true, name: "Ann Lee", roles: ["member"], groups: ["chat"] },
  bob: { email: "bob@example.com", email_verified: false, name: "Bob Ray", roles: ["member"], groups: [] },
  root: { email: "root@example.com", email_verified: true, name: "Root", roles: ["admin"], groups: ["chat", "staff"] },
};

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const isLocal = (uri) => ["127.0.0.1", "localhost", "[::1]"].includes(new URL(uri).hostname);

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-${Date.now()}` };
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
    jwks: { keys: [await key("ES256"), await key("RS256")] },
    cookies: { keys: ["of this machine only"] },
    pkce: { required: () => true },
    claims: {
      openid: ["sub", "sid"],
      email: ["email", "email_verified"],
      profile: ["name", "roles", "groups"],
    },
    scopes: ["openid", "email", "profile", "offline_access"],
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    ttl: { AccessToken: 600, IdToken: 600, Session: 3600, Grant: 3600, Interaction: 600 },
    features: {
      backchannelLogout: { enabled: true },
      introspection: { enabled: true },
      registration: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    async findAccount(context, id) {
      const person = PEOPLE[id];
      return person && { accountId: id, claims: async () => ({ sub: id, ...person }) };
    },
  });
  server.Client.prototype.redirectUriAllowed = isLocal;
  server.Client.prototype.postLogoutRedirectUriAllowed = isLocal;
  server.use((context, next) => {
    tell({ asked: context.path });
    return next();
  });
  return server;
}

const wanted = Number(process.argv[2] ?? 0);
const { createServer } = await import("node:http");
const http = createServer();
http.listen(wanted, "127.0.0.1", async () => {
  const { port } = http.address();
  const server = await provider(`http://127.0.0.1:${port}`);
  http.on("request", server.callback());
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const client = await server.Client.find(CLIENT.client_id);
    for (const [name, value] of Object.entries(JSON.parse(line))) {
      client[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] = value;
    }
    tell({ changed: true });
  });
  tell({ port });
});
if (!process.stdin.isTTY) process.stdin.on("end", () => process.exit(0));
