import type { ResponseCache } from "../worker/platform/platform.ts";
import { cacheLifetime } from "./cache-lifetime.ts";
import { NULL_BODY_STATUSES } from "./null-body.ts";
import { openEntries, entriesSchema, type Entries } from "./sqlite/entries.ts";
import type { Sqlite } from "./sqlite/sqlite.ts";

const TABLE = "response";

/** The statements that make the table. */
export const CACHE_SCHEMA = entriesSchema(TABLE);

/** The head of an entry. */
interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: [name: string, value: string][];
}

/**
 * Responses by URL in a table of `sqlite`, as `caches.default` has them. What was put is found at once, and is fresh for
 * as long as its headers say, through any restart.
 *
 * @param now the clock: milliseconds since the epoch
 */
export function openCache(sqlite: Sqlite, now: () => number): ResponseCache & Pick<Entries, "close"> {
  const entries = openEntries(sqlite, TABLE, now);

  return {
    async match(request) {
      const { key, method } = asked(request);
      const entry = method === "GET" ? entries.get(key) : null;
      if (!entry) return undefined;
      const { status, statusText, headers } = JSON.parse(entry.head) as Head;
      const body = NULL_BODY_STATUSES.has(status) ? null : entry.value;
      return new Response(body, { status, statusText, headers });
    },

    async put(request, response) {
      const { key, method } = asked(request);
      const { status, statusText, headers } = response;
      if (method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
      if (status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
      if (headers.get("Vary")?.includes("*")) throw new TypeError("Cannot cache response with 'Vary: *' header.");
      const lifetime = cacheLifetime(status, headers, now());
      if (lifetime <= 0) {
        await response.body?.cancel();
        return;
      }
      const head: Head = { status, statusText, headers: [...headers] };
      const value = new Uint8Array(await response.arrayBuffer());
      await entries.put(key, { value, head: JSON.stringify(head), expiresAt: now() + lifetime });
    },

    async delete(request) {
      const { key, method } = asked(request);
      if (method !== "GET") return false;
      const had = entries.get(key) !== null;
      await entries.delete(key);
      return had;
    },

    close: () => entries.close(),
  };
}

/** The URL without its fragment, and the method. Throws a TypeError where there is no absolute URL. */
function asked(request: RequestInfo | URL): { readonly key: string; readonly method: string } {
  const { href, method } =
    request instanceof Request
      ? { href: request.url, method: request.method }
      : { href: String(request), method: "GET" };
  const url = new URL(href);
  url.hash = "";
  return { key: url.href, method };
}
