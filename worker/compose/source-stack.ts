import type { UpstreamConfig } from "../../schema/upstreams.ts";
import { cachePages } from "../layers/cache-pages.ts";
import { completePageBy } from "../layers/complete-page.ts";
import { serveMetadata } from "../layers/serve-metadata.ts";
import type { Document } from "../repository/document.ts";
import { cacheDocuments } from "../layers/cache-documents.ts";
import { MAX_IN_MEMORY, type HostedProject } from "../repository/ports/hosted-packages.ts";
import { mirrorFiles } from "../layers/mirror-files.ts";
import type { Page, Queries } from "../repository/page.ts";
import { countDemand } from "../layers/count-demand.ts";
import type { Counters } from "../repository/ports/counters.ts";
import type { PrioritySource } from "../layers/priority.ts";
import { readUpstream } from "../layers/read-upstream.ts";
import { replaceOutdated } from "../layers/replace-files.ts";
import { reserveNames } from "../layers/reserved-names.ts";
import type { MirroredSource, Repository } from "../repository/repository.ts";
import { pagesBehindIn } from "../storage/d1/pages-behind.ts";
import { catalogOf, type Catalog } from "../storage/d1/catalog.ts";
import { documentStore } from "../storage/kv/documents.ts";
import { fileFactsIn } from "../storage/d1/file-facts.ts";
import { changeLogPositionIn } from "../storage/d1/change-log-position.ts";
import { fileStore, type Remembered } from "../storage/r2/mirrored-files.ts";
import { fillQueue } from "../storage/queues/fills.ts";
import { type Check, freshness } from "../storage/cache/freshness.ts";
import type { StoredMergedPage } from "../storage/kv/merged-pages.ts";
import { keysOf, storedRef } from "../storage/keys.ts";
import { listStore } from "../storage/r2/root-listing.ts";
import { Memory, scopedTo } from "../storage/memory.ts";
import { objectsIn } from "../storage/r2/mirrored-objects.ts";
import { pageStore } from "../storage/kv/pages.ts";
import { popularityIn, type DemandLog, type PopularityParts } from "../storage/d1/popularity.ts";
import { projectFiles } from "../storage/r2/project-files.ts";
import { queryStore } from "../storage/kv/signed-urls.ts";
import { refreshQueue } from "../storage/queues/refreshes.ts";
import { strayFilesIn } from "../storage/d1/stray-files.ts";
import type { UseLog } from "../storage/d1/file-uses.ts";
import { verdictsIn } from "../storage/cache/verdicts.ts";
import { vouchingIn } from "../storage/d1/vouching.ts";
import { changesAt } from "../upstream/changes.ts";
import { UpstreamClient, type CountOutcome } from "../upstream/client.ts";
import { linksAt } from "../upstream/links.ts";
import { simpleAt } from "../upstream/upstream.ts";
import type { Limits, Platform } from "./platform.ts";

const MiB = 1024 * 1024;

/** A source as indexes and as jobs use it, and the count of its pages. */
export interface ComposedSource extends PrioritySource {
  readonly catalog: Catalog;
  readonly mirrored: MirroredSource;
}

/** What all sources of an isolate share. */
export interface Ground {
  readonly platform: Platform;
  readonly memory: ReturnType<typeof memoryTier>;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly uses: UseLog;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** Whether upstreams' change logs are followed. */
  readonly feed: boolean;
  readonly demand: DemandLog;
  /** Patterns of names that no upstream is ever asked for. */
  readonly reserved: readonly string[];
}

/** The rules for what is popular in a source. */
type Favourites = Omit<PopularityParts, "source">;

/** The isolate's memory, with one budget for all sources together. */
export const memoryTier = () => ({
  pages: new Memory<Page>(16 * MiB),
  documents: new Memory<Document>(4 * MiB),
  written: new Memory<string>(MiB),
  files: new Memory<Remembered>(16 * MiB),
  marks: new Memory<Check>(4 * MiB),
  absent: new Memory<true>(2 * MiB),
  filling: new Memory<true>(MiB),
  believed: new Memory<true>(MiB),
  queries: new Memory<Queries>(4 * MiB, MiB),
  siblingless: new Memory<true>(MiB),
  used: new Memory<true>(2 * MiB),
  hosting: new Memory<HostedProject>(8 * MiB, 4 * MiB),
  made: new Memory<StoredMergedPage>(4 * MiB, MAX_IN_MEMORY),
});

/**
 * The whole stack of a source, top to bottom, with its stores.
 *
 * @param root our absolute address that its pages carry
 */
export function sourceStack(
  upstream: UpstreamConfig,
  root: string | undefined,
  favourites: Favourites | undefined,
  ground: Ground,
): ComposedSource {
  const { platform, memory, limits, counters, uses, pageTtl, feed, demand } = ground;
  const { url, credentials, projects } = upstream;
  // The whole address, not only the host: one index at two addresses is two sources with different URLs.
  const source = encodeURIComponent(url.href);
  const keys = keysOf(source, root);
  const { PAGES: kv, FILES: r2, DB: db, FILLS: queue, cache, fetch, now, sleep } = platform;

  const catalog = catalogOf(db, source);
  const files = fileStore(r2, memory.files, keys, limits.maxPut, now);
  const fills = fillQueue(queue, source);
  const facts = fileFactsIn(db, source);
  const deleteFiles = projectFiles(objectsIn(db, r2), source, memory.files);
  const queries = queryStore(kv, memory.queries, keys);
  const strays = strayFilesIn(db, source);
  const replacing = { files, facts, uses: uses.of(source, keys) };
  const pages = pageStore({
    kv,
    r2,
    catalog,
    keys,
    memory: memory.pages,
    written: memory.written,
    queries,
    strays,
    outdated: (name, change, held, ctx) => replaceOutdated(name, change, held.flatMap(storedRef), replacing, ctx),
  });
  const lists = listStore(r2, keys);
  const known = documentStore({ kv, keys, memory: memory.documents, written: memory.written });
  const checked = freshness(memory.marks, cache, keys.checked);
  const absent = scopedTo(memory.absent, source);

  const storing = {
    files,
    uses: replacing.uses,
    filling: scopedTo(memory.filling, source),
    believed: scopedTo(memory.believed, source),
    fills,
    finishAlone: limits.finishAlone,
  };

  const count: CountOutcome = (outcome) => counters.add("upstreamRequests", { outcome });
  const client = new UpstreamClient(fetch, url, now, {
    absent: upstream.absent,
    credentials,
    count,
    sleep,
  });
  const changes =
    feed && upstream.kind === "simple"
      ? {
          feed: changesAt(url, client),
          log: changeLogPositionIn(db, source, keys.pages),
          behind: pagesBehindIn(db, source),
        }
      : undefined;
  const vouching = changes ? vouchingIn(db, source, keys.pages) : undefined;
  const upstreamIndex = upstream.kind === "find-links" ? linksAt(url, client, now) : simpleAt(url, client);
  const repository: Repository = reserveNames(ground.reserved)(
    mirrorFiles({ ...storing, source, pages, strays })(
      serveMetadata({ ...storing, facts, siblingless: scopedTo(memory.siblingless, source) })(
        cacheDocuments({ store: known, freshness: checked, absent, ttl: pageTtl })(
          cachePages({
            pages,
            lists,
            freshness: checked,
            absent,
            pageTtl,
            vouching,
            deleteFiles,
            beside: { ...replacing, queries, strays },
          })(
            readUpstream(upstreamIndex, completePageBy(facts), root), //
          ),
        ),
      ),
    ),
  );
  return {
    repository: favourites ? countDemand(demand.of(source))(repository) : repository,
    projects,
    verdicts: verdictsIn(freshness(memory.marks, cache, keys.absent), catalog),
    catalog,
    mirrored: {
      key: source,
      name: upstream.name,
      repository,
      refreshes: refreshQueue(platform.REFRESHES, source),
      changes,
      popularity: favourites && popularityIn(db, { source, ...favourites }),
      async noteStored(name, { head }) {
        if ((await catalog.claim(name, head, now())) === "unsettled") await catalog.settle(name, head);
      },
    },
  };
}
