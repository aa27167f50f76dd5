import type { ProjectName } from "../pypi/name.ts";
import { Page, type PageHead } from "../repository/page.ts";
import type { PageStore, Renderings } from "../repository/ports.ts";
import type { Catalog } from "./catalog.ts";
import { jsonStore, KV_MAX_VALUE } from "./json-store.ts";
import type { Keys } from "./keys.ts";
import type { Memory } from "./memory.ts";

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
export function pageStore({ catalog, keys, ...parts }: PageStoreParts): PageStore {
  const { kv, maxValue = KV_MAX_VALUE } = parts;

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

  const store = jsonStore<ProjectName, PageHead, Page>({
    ...parts,
    keyOf: keys.page,
    make: (name, head, gzip, via) => new Page(head, gzip, via, renderings(name)),
  });

  return {
    get: store.get,

    async put(name, page, now) {
      if (!store.begin(name, page, now)) return;
      const { head } = page;
      // The row comes first: it says whose the name is, also where KV does not take the page.
      const claim = await catalog.claim(name, head, now).catch((error: unknown) => ({ error }));
      if (claim === "older") return store.forget(name);
      const unlisted = typeof claim === "object";
      await store.write(name, unlisted ? page.headed({ ...head, unlisted }) : page);
      if (unlisted) throw claim.error;
      if (claim !== "unsettled") return;
      try {
        await catalog.settle(name, head);
      } catch (error) {
        // It may have overwritten a newer one, and nobody would know: rather none than that.
        await store.delete(name);
        throw error;
      }
    },

    own: (name, page) => page.keptIn(renderings(name)),

    async delete(name, { head }) {
      await store.delete(name);
      await Promise.all([kv.delete(keys.html(name)), catalog.pageDeleted(name, head)]);
    },
  };
}
