import type { ProjectName } from "../../pypi/name.ts";
import { Page, type PageHead, type Renderings } from "../../repository/page.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import type { PageStore, QueryStore, StrayStore, PageChange } from "../../repository/ports/pages.ts";
import type { Catalog } from "../d1/catalog.ts";
import { jsonStore, KV_MAX_VALUE } from "./json-store.ts";
import type { StoreCopies } from "../cache/store-copies.ts";
import { COMPARED, type PageChanges } from "../d1/page-changes.ts";
import type { Keys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { Context } from "../../repository/context.ts";
import type { KeyValue } from "../../platform/key-value.ts";
import type { Objects } from "../../platform/objects.ts";

export interface PageStoreParts {
  readonly kv: KeyValue;
  readonly r2: Objects;
  readonly catalog: Catalog;
  readonly memory: Memory<Page>;
  readonly copies?: StoreCopies | undefined;
  /** Which pages of the source have changed lately; undefined: copies are used for some seconds only. */
  readonly changes?: PageChanges | undefined;
  /** Digests of the pages that this isolate has just written, by key. */
  readonly written: Memory<string>;
  readonly keys: Keys;
  /** Stops serving stored files that the page lists otherwise; `keys` are those of the project's stored files. */
  readonly outdated?:
    | ((name: ProjectName, pages: PageChange, keys: readonly string[], ctx: Context) => Promise<void>)
    | undefined;
  /** Of which projects nothing is believed to be stored: taken back where files of theirs are, which an earlier page was for. */
  readonly justListed?: Pick<Marks<ProjectName>, "delete"> | undefined;
  readonly queries?: QueryStore | undefined;
  readonly strays?: StrayStore | undefined;
  /** Larger pages (gzipped, in bytes) go to R2. */
  readonly maxValue?: number;
}

/** A source's pages in KV; small ones are in memory too for some seconds, and the largest are in R2. */
export function pageStore({
  catalog,
  keys,
  changes,
  outdated,
  justListed,
  queries,
  strays,
  ...parts
}: PageStoreParts): PageStore {
  const { kv, maxValue = KV_MAX_VALUE } = parts;

  const renderings = (name: ProjectName): Renderings => ({
    async get(digest) {
      const { value, metadata } = await kv.getWithMetadata<{ digest: string }>(keys.html(name), "stream");
      if (metadata?.digest === digest) return value;
      // This HTML belongs to another state of the page.
      await value?.cancel();
      return null;
    },
    async put(digest, html) {
      // Larger HTML is made for each request; the largest known pages have a tenth of this.
      if (html.byteLength <= maxValue) await kv.put(keys.html(name), html, { metadata: { digest } });
    },
  });

  const store = jsonStore<ProjectName, PageHead, Page>({
    ...parts,
    keyOf: keys.page,
    make: (name, head, gzip, via) => new Page(head, gzip, via, renderings(name)),
    compared: changes && {
      lifetime: COMPARED,
      // D1 has no row that an unlisted page could be compared with.
      isStored: async ({ what: project, head: { changedAt, unlisted }, takenAt }, ctx) =>
        !unlisted && changes.isStored({ project, changedAt, takenAt }, ctx),
    },
  });

  return {
    get: store.get,

    async put(name, page, now, change) {
      if (!store.begin(name, page, now)) return;
      const { head } = page;
      // The row is written first: it records that the source owns the name even where KV rejects the page.
      let held: readonly string[] = [];
      const tell = change && outdated && ((stored: readonly string[]) => void (held = stored));
      const claim = await catalog.claim(name, head, now, tell).catch((error: unknown) => ({ error }));
      if (held.length > 0) justListed?.delete(name);
      if (claim === "older") return store.forget(name);
      try {
        if (change && held.length > 0) await outdated?.(name, { page, before: change.before }, held, change.ctx);
      } catch (error) {
        // The next request fetches the page again. Otherwise the page would be served beside stored files that are not
        // the listed ones.
        store.forget(name);
        throw error;
      }
      const unlisted = typeof claim === "object";
      await store.write(name, unlisted ? page.headed({ ...head, unlisted }) : page, now);
      if (unlisted) throw claim.error;
      if (claim !== "unsettled") return;
      try {
        await catalog.settle(name, head);
      } catch (error) {
        // Our page may have replaced a newer one in KV without a record of that: it is deleted, to be safe.
        await store.delete(name);
        throw error;
      }
    },

    own: (name, page) => page.keptIn(renderings(name)),

    async delete(name, { head }, now) {
      await store.delete(name);
      await Promise.all([
        kv.delete(keys.html(name)),
        catalog.pageDeleted(name, head, now),
        head.signed && queries?.delete(name),
        head.strays && strays?.note(name, []),
      ]);
    },
  };
}
