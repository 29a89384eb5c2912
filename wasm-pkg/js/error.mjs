const MESSAGES = {
  bad_options: "options are missing or of the wrong type",
  bad_signature: "the signature does not fit the key",
  foreign_origin: "an address that is not the service's; the token must not go there",
  insecure_context: "pages without TLS can not verify signatures",
  keys_unavailable: "the key set can not be loaded",
  malformed: "not a token in compact serialisation",
  malformed_claim: "a claim is missing or of the wrong type",
  malformed_tree: "not a tree of permissions, or no groups with trees",
  network_error: "the service can not be reached",
  no_session: "nobody is signed in",
  not_initialized: "`await init()` first",
  rate_limited: "too many requests; wait `retryAfter` seconds",
  refused: "the service refuses; see `status` and `body`",
  token_expired: "the token has expired",
  token_not_yet_valid: "the token is not valid yet",
  unavailable: "the service does not work",
  unknown_kid: "no key of that kid",
  unsupported_header: "a header member that changes the meaning of the token",
  wrong_algorithm: "the algorithm is not accepted, or not the key's",
  wrong_audience: "the token is for another audience",
  wrong_issuer: "the token is from another issuer",
};

// Nothing of a result is called `__proto__`: whoever copies it member by member would plant a prototype.
export function parse(json) {
  if (!json.includes("__proto__") && !json.includes("\\u")) return JSON.parse(json);
  return JSON.parse(json, (name, value) => (name === "__proto__" ? undefined : value));
}

export class PorticoError extends Error {
  constructor(code, more) {
    super(more?.message ?? MESSAGES[code]);
    this.name = "PorticoError";
    Object.assign(this, more, { code });
  }
}
