/** Why a password is refused. */
export type PasswordRefusal = "about_you" | "common" | "control_character" | "pattern" | "too_long" | "too_short";

/** What may be a password. */
export interface PasswordRules {
  /** Fewest code points, after composition (NFC); 8 when absent. */
  readonly minLength?: number;
  /** Most bytes of UTF-8; 1,024 when absent. */
  readonly maxBytes?: number;
  /** Whether common passwords, and what everybody knows about an account, are refused; `true` when absent. */
  readonly refusesGuessable?: boolean;
  /** What passwords have to match besides, from their beginning. */
  readonly pattern?: RegExp;
  /** What the deployment calls itself: nobody's password. */
  readonly site?: string;
}

/** The server's check, in a form. */
export interface PasswordPolicy {
  /** The rule that a password breaks, or `null`. What is known about its owner makes bad passwords, too. */
  check(password: string, about?: { readonly email?: string; readonly name?: string }): PasswordRefusal | null;
}

/**
 * The server's own check of new passwords, its list of common ones included. Whether a password is known from a breach
 * the server alone can tell. Loads a module of its own, once.
 *
 * @example
 * const policy = await passwordPolicy({ minLength: 10, site: "Example" });
 * const refusal = policy.check("password", { email: "ann@example.com", name: "Ann" }); // "common"
 */
export function passwordPolicy(rules?: PasswordRules): Promise<PasswordPolicy>;

/** What an enrolment shows. */
export interface Enrolment {
  readonly issuer: string;
  readonly account: string;
  /** In base32, for typing. */
  readonly secret: string;
  /** The same in groups of four. */
  readonly groups: string;
}

/** Helpers for setting up and asking for a second factor. */
export const totp: {
  /**
   * Reads the address that an authenticator app is given.
   *
   * @example
   * const { groups } = totp.parse(staged.otpauthUrl); // "JBSW Y3DP …"
   */
  parse(uri: string): Enrolment;
  /**
   * That address as a QR code: SVG, made here, so that the secret goes nowhere. Loads the module of forms.
   *
   * @example
   * image.src = `data:image/svg+xml,${encodeURIComponent(await totp.qrCode(staged.otpauthUrl))}`;
   */
  qrCode(uri: string): Promise<string>;
  /**
   * For how many seconds the present code is shown.
   *
   * @example
   * const left = totp.secondsLeft();
   */
  secondsLeft(now?: number): number;
  /**
   * The six digits that somebody typed, whatever spaces are between them; `null` for anything else.
   *
   * @example
   * totp.normalizeCode("123 456"); // "123456"
   */
  normalizeCode(typed: string): string | null;
};
