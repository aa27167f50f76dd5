import { env } from "cloudflare:workers";
import { parseConfig } from "../../schema/config.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { compose } from "../../worker/compose/services.ts";
import { cachePages } from "../../worker/layers/cache-pages.ts";
import { completePageBy } from "../../worker/layers/complete-page.ts";
import { readUpstream } from "../../worker/layers/read-upstream.ts";
import type { Repository, SourcePages, UpstreamPages } from "../../worker/repository/repository.ts";
import { catalogOf } from "../../worker/storage/d1/catalog.ts";
import { fileFactsIn } from "../../worker/storage/d1/file-facts.ts";
import { freshness } from "../../worker/storage/cache/freshness.ts";
import { keysOf } from "../../worker/storage/keys.ts";
import { listStore } from "../../worker/storage/r2/root-listing.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { pageStore } from "../../worker/storage/kv/pages.ts";
import { UpstreamClient } from "../../worker/upstream/client.ts";
import { simpleAt } from "../../worker/upstream/upstream.ts";
import { repositoryContract } from "../contract/repository.ts";
import { VARS } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const keys = keysOf("test");
const INDEX = new URL(FakeUpstream.INDEX);
const source = (upstream: FakeUpstream) =>
  readUpstream(
    simpleAt(INDEX, new UpstreamClient(upstream.fetch, INDEX, Date.now, { sleep: () => Promise.resolve() })),
    completePageBy(fileFactsIn(env.DB, "test")),
  );

/** An upstream, of which nothing is known beforehand. */
function alone(upstream: UpstreamPages): SourcePages {
  const unasked = <T>(answer: T | "unchanged"): T => {
    if (answer === "unchanged") throw new Error("nothing was known that could be unchanged");
    return answer;
  };
  return {
    ...upstream,
    projects: async (ctx) => unasked(await upstream.projects(undefined, ctx)),
    project: async (name, ctx) => unasked(await upstream.project(name, undefined, ctx)),
    document: async (request, ctx) => unasked(await upstream.document(request, undefined, ctx)),
  };
}

/** The pages of an index. */
const pagesOf = (repository: Repository): SourcePages => ({
  ...repository,
  project: async (name, ctx) => (await repository.project(name, ctx))?.page ?? null,
});

repositoryContract("an upstream alone", (upstream) => alone(source(upstream)));

repositoryContract("a cached upstream", (upstream) => {
  const pages = cachePages({
    pages: pageStore({
      kv: env.PAGES,
      r2: env.FILES,
      catalog: catalogOf(env.DB, "test"),
      memory: new Memory(100_000),
      written: new Memory(1_000),
      keys,
    }),
    listing: { lists: listStore(env.FILES, keys.list), storing: new Memory<true>(1_000) },
    freshness: freshness(new Memory(1_000), caches.default, keys.checked),
    justListed: new Memory(1_000),
    absent: new Memory<true>(1_000),
    pageTtl: 600_000,
    areShared: false,
    deleteFiles: () => Promise.resolve(0),
  })(source(upstream));
  return { ...pages, document: alone({ ...source(upstream), document: pages.document }).document };
});

repositoryContract("the default index", (upstream) => pagesOf(composed(upstream, VARS)));

repositoryContract("an index of two upstreams, the first of which has nothing", (upstream) =>
  pagesOf(
    composed(upstream, {
      ...VARS,
      UPSTREAMS: { empty: { url: "https://upstream.test/empty/simple/" }, ...VARS.UPSTREAMS },
      INDEXES: { default: { sources: ["empty", "pypi"] } },
    }),
  ),
);

repositoryContract("an index that hosts other projects, over one that reserves others", (upstream) =>
  pagesOf(
    composed(upstream, {
      ...VARS,
      INDEXES: { default: { sources: ["base"], hosted: true }, base: { sources: ["pypi"] } },
      RESERVED: ["acme-*"],
    }),
  ),
);

function composed(upstream: FakeUpstream, vars: Record<string, unknown>): Repository {
  upstream.on("https://upstream.test/empty/simple/", () => Response.json({ meta: {}, projects: [] }));
  const { indexes } = compose(parseConfig(vars), {
    ...cloudflare(env),
    fetch: upstream.fetch,
  });
  const [index] = indexes;
  if (!index) throw new Error("there is no index");
  return index.repository;
}
