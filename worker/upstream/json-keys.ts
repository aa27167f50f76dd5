import type { JWK } from "jose";
import type * as z from "zod/mini";
import { jsonWebKey, jsonWebKeySet, openidConfiguration } from "../../schema/openid.ts";
import type { KeySource } from "../auth/oidc/keys.ts";
import { upstreamFailed } from "../errors.ts";
import { parsedJson } from "../pypi/parsed-json.ts";
import { isPrivate } from "../pypi/host.ts";
import { printable } from "../pypi/text.ts";
import type { Fetch } from "../platform/platform.ts";
import { UpstreamClient, type CountOutcome } from "./client.ts";

/** For one document; GitHub's have 10 KB. Bytes. */
const MAX_BYTES = 256 * 1024;

/** Types of public keys that verify signatures; a shared secret (`oct`) must not be among them. */
const TYPES = new Set(["RSA", "EC", "OKP"]);

/**
 * The public keys of identity-token issuers (OpenID Connect Discovery 1.0): the issuer's configuration names the keys' address.
 * It may be on another host, as Google's is, since the issuer itself wrote the configuration.
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
          throw upstreamFailed(url.host, `it has nothing at ${url.pathname}, which is needed to find its keys`);
        const { data, error } = schema.safeParse(parsedJson(await client.text(answer, MAX_BYTES)));
        if (error)
          throw upstreamFailed(url.host, `its document at ${url.pathname} is not as OpenID Connect requires`, error);
        return data;
      };

      const found = await read(configurationOf(issuer), openidConfiguration);
      if (found.issuer !== issuer) {
        throw upstreamFailed(
          root.host,
          `its openid-configuration names another issuer: ${JSON.stringify(printable(found.issuer.slice(0, 100)))}`,
        );
      }
      const url = URL.parse(found.jwks_uri);
      if (!url || !client.mayFetch(url) || (url.protocol === "http:" && !isPrivate(url.hostname))) {
        throw upstreamFailed(
          root.host,
          "its openid-configuration says that its keys are at an address that may not be fetched",
        );
      }
      const { keys } = await read(url, jsonWebKeySet);
      const good = keys.flatMap((key) => jsonWebKey.safeParse(key).data ?? []).filter(({ kty }) => TYPES.has(kty));
      if (good.length === 0) throw upstreamFailed(url.host, "it has no public keys");
      return good as JWK[];
    },
  };
}

/** An issuer may have a path, and the well-known path follows it (OpenID Connect Discovery, 4.1). */
const configurationOf = (issuer: string) => new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
