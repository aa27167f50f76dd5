/**
 * The secrets that open `/-/api/`, all of it. Each alone is enough: while a new token takes the place of an old one, both are
 * valid.
 */
export const ADMIN_TOKEN_SECRETS = ["ADMIN_TOKEN", "ADMIN_TOKEN_2"] as const;

/** A shorter token could be guessed. Characters. */
const MIN_TOKEN_LENGTH = 16;

/** The admin tokens in the worker's environment. Adds a sentence to `problems` for each that is invalid. */
export const resolveAdminTokens = (env: Record<string, unknown>, problems: string[]): string[] =>
  ADMIN_TOKEN_SECRETS.flatMap((name) => {
    const secret = env[name];
    if (secret === undefined) return [];
    // Other characters are not allowed in the Authorization header.
    if (typeof secret === "string" && secret.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(secret))
      return [secret];
    problems.push(
      `the secret ${name}: must be at least ${MIN_TOKEN_LENGTH} characters: letters, digits and signs of ASCII, no spaces`,
    );
    return [];
  });
