import { countUpstream } from "./count-upstream.ts";
import type { Config } from "../../schema/config.ts";
import { Attempts } from "../auth/attempts.ts";
import { createBurnToken, type BurnToken } from "../auth/oidc/burn.ts";
import { createExchangeToken, type ExchangeToken } from "../auth/oidc/exchange.ts";
import { cachedIssuerKeys } from "../auth/oidc/keys.ts";
import type { TokenStore } from "../auth/ports.ts";
import type { Counters } from "../repository/ports/counters.ts";
import { jsonKeys } from "../upstream/json-keys.ts";
import type { Platform } from "../platform/platform.ts";

/** Exchanges CI's identity tokens for tokens of ours, and revokes these. */
export interface TokenExchange {
  readonly exchange: ExchangeToken;
  readonly burn: BurnToken;
}

/** The same for a configuration; undefined where it has no rules. */
export function createTokenExchange(
  { trusted, audience }: Pick<Config, "trusted" | "audience">,
  { fetch, now }: Pick<Platform, "fetch" | "now">,
  tokens: TokenStore,
  counters: Counters,
): TokenExchange | undefined {
  if (trusted.length === 0) return undefined;
  const keys = jsonKeys(fetch, now, countUpstream(counters));
  // Counted apart from failed attempts with tokens: CI jobs and people may share an address.
  const attempts = new Attempts();
  return {
    exchange: createExchangeToken({ rules: trusted, audience, findKeys: cachedIssuerKeys(keys), tokens, attempts }),
    burn: createBurnToken({ tokens, attempts }),
  };
}
