import type { Config } from "../schema/config.ts";
import { cached } from "./repository/cached.ts";
import { mirrored } from "./repository/mirrored.ts";
import type { Page } from "./repository/page.ts";
import { remote } from "./repository/remote.ts";
import { stack, type Artifact, type Repository } from "./repository/repository.ts";
import { catalogOf, type Catalog } from "./storage/catalog.ts";
import { fileStore } from "./storage/files.ts";
import { freshness } from "./storage/freshness.ts";
import { keysOf } from "./storage/keys.ts";
import { listStore } from "./storage/lists.ts";
import { Memory } from "./storage/memory.ts";
import { pageStore } from "./storage/pages.ts";
import type { Fetch } from "./upstream/client.ts";
import { upstreamAt } from "./upstream/upstream.ts";

const MiB = 1024 * 1024;

/** What a stack stands on: the platform's bindings, and its globals that tests replace. */
export interface Platform {
  readonly PAGES: KVNamespace;
  readonly FILES: R2Bucket;
  readonly DB: D1Database;
  readonly cache: Cache;
  readonly fetch: Fetch;
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
}

/** The default index and what the page about it shows. */
export interface Index {
  readonly repository: Repository;
  readonly catalog: Catalog;
}

/** Puts the default index together. Called once an isolate: the memory tier is in it. */
export function compose(config: Config, platform: Platform): Index {
  // Not the host name alone: the same index through another address is another source with its own URLs.
  const source = encodeURIComponent(config.upstream.href);
  const keys = keysOf(source);
  const { PAGES: kv, FILES: r2, DB: db, cache, fetch, now } = platform;

  const catalog = catalogOf(db, source);
  const pages = pageStore({ kv, r2, catalog, keys, memory: new Memory<Page>(16 * MiB), written: new Memory(MiB) });
  const files = fileStore(r2, new Memory<Artifact>(16 * MiB), keys);
  const lists = listStore(r2, keys);
  const checked = freshness(new Memory<number>(2 * MiB), cache, keys);
  const absent = new Memory<true>(2 * MiB);

  const repository = stack(
    [
      mirrored({ files, pages, filling: new Memory<true>(MiB) }),
      cached({ pages, lists, freshness: checked, absent, pageTtl: config.pageTtl }),
    ],
    remote(upstreamAt(config.upstream, fetch, now)),
  );
  return { repository, catalog };
}
