// What has to hold in every runtime. Each case is a name and a function; the runners are node.test.mjs, chromium.mjs
// and workerd.mjs.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import keys from "../../tests/vectors/keys.json" with { type: "json" };
import vectors from "../../tests/vectors/tokens.json" with { type: "json" };

const NOW = 1_800_000_000;
const EXPECTED = { issuer: "portico", audience: "web", now: NOW };
const ALGORITHMS = ["ES256", "EdDSA", "PS256", "RS256"];

function equal(actual, wanted, about = "") {
  const [a, b] = [actual, wanted].map((value) => JSON.stringify(value) ?? "undefined");
  if (a !== b) throw new Error(`${about} ${a}, not ${b}`);
}

async function signed(alg, change = {}, header = {}) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg, use: "sig" };
  const claims = { iss: "portico", aud: "web", sub: "ann", iat: NOW, exp: NOW + 60, ...change };
  const token = await new SignJWT(claims).setProtectedHeader({ alg, kid: "k1", ...header }).sign(privateKey);
  return { token, jwks: { keys: [jwk] } };
}

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const segment = (text) => btoa(text).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");

// The cases for a package.
export const casesOf = (portico) => {
  async function refusal(call) {
    try {
      await call();
    } catch (error) {
      return error instanceof portico.PorticoError ? error.code : `${error}`;
    }
    return "ok";
  }

  return {
    async "init may be called twice"() {
      await Promise.all([portico.init(), portico.init()]);
    },

    /* TK-28: the server runs the same file */
    async "every token gets the verdict that the server gives it"() {
      for (const { name, token, jwks, secret, algorithms, issuer, audience, now, leeway, outcome } of vectors) {
        const expected = { issuer, audience, now, clockTolerance: leeway };
        const verdict = await refusal(() =>
          secret === null
            ? portico.verifyToken(token, jwks, { ...expected, algorithms })
            : portico.verifyTokenWithSecret(token, bytes(secret), expected),
        );
        equal(verdict, outcome, `${name}:`);
      }
    },

    /* TK-18, TK-23: the server runs the same file */
    async "every key counts where the server counts it"() {
      for (const { name, alg, jwks, is_key } of keys) {
        const token = `${segment(JSON.stringify({ alg, kid: "k" }))}.${segment("{}")}.AAAA`;
        const verdict = await refusal(() => portico.verifyToken(token, jwks, { ...EXPECTED, algorithms: [alg] }));
        // A key that counts is tried.
        equal(verdict === "bad_signature", is_key, `${name}, ${verdict}:`);
        equal(["bad_signature", "unknown_kid", "wrong_algorithm"].includes(verdict), true, `${name}, ${verdict}:`);
      }
    },

    ...Object.fromEntries(
      ALGORITHMS.map((alg) => [
        `a token that jose signed with ${alg} verifies`,
        async () => {
          const { token, jwks } = await signed(alg);
          const verify = (keys) => portico.verifyToken(token, keys, { ...EXPECTED, algorithms: [alg] });
          equal((await verify(jwks)).sub, "ann");
          equal(await refusal(async () => verify((await signed(alg)).jwks)), "bad_signature");
        },
      ]),
    ),

    /* TK-28 */
    async "issuer and algorithms are the caller's to name"() {
      const { token, jwks } = await signed("ES256");
      for (const [options, wanted] of [
        [{ ...EXPECTED, algorithms: ["EdDSA"] }, "wrong_algorithm"],
        [{ ...EXPECTED, algorithms: ["HS256"] }, "wrong_algorithm"],
        [EXPECTED, "bad_options"],
        [{ ...EXPECTED, algorithms: "ES256" }, "bad_options"],
        [{ audience: "web", algorithms: ["ES256"] }, "bad_options"],
        [{ ...EXPECTED, algorithms: ["ES256"], clockTolerance: -1 }, "bad_options"],
        [{ ...EXPECTED, algorithms: ["ES256"], clockTolerance: 100_000 }, "bad_options"],
        [{ ...EXPECTED, algorithms: ["ES256"], now: NaN }, "bad_options"],
        [{ ...EXPECTED, algorithms: ["ES256"], audience: null }, "wrong_audience"],
        [{ ...EXPECTED, algorithms: ["ES256"], audience: undefined }, "bad_options"],
        [null, "bad_options"],
      ]) {
        equal(await refusal(() => portico.verifyToken(token, jwks, options)), wanted, JSON.stringify(options));
      }
    },

    async "a key is chosen by exact kid and must be of the algorithm's type"() {
      const { token, jwks } = await signed("EdDSA");
      const [key] = jwks.keys;
      const verify = (keys) => refusal(() => portico.verifyToken(token, keys, { ...EXPECTED, algorithms: ["EdDSA"] }));
      for (const [keys, wanted] of [
        [[key], "ok"],
        [[], "unknown_kid"],
        [[{ ...key, kid: "k" }], "unknown_kid"],
        [[key, key], "unknown_kid"],
        [[{ ...key, use: "enc" }], "unknown_kid"],
        [[{ ...key, alg: "ES256" }], "unknown_kid"],
        [[{ ...key, crv: "X25519" }], "unknown_kid"],
        [[{ ...key, alg: undefined, crv: "X25519" }], "unknown_kid"],
        [[{ ...key, x: "AAAA" }], "unknown_kid"],
        [[{ kty: "oct", k: "AAAA", kid: "k1" }], "unknown_kid"],
      ]) {
        equal(await verify({ keys }), wanted, JSON.stringify(keys));
      }
      for (const keys of [null, undefined, {}, { keys: {} }, []]) equal(await verify(keys), "unknown_kid");
    },

    async "a key that changes is imported anew"() {
      const [first, second] = [await signed("EdDSA"), await signed("EdDSA")];
      const key = first.jwks.keys[0];
      const verify = ({ token }) =>
        refusal(() => portico.verifyToken(token, { keys: [key] }, { ...EXPECTED, algorithms: ["EdDSA"] }));
      equal(await verify(first), "ok");
      key.x = second.jwks.keys[0].x;
      equal([await verify(first), await verify(second)], ["bad_signature", "ok"]);
    },

    /* TK-28 */
    "decoding verifies nothing, and plants no prototype"() {
      const head = segment('{"alg":"HS256","kid":"k"}');
      for (const name of ["__proto__", "\\u005f_proto__"]) {
        const hostile = `${head}.${segment(`{"${name}":{"admin":true},"a":{"${name}":1},"exp":5}`)}.AAAA`;
        const { claims } = portico.decodeUnverified(hostile);
        equal([claims, Object.getOwnPropertyNames(claims.a), {}.admin], [{ a: {}, exp: 5 }, [], undefined], name);
        equal(Object.assign({}, claims).admin, undefined, name);
      }
      const token = `${head}.${segment('{"exp":5}')}.AAAA`;
      equal(portico.decodeUnverified(token).header, { alg: "HS256", kid: "k" });
      equal(portico.expiresAt(token), 5);
      equal(portico.expiresAt(`${head}.${segment("{}")}.AAAA`), null);
    },

    async "what is no token is refused"() {
      const none = `${segment('{"alg":"none"}')}.${segment("{}")}.`;
      for (const text of ["", "a.b", "a.b.c", none, null, undefined, 5, {}]) {
        const wanted = text === none ? "wrong_algorithm" : "malformed";
        equal(await refusal(() => portico.decodeUnverified(text)), wanted, String(text));
        equal(await refusal(() => portico.expiresAt(text)), wanted, String(text));
      }
      const secret = new Uint8Array(32);
      equal(await refusal(() => portico.verifyTokenWithSecret("a.b.c", "text", EXPECTED)), "bad_options");
      equal(await refusal(() => portico.verifyTokenWithSecret("a.b.c", new Uint8Array(), EXPECTED)), "bad_options");
      equal(await refusal(() => portico.verifyTokenWithSecret("a.b.c", secret, null)), "bad_options");
      equal(await refusal(() => portico.verifyTokenWithSecret("a.b.c", secret, EXPECTED)), "malformed");
    },

    "permissions are granted by a true leaf only"() {
      const tree = { chat: { delete: true, edit: false } };
      equal(portico.hasPermission(tree, "chat.delete"), true);
      for (const path of ["chat.edit", "chat.none", "chat", "", "toString", "__proto__.x"]) {
        equal(portico.hasPermission(tree, path), false, path);
      }
      equal([null, undefined].map((nothing) => portico.hasPermission(nothing, "chat.delete")), [false, false]);
    },

    async "effective permissions are the defaults and what groups and those above them grant"() {
      const groups = [
        { id: "a", parent_group_id: "b", permissions: null },
        { id: "b", permissions: { features: { api_keys: true }, extra: { custom: true } } },
        { id: "c", permissions: { features: { webhooks: true } } },
      ];
      const defaults = { chat: { delete: false } };
      const tree = portico.effectivePermissions({ defaults, groups, memberOf: ["a"] });
      equal([tree.chat.delete, tree.chat.edit], [false, true]);
      equal([tree.features.api_keys, tree.features.webhooks, tree.extra.custom], [true, false, true]);
      equal(portico.effectivePermissions({}).features.api_keys, false);
      for (const question of [{ groups: [{}] }, { groups: {} }, { defaults: { chat: 1 } }, { memberOf: [1] }]) {
        equal(await refusal(() => portico.effectivePermissions(question)), "malformed_tree", JSON.stringify(question));
      }
    },

    /* PW-07, PW-09, PW-10, PW-11: the server's own check */
    async "a form refuses the passwords that the server refuses"() {
      const policy = await portico.passwordPolicy({ site: "Portico" });
      const about = { email: "mary.poppins@example.com", name: "Mary Ann Lee" };
      for (const [password, wanted] of [
        ["correct horse", null],
        ["seven77", "too_short"],
        ["e\u0301".repeat(7), "too_short"],
        ["🔑".repeat(8), null],
        ["PassWord", "common"],
        ["Mary.Poppins", "about_you"],
        ["maryannlee", "about_you"],
        ["pass\nword!", "control_character"],
        ["x".repeat(1_025), "too_long"],
      ]) {
        equal(policy.check(password, about), wanted, password);
      }
      const strict = await portico.passwordPolicy({ minLength: 12, maxBytes: 72, pattern: /(?=.*\d)/g });
      const twice = () => strict.check("twelve digits 1");
      equal([strict.check("eleven dig1"), strict.check("twelve digits"), twice(), twice()], ["too_short", "pattern", null, null]);
      equal(strict.check(`1${"x".repeat(72)}`), "too_long");
      equal((await portico.passwordPolicy({ refusesGuessable: false })).check("password"), null);
      for (const rules of [{ minLength: "8" }, { maxBytes: -1 }, { minLength: 2 ** 32 }, { pattern: ".*" }, { site: 5 }, { min_length: 20 }]) {
        equal(await refusal(() => portico.passwordPolicy(rules)), "bad_options", JSON.stringify(rules));
      }
      // What a form has nothing for, nobody knows.
      for (const about of [undefined, null, {}, { email: null, name: undefined }]) equal(policy.check("correct horse", about), null);
      for (const [password, about] of [[null, {}], ["correct horse", { name: 5 }], ["correct horse", { email: {} }]]) {
        equal(await refusal(() => policy.check(password, about)), "bad_options", JSON.stringify([password, about]));
      }
    },

    async "an enrolment is shown as text and as a code"() {
      const { totp } = portico;
      const uri = "otpauth://totp/My%20Site:ann%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=My%20Site&algorithm=SHA1&digits=6&period=30";
      const wanted = { issuer: "My Site", account: "ann@example.com", secret: "JBSWY3DPEHPK3PXP", groups: "JBSW Y3DP EHPK 3PXP" };
      equal(totp.parse(uri), wanted);
      equal((await totp.qrCode(uri)).startsWith("<svg "), true);
      equal(await refusal(() => totp.qrCode("x".repeat(3_000))), "bad_options");
      for (const text of ["", "https://example.com/?secret=x", "otpauth://totp/x", "otpauth://totp/100%?secret=A"]) {
        equal(await refusal(() => totp.parse(text)), "bad_options", text);
      }
      equal([totp.secondsLeft(NOW), totp.secondsLeft(NOW + 29.9)], [30, 1]);
      equal([totp.normalizeCode(" 123 456 "), totp.normalizeCode("12345"), totp.normalizeCode("１２３４５６")], ["123456", null, null]);
    },
  };
};
