import { createLocalJWKSet, type JWK } from "jose";
import { IndexError, isUpstreamFailure, reasonOf } from "../../errors.ts";
import type { KeySource } from "./ports.ts";
import type { Context } from "../../repository/context.ts";

/** For how long an issuer's keys are not asked for again. Milliseconds. */
const FRESH = 10 * 60_000;

/** How long after it was asked an issuer is asked again for a key that it did not have then, or could not give. Milliseconds. */
const PATIENCE = 60_000;

/** For how long keys go on while their issuer cannot be asked: one that it has withdrawn is good for as long. Milliseconds. */
const LAST_RESORT = 6 * 3_600_000;

/** An issuer's keys, as `jwtVerify` takes them. */
export type Keys = ReturnType<typeof createLocalJWKSet>;

/** What this isolate knows of an issuer's keys. Times are milliseconds since the epoch. */
interface Known {
  readonly keys: Keys;
  readonly names: ReadonlySet<string | undefined>;
  readonly knownSince: number;
  /** When it was last tried to ask. */
  readonly askedAt: number;
  /** Why that failed; undefined: it did not. */
  readonly failure: IndexError | undefined;
}

/**
 * Finds the keys of an issuer among which there is one of a name, or undefined where it has none of that name.
 *
 * @throws IndexError `upstream-failed` where that cannot be told, since the issuer cannot be asked
 */
export type FindKeys = (issuer: string, name: string, ctx: Context) => Promise<Keys | undefined>;

/** Issuers' keys, kept in the isolate's memory; `source` is asked for those of issuers that we trust and no others. */
export function keysFrom(source: KeySource): FindKeys {
  const all = new Map<string, Known>();

  async function ask(issuer: string, known: Known | undefined, ctx: Context): Promise<Known> {
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
      const failure = unknowable(issuer, error);
      if (!known) throw failure;
      ctx.report({ event: "upstream-failed", what: `the keys of ${issuer}`, reason: reasonOf(error) });
      return { ...known, askedAt: ctx.now, failure };
    }
  }

  return async (issuer, name, ctx) => {
    let known = all.get(issuer);
    const isDue = !known || !known.names.has(name) || ctx.now - known.knownSince >= FRESH;
    if (!known || (isDue && ctx.now - known.askedAt >= PATIENCE)) {
      known = await ask(issuer, known, ctx);
      all.set(issuer, known);
    }
    const { keys, names, knownSince, failure } = known;
    if (failure && (!names.has(name) || ctx.now - knownSince >= LAST_RESORT)) throw failure;
    return names.has(name) ? keys : undefined;
  };
}

/** What an upstream's failure comes to where it keeps us from telling whether a token is good. */
export const unknowable = (issuer: string, cause: IndexError) =>
  new IndexError(
    "upstream-failed",
    `Whether this identity token is good cannot be told: the keys of ${issuer} are not to be had right now (${reasonOf(cause)}). Try again in a minute.`,
    { cause, reason: cause.reason },
  );
