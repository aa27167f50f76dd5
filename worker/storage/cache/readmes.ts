import { DAY, inSeconds } from "../../duration.ts";
import type { ResponseCache } from "../../platform/platform.ts";
import type { Readmes } from "../../repository/ports/readmes.ts";
import type { sharedKeys } from "../keys.ts";
import type { Memory } from "../memory.ts";

/** Seconds. */
const COPY_TTL = inSeconds(30 * DAY);

/** Rendered descriptions in memory and in the data centre's cache. What has a key never changes. */
export const readmesIn = (
  cache: ResponseCache,
  memory: Memory<string>,
  keys: ReturnType<typeof sharedKeys>,
): Readmes => ({
  async get(key, now) {
    const known = memory.get(key, now);
    if (known !== undefined) return known;
    try {
      const found = await cache.match(keys.readme(key));
      const html = await found?.text();
      if (html !== undefined) memory.set(key, html, html.length);
      return html;
    } catch {
      return undefined;
    }
  },

  async put(key, html) {
    memory.set(key, html, html.length);
    const headers = { "Cache-Control": `max-age=${COPY_TTL}`, "Content-Type": "text/plain; charset=utf-8" };
    await cache.put(keys.readme(key), new Response(html, { headers })).catch(() => undefined);
  },
});
