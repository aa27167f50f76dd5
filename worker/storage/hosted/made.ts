import type { MergedPages } from "../../repository/ports/hosted-packages.ts";
import { Page, type PageHead } from "../../repository/page.ts";
import { KV_MAX_VALUE } from "../json-store.ts";
import { mergedKey } from "../keys.ts";
import type { Memory } from "../memory.ts";

/** A page, and what it was made of. */
export interface Made {
  readonly of: string;
  readonly page: Page;
}

/** KV's metadata. */
interface Kept {
  readonly head: PageHead;
  readonly of: string;
}

/** For how long a page is known by the revision that it was made of. Milliseconds. */
const MEMORY_TTL = 60_000;

/** For how long a large one is kept that is not made anew. Seconds. */
const KV_TTL = 30 * 24 * 3_600;

/** The pages that one index makes: small ones in memory, large ones in KV. */
export function madePages(index: string, kv: KVNamespace, memory: Memory<Made>): MergedPages {
  return {
    async get(name, of, isLarge, now) {
      if (!isLarge) {
        const made = memory.get(`${index} ${name}`, now);
        return made?.of === of ? made.page.as("memory") : null;
      }
      const key = mergedKey(index, name);
      const { value, metadata } = await kv.getWithMetadata<Kept>(key, "stream");
      if (value && metadata?.of === of) return new Page(metadata.head, value, "kv");
      await value?.cancel();
      return null;
    },

    async put(name, of, isLarge, page, now) {
      if (!isLarge) return memory.set(`${index} ${name}`, { of, page }, page.weight, now + MEMORY_TTL);
      const { size } = page.head;
      if (size > KV_MAX_VALUE) return;
      const metadata: Kept = { head: page.head, of };
      await kv.put(mergedKey(index, name), await page.bytes(), { metadata, expirationTtl: KV_TTL });
    },
  };
}
