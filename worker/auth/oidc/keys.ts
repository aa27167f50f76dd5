import { createLocalJWKSet, type JWK } from "jose";
import { HOUR, MINUTE } from "../../duration.ts";
import { IndexError, isUpstreamFailure, reasonOf } from "../../errors.ts";
import type { Context } from "../../repository/context.ts";

/** Fetches the public keys of issuers. */
export interface KeySource {
  /**
   * The public keys that an issuer has now; at least one.
   *
   * @param issuer as the `iss` claim has it
   * @throws IndexError `upstream-failed` where the issuer cannot be reached or returns no keys
   */
  keysOf(issuer: string): Promise<readonly JWK[]>;
}

/** How long an issuer's keys are used without fetching them again. */
const FRESH_MS = 10 * MINUTE;

/** How long to wait before asking an issuer again for a key that it did not have, or after it failed. */
const RETRY_AFTER_MS = MINUTE;

/**
 * How long keys are used while their issuer cannot be reached. A key that the issuer has withdrawn meanwhile stays valid
 * for as long.
 */
const MAX_STALE_MS = 6 * HOUR;

/** An issuer's keys, as `jwtVerify` takes them. */
export type IssuerKeys = ReturnType<typeof createLocalJWKSet>;

/** An issuer's keys as this isolate last fetched them. Times are milliseconds since the epoch. */
interface CachedKeys {
  readonly keys: IssuerKeys;
  readonly names: ReadonlySet<string | undefined>;
  readonly knownSince: number;
  /** When they were last fetched, or a fetch failed. */
  readonly askedAt: number;
  /** Why the last fetch failed; undefined where it succeeded. */
  readonly failure: IndexError | undefined;
}

/**
 * Finds an issuer's keys, if one of them has this `kid`; undefined where the issuer has no such key.
 *
 * @throws IndexError `upstream-failed` where the issuer cannot be reached, so that it is not known whether it has the key
 */
export type FindKeys = (issuer: string, name: string, ctx: Context) => Promise<IssuerKeys | undefined>;

/** Keeps issuers' keys in the isolate's memory. `source` must only be asked about issuers of TRUSTED rules. */
export function cachedIssuerKeys(source: KeySource): FindKeys {
  const all = new Map<string, CachedKeys>();

  async function ask(issuer: string, known: CachedKeys | undefined, ctx: Context): Promise<CachedKeys> {
    try {
      const keys: readonly JWK[] = await source.keysOf(issuer);
      const names = new Set(keys.map(({ kid }) => kid));
      return {
        keys: createLocalJWKSet({ keys: [...keys] }),
        names,
        knownSince: ctx.now,
        askedAt: ctx.now,
        failure: undefined,
      };
    } catch (error) {
      if (!isUpstreamFailure(error)) throw error;
      const failure = keysUnavailable(issuer, error);
      if (!known) throw failure;
      ctx.report({ event: "upstream-failed", what: `the keys of ${issuer}`, reason: reasonOf(error) });
      return { ...known, askedAt: ctx.now, failure };
    }
  }

  return async (issuer, name, ctx) => {
    let known = all.get(issuer);
    const isDue = !known || !known.names.has(name) || ctx.now - known.knownSince >= FRESH_MS;
    if (!known || (isDue && ctx.now - known.askedAt >= RETRY_AFTER_MS)) {
      known = await ask(issuer, known, ctx);
      all.set(issuer, known);
    }
    const { keys, names, knownSince, failure } = known;
    if (failure && (!names.has(name) || ctx.now - knownSince >= MAX_STALE_MS)) throw failure;
    return names.has(name) ? keys : undefined;
  };
}

/** The error where an issuer's failure leaves open whether a token is valid. */
export const keysUnavailable = (issuer: string, cause: IndexError) =>
  new IndexError(
    "upstream-failed",
    `This identity token cannot be verified: the keys of ${issuer} cannot be fetched right now (${reasonOf(cause)}). Try again in a minute.`,
    { cause, reason: cause.reason },
  );
