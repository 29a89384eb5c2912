// What the two dialects call the same things.
const lower = (role) => String(role).toLowerCase();

export const dialects = {
  "open-webui": {
    // Its tokens live for weeks; asking again tells whether the session does, and what it may do by now.
    renews: false,
    refresh: () => ["GET /api/v1/auths/"],
    signIn: (email, password) => ["POST /api/v1/auths/signin", { email, password }],
    ldap: (user, password) => ["POST /api/v1/auths/ldap", { user, password }],
    signUp: (form) => ["POST /api/v1/auths/signup", form],
    verify: (challenge_token, code, recoveryCode) => [
      "POST /api/v1/auths/mfa/verify",
      { challenge_token, code: recoveryCode ?? code, ...(recoveryCode !== undefined && { recovery: true }) },
    ],
    signOut: () => ["POST /api/v1/auths/signout"],
    redirect: ({ redirect_url }) => redirect_url ?? null,
    next(answer) {
      const { token, expires_at, permissions, next_step, challenge_token, expires_in } = answer;
      if (typeof token === "string") {
        const { id, name, email, role, profile_image_url: picture } = answer;
        return { session: { token, expiresAt: expires_at, permissions, user: { id, name, email, role, picture } } };
      }
      if (!challenge_token) return { status: next_step ?? "nothing" };
      return { challenge: { token: challenge_token, step: next_step, expiresIn: expires_in } };
    },
  },
  librechat: {
    renews: true,
    // What it says to whoever has no cookie.
    nobody: "Refresh token not provided",
    refresh: () => ["POST /api/auth/refresh"],
    signIn: (email, password) => ["POST /api/auth/login", { email, password }],
    ldap: (email, password) => ["POST /api/auth/login", { email, password }],
    signUp: (form) => ["POST /api/auth/register", form],
    verify: (tempToken, token, backupCode) => [
      "POST /api/auth/2fa/verify-temp",
      { tempToken, ...(backupCode === undefined ? { token } : { backupCode }) },
    ],
    signOut: () => ["POST /api/auth/logout"],
    redirect: ({ redirect }) => redirect ?? null,
    next({ token, user, twoFAPending, tempToken }) {
      if (twoFAPending) return { challenge: { token: tempToken, step: "verify", expiresIn: 300 } };
      if (typeof token !== "string" || !user) return { status: "nothing" };
      const { id, name, email, role, avatar: picture } = user;
      return { session: { token, permissions: null, user: { id, name, email, role: lower(role), picture } } };
    },
  },
};
