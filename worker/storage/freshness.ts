import type { Freshness } from "../repository/ports.ts";
import type { Memory } from "./memory.ts";

/** How long a marker outlives its check; longer than any lifetime it is compared with. Seconds. */
const MARKER_TTL = 24 * 3_600;

/**
 * When pages were last checked: in memory, and as a small marker in the data centre's cache for other isolates. Never in
 * KV, where an unchanged page would cost a write.
 */
export function freshness(memory: Memory<number>, cache: Cache, keyOf: (what: string) => string): Freshness {
  return {
    async checkedAt(what, changedAt, staleBefore) {
      const key = keyOf(what);
      const remembered = Math.max(changedAt, memory.get(key, staleBefore) ?? 0);
      if (remembered > staleBefore) return remembered;
      // A cache that cannot be read means one request upstream more, nothing else.
      const marker = await cache.match(key).catch(() => undefined);
      const marked = Number(await marker?.text()) || 0;
      if (marked > remembered) memory.set(key, marked, 8);
      return Math.max(remembered, marked);
    },

    record(what, at, ctx) {
      const key = keyOf(what);
      if ((memory.get(key, 0) ?? 0) > at) return;
      memory.set(key, at, 8);
      const headers = { "Cache-Control": `max-age=${MARKER_TTL}` };
      ctx.defer(cache.put(key, new Response(String(at), { headers })));
    },
  };
}
