import { DAY, MINUTE, inSeconds } from "../../duration.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { MergedPages } from "../../repository/ports/hosted-packages.ts";
import { Page, type PageHead } from "../../repository/page.ts";
import { KV_MAX_VALUE } from "./json-store.ts";
import { mergedKey } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { KeyValue } from "../../platform/key-value.ts";

/** A merged page, and the state that it was made from. */
export interface StoredMergedPage {
  readonly of: string;
  readonly page: Page;
}

/** Metadata of the KV entry. */
interface PageMetadata {
  readonly head: PageHead;
  readonly of: string;
}

/** How long a page is kept in memory for the state that it was made from. */
const MEMORY_TTL_MS = MINUTE;

/** How long a large page is kept if it is not made again. */
const KV_TTL_SECONDS = inSeconds(30 * DAY);

/** The pages that one index makes: small ones in memory, large ones in KV. */
export function mergedPagesIn(index: string, kv: KeyValue, memory: Memory<StoredMergedPage>): MergedPages {
  async function getLarge(name: ProjectName, of: string): Promise<Page | null> {
    const key = mergedKey(index, name);
    const { value, metadata } = await kv.getWithMetadata<PageMetadata>(key, "stream");
    if (value && metadata?.of === of) return new Page(metadata.head, value, "kv");
    await value?.cancel();
    return null;
  }

  return {
    get(name, of, isLarge, now) {
      if (isLarge) return getLarge(name, of);
      const made = memory.get(`${index} ${name}`, now);
      return made?.of === of ? made.page : null;
    },

    async put(name, of, isLarge, page, now) {
      if (!isLarge)
        return memory.set(`${index} ${name}`, { of, page: page.as("memory") }, page.weight, now + MEMORY_TTL_MS);
      const { size } = page.head;
      if (size > KV_MAX_VALUE) return;
      const metadata: PageMetadata = { head: page.head, of };
      await kv.put(mergedKey(index, name), await page.bytes(), { metadata, expirationTtl: KV_TTL_SECONDS });
    },
  };
}
