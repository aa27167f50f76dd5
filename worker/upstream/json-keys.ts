import type { JWK } from "jose";
import type * as z from "zod/mini";
import { jsonWebKey, jsonWebKeySet, openidConfiguration } from "../../schema/openid.ts";
import type { KeySource } from "../auth/oidc/keys.ts";
import { upstreamFailed } from "../errors.ts";
import { isPrivate } from "../pypi/host.ts";
import { printable } from "../pypi/text.ts";
import { UpstreamClient, type CountOutcome, type Fetch } from "./client.ts";

/** GitHub's have 10 KB. Bytes. */
const MAX_BYTES = 256 * 1024;

/** What signs can be of these types; a shared secret (`oct`) has no place among public keys. */
const TYPES = new Set(["RSA", "EC", "OKP"]);

/**
 * The keys of issuers, found as OpenID Connect Discovery 1.0 says: the issuer's configuration names the address. That may be of
 * another host, as Google's is: who can write the one could write the other.
 */
export function jsonKeys(fetch: Fetch, now: () => number, count: CountOutcome): KeySource {
  const clients = new Map<string, UpstreamClient>();

  return {
    async keysOf(issuer) {
      const root = new URL(issuer);
      const client = clients.get(issuer) ?? new UpstreamClient(fetch, root, now, { count, redirects: false });
      clients.set(issuer, client);

      const read = async <T extends z.ZodMiniType>(url: URL, schema: T): Promise<z.output<T>> => {
        const answer = await client.open(url, { headers: { Accept: "application/json" } });
        if (!answer)
          throw upstreamFailed(url.host, `it has nothing at ${url.pathname}, where its keys should be found`);
        const { data, error } = schema.safeParse(parsed(await client.text(answer, MAX_BYTES)));
        if (error)
          throw upstreamFailed(url.host, `what it has at ${url.pathname} is not what OpenID Connect says`, error);
        return data;
      };

      const found = await read(configurationOf(issuer), openidConfiguration);
      if (found.issuer !== issuer) {
        throw upstreamFailed(
          root.host,
          `its openid-configuration is that of ${JSON.stringify(printable(found.issuer.slice(0, 100)))}`,
        );
      }
      const url = URL.parse(found.jwks_uri);
      if (!url || !client.mayFetch(url) || (url.protocol === "http:" && !isPrivate(url.hostname))) {
        throw upstreamFailed(root.host, "its keys are said to be at an address that may not be fetched");
      }
      const { keys } = await read(url, jsonWebKeySet);
      const good = keys.flatMap((key) => jsonWebKey.safeParse(key).data ?? []).filter(({ kty }) => TYPES.has(kty));
      if (good.length === 0) throw upstreamFailed(url.host, "it has no public keys");
      return good as JWK[];
    },
  };
}

/** An issuer may have a path, which stays in front (4.1). */
const configurationOf = (issuer: string) => new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);

/** undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
