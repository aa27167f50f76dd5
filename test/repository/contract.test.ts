import { env } from "cloudflare:workers";
import { parseConfig } from "../../schema/config.ts";
import { compose } from "../../worker/compose.ts";
import { cached } from "../../worker/repository/cached.ts";
import { remote } from "../../worker/repository/remote.ts";
import { stack } from "../../worker/repository/repository.ts";
import { catalogOf } from "../../worker/storage/catalog.ts";
import { freshness } from "../../worker/storage/freshness.ts";
import { keysOf } from "../../worker/storage/keys.ts";
import { listStore } from "../../worker/storage/lists.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { pageStore } from "../../worker/storage/pages.ts";
import { upstreamAt } from "../../worker/upstream/upstream.ts";
import { repositoryContract } from "../contract/repository.ts";
import { FakeUpstream } from "../support/upstream.ts";

const keys = keysOf("test");
const source = (upstream: FakeUpstream) => remote(upstreamAt(new URL(FakeUpstream.INDEX), upstream.fetch, Date.now));

repositoryContract("an upstream alone", source);

repositoryContract("a cached upstream", (upstream) =>
  stack(
    [
      cached({
        pages: pageStore({
          kv: env.PAGES,
          r2: env.FILES,
          catalog: catalogOf(env.DB, "test"),
          memory: new Memory(100_000),
          written: new Memory(1_000),
          keys,
        }),
        lists: listStore(env.FILES, keys),
        freshness: freshness(new Memory(1_000), caches.default, keys),
        absent: new Memory<true>(1_000),
        pageTtl: 600_000,
      }),
    ],
    source(upstream),
  ),
);

repositoryContract("the default index", (upstream) => {
  const config = parseConfig({ UPSTREAM_URL: FakeUpstream.INDEX, PAGE_TTL: "600", PUBLIC_URL: "", LOG: "problems" });
  return compose(config, { ...env, cache: caches.default, fetch: upstream.fetch, now: Date.now }).repository;
});
