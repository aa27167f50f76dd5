import type { Config, IndexConfig, UpstreamConfig } from "../schema/config.ts";
import { matcher } from "./pypi/pattern.ts";
import { cached } from "./repository/cached.ts";
import { mirrored } from "./repository/mirrored.ts";
import type { Page } from "./repository/page.ts";
import { priority, type Source } from "./repository/priority.ts";
import { punctual } from "./repository/punctual.ts";
import { remote } from "./repository/remote.ts";
import { stack, type Artifact, type Repository } from "./repository/repository.ts";
import { catalogOf, type Catalog } from "./storage/catalog.ts";
import { fileStore } from "./storage/files.ts";
import { freshness } from "./storage/freshness.ts";
import { keysOf } from "./storage/keys.ts";
import { listStore } from "./storage/lists.ts";
import { Memory, within } from "./storage/memory.ts";
import { pageStore } from "./storage/pages.ts";
import { verdictsIn } from "./storage/verdicts.ts";
import { UpstreamClient, type Fetch } from "./upstream/client.ts";
import { linksAt } from "./upstream/links.ts";
import { simpleAt } from "./upstream/upstream.ts";

const MiB = 1024 * 1024;

/** Less than the 15 s after which pip gives up without a word of the reason. Milliseconds. */
const ANSWER_DEADLINE = 14_000;

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

/** An index, where it lies, and what the page about it shows. */
export interface Index {
  readonly config: IndexConfig;
  readonly repository: Repository;
  /** Of each of its sources. */
  readonly catalogs: readonly Catalog[];
}

/** A mirrored upstream, and what is counted of it. */
interface Mirror extends Source {
  readonly catalog: Catalog;
}

/** Puts the indexes together, in the configuration's order. Called once an isolate: the memory tier is in it. */
export function compose(config: Config, platform: Platform): Index[] {
  const memory = memoryTier();
  const mirrors = new Map<UpstreamConfig, Mirror>();
  for (const upstream of config.indexes.flatMap(({ upstreams }) => upstreams)) {
    if (!mirrors.has(upstream)) mirrors.set(upstream, mirror(upstream, config.pageTtl, platform, memory));
  }
  return config.indexes.map((index) => {
    const sources = index.upstreams.flatMap((upstream) => mirrors.get(upstream) ?? []);
    return { config: index, repository: indexOf(sources), catalogs: sources.map(({ catalog }) => catalog) };
  });
}

/** A single source that any name may come from needs no arbiter in front of it. */
function indexOf(sources: readonly Source[]): Repository {
  const [first, ...others] = sources;
  const arbiter = first && others.length === 0 && !first.claims ? first.repository : priority(sources);
  return stack([punctual(ANSWER_DEADLINE)], arbiter);
}

/** One budget of the isolate's for all sources together. */
const memoryTier = () => ({
  pages: new Memory<Page>(16 * MiB),
  written: new Memory<string>(MiB),
  files: new Memory<Artifact>(16 * MiB),
  marks: new Memory<number>(4 * MiB),
  absent: new Memory<true>(2 * MiB),
  filling: new Memory<true>(MiB),
});

function mirror(
  upstream: UpstreamConfig,
  pageTtl: number,
  platform: Platform,
  memory: ReturnType<typeof memoryTier>,
): Mirror {
  const { url, credentials, projects } = upstream;
  // Not the host name alone: the same index through another address is another source with its own URLs.
  const source = encodeURIComponent(url.href);
  const keys = keysOf(source);
  const { PAGES: kv, FILES: r2, DB: db, cache, fetch, now } = platform;

  const catalog = catalogOf(db, source);
  const pages = pageStore({ kv, r2, catalog, keys, memory: memory.pages, written: memory.written });
  const files = fileStore(r2, memory.files, keys);
  const lists = listStore(r2, keys);
  const checked = freshness(memory.marks, cache, keys.checked);

  const client = new UpstreamClient(fetch, url, now, credentials);
  const repository = stack(
    [
      mirrored({ files, pages, filling: within(memory.filling, source) }),
      cached({ pages, lists, freshness: checked, absent: within(memory.absent, source), pageTtl }),
    ],
    remote(upstream.kind === "find-links" ? linksAt(url, client, now) : simpleAt(url, client)),
  );
  const matchers = projects?.map(matcher);
  return {
    repository,
    claims: matchers && ((name) => matchers.some((matches) => matches(name))),
    verdicts: verdictsIn(freshness(memory.marks, cache, keys.absent), catalog),
    catalog,
  };
}
