import { SECOND } from "../../duration.ts";
import { bytesOf, gzipped, inflate } from "../../repository/gzip.ts";
import type { Queries } from "../../repository/page.ts";
import type { QueryStore } from "../../repository/ports/pages.ts";
import { KV_MAX_VALUE } from "./json-store.ts";
import type { Keys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { KeyValue } from "../../platform/key-value.ts";

/** How long a record stays in memory: during this time KV may still return an older one. Milliseconds. */
const MEMORY_TTL = 70 * SECOND;

/** The queries of a source's files, in KV, and for a while in memory. */
export function queryStore(kv: KeyValue, memory: Memory<Queries>, keys: Keys): QueryStore {
  const remember = (key: string, queries: Queries, bytes: number, now: number) =>
    memory.set(key, queries, bytes, now + MEMORY_TTL);

  return {
    async get(name, now) {
      const key = keys.queries(name);
      const remembered = memory.get(key, now);
      if (remembered) return remembered;
      const gzip = await kv.get(key, "stream");
      if (!gzip) return null;
      const text = new TextDecoder().decode(await bytesOf(inflate(gzip)));
      const queries = JSON.parse(text) as Queries;
      remember(key, queries, text.length, now);
      return queries;
    },

    async put(name, queries, now) {
      const key = keys.queries(name);
      const text = JSON.stringify(queries);
      remember(key, queries, text.length, now);
      const gzip = await gzipped(new TextEncoder().encode(text));
      // Larger records are not stored: the page is then fetched again for each file that is not stored.
      if (gzip.byteLength <= KV_MAX_VALUE) await kv.put(key, gzip);
    },

    async delete(name) {
      memory.delete(keys.queries(name));
      await kv.delete(keys.queries(name));
    },
  };
}
