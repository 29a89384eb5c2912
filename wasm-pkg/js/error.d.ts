/** Why a call was refused; closed, so that a `switch` over it is checked. */
export type PorticoErrorCode =
  | "bad_options"
  | "bad_signature"
  | "foreign_origin"
  | "insecure_context"
  | "keys_unavailable"
  | "malformed"
  | "malformed_claim"
  | "malformed_tree"
  | "network_error"
  | "no_session"
  | "not_initialized"
  | "rate_limited"
  | "refused"
  | "token_expired"
  | "token_not_yet_valid"
  | "unavailable"
  | "unknown_kid"
  | "unsupported_header"
  | "wrong_algorithm"
  | "wrong_audience"
  | "wrong_issuer";

/** What this package throws when it, or the service, refuses. Arguments of other types than the declared ones may be `TypeError`s. */
export class PorticoError extends Error {
  private constructor(code: PorticoErrorCode, more?: object);
  readonly code: PorticoErrorCode;
  /** The service's status, where the service refused. */
  readonly status?: number;
  /** The service's answer, where the service refused: parsed JSON, or a text. */
  readonly body?: unknown;
  /** Seconds to wait, where the service says so. */
  readonly retryAfter?: number;
}
