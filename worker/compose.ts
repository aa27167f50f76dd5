import type { Config, IndexConfig, UpstreamConfig } from "../schema/config.ts";
import type { FillMessage } from "../schema/fill.ts";
import type { RefreshMessage } from "../schema/refresh.ts";
import { cached } from "./repository/cached.ts";
import { describeBy } from "./repository/describe.ts";
import { described } from "./repository/described.ts";
import type { Document } from "./repository/document.ts";
import { documents } from "./repository/documents.ts";
import type { ProjectName } from "./pypi/name.ts";
import { mirrored } from "./repository/mirrored.ts";
import type { Page } from "./repository/page.ts";
import { popular } from "./repository/popular.ts";
import type { Counters } from "./repository/ports.ts";
import { priority, routes, type Source } from "./repository/priority.ts";
import { punctual } from "./repository/punctual.ts";
import { remote } from "./repository/remote.ts";
import { stack, type Artifact, type Context, type FindOwner } from "./repository/repository.ts";
import type { Repository, Upkept } from "./repository/repository.ts";
import type { DeadLetters, Recent, Runs } from "./repository/upkeep.ts";
import { FINISH_ALONE } from "./repository/storing.ts";
import type { StoredObjects } from "./repository/uses.ts";
import { behindIn } from "./storage/behind.ts";
import { catalogOf, together, type Catalog, type Counting } from "./storage/catalog.ts";
import { countersIn } from "./storage/counters.ts";
import { deadLettersIn } from "./storage/dead-letters.ts";
import { documentStore } from "./storage/documents.ts";
import { factStore } from "./storage/facts.ts";
import { feedLog } from "./storage/feed.ts";
import { fileStore, MAX_PUT } from "./storage/files.ts";
import { fillQueue } from "./storage/fills.ts";
import { type Check, freshness } from "./storage/freshness.ts";
import { keysOf } from "./storage/keys.ts";
import { listStore } from "./storage/lists.ts";
import { Memory, within } from "./storage/memory.ts";
import { objectsIn } from "./storage/objects.ts";
import { pageStore } from "./storage/pages.ts";
import { useLog, type UseLog } from "./storage/uses.ts";
import { demandIn, popularityIn, type DemandLog, type PopularityParts } from "./storage/popularity.ts";
import { recentIn } from "./storage/recent.ts";
import { refreshQueue } from "./storage/refreshes.ts";
import { runsIn } from "./storage/runs.ts";
import { verdictsIn } from "./storage/verdicts.ts";
import { vouchingIn } from "./storage/vouching.ts";
import { changesAt } from "./upstream/changes.ts";
import { UpstreamClient, type CountOutcome, type Fetch } from "./upstream/client.ts";
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
  readonly FILLS: Queue<FillMessage>;
  readonly REFRESHES: Queue<RefreshMessage>;
  readonly cache: Cache;
  readonly fetch: Fetch;
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
}

/** The sizes from which on a file goes another way, in bytes; tests lower them. */
export interface Limits {
  /** Larger files are stored by the queue's consumer. */
  readonly finishAlone: number;
  /** Larger files go up in parts. */
  readonly maxPut: number;
}

/** What requests and jobs enter. */
export interface House {
  /** In the configuration's order. */
  readonly indexes: readonly Index[];
  /** What is mirrored, by what a message calls it. */
  readonly sources: ReadonlyMap<string, Upkept>;
  /** Of all sources together. */
  readonly catalog: Counting;
  readonly counters: Counters;
  /** The stored files of all sources. */
  readonly objects: StoredObjects;
  /** Bytes of them above which the longest unused are deleted; 0: none are. */
  readonly quota: number;
  /** Writes what requests and jobs have left in memory to be written, behind the answer, where it is time. */
  readonly flush: (ctx: Context) => void;
  readonly letters: DeadLetters;
  readonly recent: Recent;
  readonly runs: Runs;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
}

/** An index, where it lies, and what the page about it shows. */
export interface Index {
  readonly config: IndexConfig;
  readonly repository: Repository;
  readonly owner: FindOwner;
  /** Of its sources together. */
  readonly catalog: Counting;
}

/** A mirrored upstream, and what is counted of it. */
interface Mirror extends Source {
  readonly catalog: Catalog;
  readonly upkept: Upkept;
}

/** What all sources of an isolate share. */
interface Ground {
  readonly platform: Platform;
  readonly memory: ReturnType<typeof memoryTier>;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly uses: UseLog;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** Whether upstreams' logs of changes are followed. */
  readonly feed: boolean;
  readonly demand: DemandLog;
}

/** What of a source counts as popular. */
type Favourites = Omit<PopularityParts, "source">;

/** Puts the indexes together. Called once an isolate: the memory tier is in it. */
export function compose(
  { indexes, pageTtl, publicUrl, feed, quota, popular: count, seed }: Config,
  platform: Platform,
  limits: Limits = { finishAlone: FINISH_ALONE, maxPut: MAX_PUT },
): House {
  const counters = countersIn(platform.DB);
  const memory = memoryTier();
  const uses = useLog(platform.DB, memory.used);
  const demand = demandIn(platform.DB);
  const ground = { platform, memory, limits, counters, uses, pageTtl, feed, demand };
  const mirrors = new Map<UpstreamConfig, Mirror>();
  for (const upstream of indexes.flatMap(({ upstreams }) => upstreams)) {
    if (mirrors.has(upstream)) continue;
    const base = publicUrl === "" ? undefined : baseFor(upstream, indexes);
    const favourites = count === 0 ? undefined : { count, seed, mayHave: belongingTo(upstream, indexes) };
    mirrors.set(upstream, mirror(upstream, base === undefined ? undefined : publicUrl + base, favourites, ground));
  }
  return {
    indexes: indexes.map((index) => {
      const sources = index.upstreams.flatMap((upstream) => mirrors.get(upstream) ?? []);
      return {
        config: index,
        ...indexOf(sources),
        catalog: together(
          sources.map(({ catalog }) => catalog),
          platform.now,
        ),
      };
    }),
    sources: new Map([...mirrors.values()].map(({ upkept }) => [upkept.key, upkept])),
    catalog: together(
      [...mirrors.values()].map(({ catalog }) => catalog),
      platform.now,
    ),
    counters,
    objects: objectsIn(platform.DB, platform.FILES),
    quota,
    flush(ctx) {
      counters.flush(ctx);
      uses.flush(ctx);
      demand.flush(ctx);
    },
    letters: deadLettersIn(platform.DB, {
      "pypi-edge-fills": platform.FILLS,
      "pypi-edge-refreshes": platform.REFRESHES,
    }),
    recent: recentIn(platform.DB),
    runs: runsIn(platform.DB),
    pageTtl,
  };
}

/** Whether a name may come from this upstream in any index. */
function belongingTo(upstream: UpstreamConfig, indexes: readonly IndexConfig[]): (name: ProjectName) => boolean {
  const routings = indexes.map(({ upstreams }) => routes<UpstreamConfig>(upstreams));
  return (name) => routings.some((route) => route(name).includes(upstream));
}

/**
 * The index whose addresses a source's pages carry: one stored page serves every index that has the source. It must be one in
 * which no source before it could own the name, or the page would lead to another's documents.
 */
function baseFor(upstream: UpstreamConfig, indexes: readonly IndexConfig[]): string | undefined {
  const before = ({ upstreams }: IndexConfig) => upstreams.slice(0, upstreams.indexOf(upstream));
  const having = indexes.filter(({ upstreams }) => upstreams.includes(upstream));
  const first = having.find((index) => before(index).length === 0);
  const behindClaims = having.find((index) => before(index).every(({ projects }) => projects));
  return (first ?? behindClaims)?.base;
}

function indexOf(sources: readonly Mirror[]): Pick<Index, "repository" | "owner"> {
  const [first, ...others] = sources;
  const arbiter = priority(sources);
  // A single source that any name may come from needs no arbiter in front of it.
  const source = first && others.length === 0 && !first.projects ? first.repository : arbiter;
  return {
    repository: stack([punctual(ANSWER_DEADLINE)], source),
    async owner(name, ctx) {
      const owned = await arbiter.owner(name, ctx);
      return owned && { source: owned.source.upkept, page: owned.page };
    },
  };
}

/** One budget of the isolate's for all sources together. */
const memoryTier = () => ({
  pages: new Memory<Page>(16 * MiB),
  documents: new Memory<Document>(4 * MiB),
  written: new Memory<string>(MiB),
  files: new Memory<Artifact>(16 * MiB),
  marks: new Memory<Check>(4 * MiB),
  absent: new Memory<true>(2 * MiB),
  filling: new Memory<true>(MiB),
  siblingless: new Memory<true>(MiB),
  used: new Memory<true>(2 * MiB),
});

function mirror(
  upstream: UpstreamConfig,
  root: string | undefined,
  favourites: Favourites | undefined,
  ground: Ground,
): Mirror {
  const { platform, memory, limits, counters, uses, pageTtl, feed, demand } = ground;
  const { url, credentials, projects } = upstream;
  // Not the host name alone: the same index through another address is another source with its own URLs.
  const source = encodeURIComponent(url.href);
  const keys = keysOf(source, root);
  const { PAGES: kv, FILES: r2, DB: db, FILLS: queue, cache, fetch, now } = platform;

  const catalog = catalogOf(db, source);
  const pages = pageStore({ kv, r2, catalog, keys, memory: memory.pages, written: memory.written });
  const files = fileStore(r2, memory.files, keys, limits.maxPut);
  const fills = fillQueue(queue, source);
  const facts = factStore(db, source);
  const lists = listStore(r2, keys);
  const known = documentStore({ kv, keys, memory: memory.documents, written: memory.written });
  const checked = freshness(memory.marks, cache, keys.checked);
  const absent = within(memory.absent, source);

  const storing = {
    files,
    uses: uses.of(source, keys),
    filling: within(memory.filling, source),
    fills,
    finishAlone: limits.finishAlone,
  };

  const count: CountOutcome = (outcome) => counters.add("upstreamRequests", { outcome });
  const client = new UpstreamClient(fetch, url, now, { credentials, count });
  const changes =
    feed && upstream.kind === "simple"
      ? { feed: changesAt(url, client), log: feedLog(db, source, keys.pages), behind: behindIn(db, source) }
      : undefined;
  const vouching = changes ? vouchingIn(db, source, keys.pages) : undefined;
  const repository = stack(
    [
      mirrored({ ...storing, pages }),
      described({ ...storing, facts, siblingless: within(memory.siblingless, source) }),
      documents({ store: known, freshness: checked, absent, ttl: pageTtl }),
      cached({ pages, lists, freshness: checked, absent, pageTtl, vouching }),
    ],
    remote(upstream.kind === "find-links" ? linksAt(url, client, now) : simpleAt(url, client), describeBy(facts), root),
  );
  return {
    repository: favourites ? popular(demand.of(source))(repository) : repository,
    projects,
    verdicts: verdictsIn(freshness(memory.marks, cache, keys.absent), catalog),
    catalog,
    upkept: {
      key: source,
      name: upstream.name,
      repository,
      files,
      uses: storing.uses,
      fills,
      refreshes: refreshQueue(platform.REFRESHES, source),
      changes,
      popularity: favourites && popularityIn(db, { source, ...favourites }),
      async noteKept(name, { head }) {
        if ((await catalog.claim(name, head, now())) === "unsettled") await catalog.settle(name, head);
      },
    },
  };
}
