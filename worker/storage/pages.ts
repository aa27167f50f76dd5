import type { ProjectName } from "../pypi/name.ts";
import { Page, type PageHead } from "../repository/page.ts";
import type { PageStore, Renderings } from "../repository/ports.ts";
import type { Catalog } from "./catalog.ts";
import type { Keys } from "./keys.ts";
import { Memory } from "./memory.ts";

/** How long this isolate believes its own copy, while another may have stored a newer page. Milliseconds. */
const MEMORY_TTL = 5_000;

/** How long a page that was just written is not written again. Milliseconds; a write that failed is then made up for. */
const WRITTEN_TTL = 10_000;

/** KV's limit for a value. */
const KV_MAX_VALUE = 25 * 1024 * 1024;

/** KV's metadata of a page. `inR2` where the value is empty because the page did not fit. */
type StoredHead = PageHead & { readonly inR2?: true };

/** What the page store is put together from. */
export interface PageStoreParts {
  readonly kv: KVNamespace;
  readonly r2: R2Bucket;
  readonly catalog: Catalog;
  readonly memory: Memory<Page>;
  /** Digests of pages that this isolate has just written, by key. */
  readonly written: Memory<string>;
  readonly keys: Keys;
  /** Bytes of gzipped page above which it lies in R2. */
  readonly maxValue?: number;
}

/** A source's pages in KV, with the small ones in memory for some seconds and the largest in R2. */
export function pageStore(parts: PageStoreParts): PageStore {
  const { kv, r2, catalog, memory, written, keys, maxValue = KV_MAX_VALUE } = parts;

  function remember(key: string, page: Page, now: number) {
    memory.set(key, page.as("memory"), page.weight, now + MEMORY_TTL);
  }

  const renderings = (name: ProjectName): Renderings => ({
    async get(digest) {
      const { value, metadata } = await kv.getWithMetadata<{ digest: string }>(keys.html(name), "stream");
      if (metadata?.digest === digest) return value;
      // Of another state of the page.
      await value?.cancel();
      return null;
    },
    async put(digest, html) {
      // A larger one is made for each who wants it; the largest pages known are a tenth of this.
      if (html.byteLength <= maxValue) await kv.put(keys.html(name), html, { metadata: { digest } });
    },
  });

  return {
    async get(name, now) {
      const key = keys.page(name);
      const remembered = memory.get(key, now);
      if (remembered) return remembered;
      const { value, metadata } = await kv.getWithMetadata<StoredHead>(key, "stream");
      if (!value || !metadata) return null;
      const { inR2, ...head } = metadata;
      if (inR2) {
        await value.cancel();
        const object = await r2.get(key);
        return object && new Page(head, object.body, "r2", renderings(name));
      }
      const page = new Page(head, value, "kv", renderings(name));
      if (head.size > Memory.MAX_VALUE) return page;
      const buffered = await page.buffered();
      remember(key, buffered, now);
      return buffered;
    },

    async put(name, page, now) {
      const key = keys.page(name);
      remember(key, page, now);
      // Many clients at once find the same change; KV takes one write to a key a second, and counts them.
      if (written.get(key, now) === page.head.digest) return;
      written.set(key, page.head.digest, 0, now + WRITTEN_TTL);
      const bytes = await page.bytes();
      if (bytes.byteLength <= maxValue) {
        await kv.put(key, bytes, { metadata: page.head satisfies StoredHead });
      } else {
        await r2.put(key, bytes);
        await kv.put(key, "", { metadata: { ...page.head, inR2: true } satisfies StoredHead });
      }
      await catalog.pageStored(name, page.head);
    },

    own: (name, page) => page.keptIn(renderings(name)),

    async delete(name) {
      const key = keys.page(name);
      memory.delete(key);
      written.delete(key);
      await kv.delete(key);
      await Promise.all([kv.delete(keys.html(name)), r2.delete(key), catalog.pageDeleted(name)]);
    },
  };
}
