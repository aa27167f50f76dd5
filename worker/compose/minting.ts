import type { Config } from "../../schema/config.ts";
import { Attempts } from "../auth/attempts.ts";
import { burning, type Burn } from "../auth/oidc/burn.ts";
import { exchanging, type Exchange } from "../auth/oidc/exchange.ts";
import { keysFrom } from "../auth/oidc/keys.ts";
import type { TokenStore } from "../auth/ports.ts";
import type { Counters } from "../repository/ports/counters.ts";
import { jsonKeys } from "../upstream/json-keys.ts";
import type { Platform } from "./platform.ts";

/** What gives tokens for those of CI, and ends them. */
export interface Minting {
  readonly exchange: Exchange;
  readonly burn: Burn;
}

/** The same by the rules of a configuration; undefined where it has none. */
export function mintingOf(
  { trusted, audience }: Pick<Config, "trusted" | "audience">,
  { fetch, now }: Pick<Platform, "fetch" | "now">,
  tokens: TokenStore,
  counters: Counters,
): Minting | undefined {
  if (trusted.length === 0) return undefined;
  const keys = jsonKeys(fetch, now, (outcome) => counters.add("upstreamRequests", { outcome }));
  // Not those of who shows tokens to read or write: jobs and people may share an address.
  const attempts = new Attempts();
  return {
    exchange: exchanging({ rules: trusted, audience, findKeys: keysFrom(keys), tokens, attempts }),
    burn: burning({ tokens, attempts }),
  };
}
