import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { pipe } from "../../worker/cloudflare/platform.ts";
import type { ResponseCache } from "../../worker/platform/platform.ts";
import type { KeyValue } from "../../worker/platform/key-value.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { Context } from "../../worker/repository/context.ts";
import { Page } from "../../worker/repository/page.ts";
import { storeCopiesIn } from "../../worker/storage/cache/store-copies.ts";
import { catalogOf } from "../../worker/storage/d1/catalog.ts";
import { pageChangesIn, type PageChanges } from "../../worker/storage/d1/page-changes.ts";
import { keysOf, sharedKeys } from "../../worker/storage/keys.ts";
import { pageStore } from "../../worker/storage/kv/pages.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { Random } from "../fuzz/random.ts";

/*
 * Isolates in two data centres store and delete a page, and read it, in any order and at any time. KV shows a write elsewhere up to a
 * minute late; the caches forget by chance; clocks differ. Whatever is read was stored, or not stored, at some time within the bound.
 */

const SECOND = 1_000;
const START = Date.parse("2026-11-22T12:00:00Z");
const DEMO = parseProjectName("demo");
const KV_LAG = 60 * SECOND;
/** The edge is purged for the second time after 70 s. */
const BOUND = 66 * SECOND;
const SKEW = 2 * SECOND;
const [WORLDS, STEPS] = [30, 80];

class World {
  now = START;
  readonly random: Random;
  readonly centres: readonly Centre[];
  readonly failures: string[] = [];
  readonly #written: { readonly at: number; readonly serial: number | null }[] = [{ at: 0, serial: null }];
  readonly #versions: {
    readonly seen: readonly number[];
    readonly value: Uint8Array | null;
    readonly metadata: unknown;
  }[] = [];
  #serial = 0;

  constructor(seed: number, areCompared: boolean) {
    this.random = new Random(seed);
    this.centres = [0, 1].map((nth) => new Centre(this, nth, areCompared));
  }

  /** KV as one data centre sees it. */
  kvOf(nth: number): KeyValue {
    const write = (value: Uint8Array | null, metadata: unknown) => {
      const seen = [0, 1].map((centre) => this.now + (centre === nth ? 0 : this.random.below(KV_LAG)));
      this.#versions.push({ seen, value, metadata });
      return Promise.resolve();
    };
    const read = () => this.#versions.findLast(({ seen }) => (seen[nth] ?? 0) <= this.now);
    return {
      get: () => Promise.resolve(null),
      // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the same as KV's
      getWithMetadata: <Metadata>() => {
        const { value = null, metadata = null } = read() ?? {};
        return Promise.resolve({
          value: value && new Response(value).body,
          metadata: metadata as Metadata,
        });
      },
      put: (_key, value, options) => write(value as Uint8Array, options?.metadata),
      delete: () => write(null, null),
      list: () => Promise.resolve({ keys: [], list_complete: true }),
    };
  }

  async step(): Promise<void> {
    const { random } = this;
    this.now += random.below(random.oneIn(4) ? 40 * SECOND : 4 * SECOND);
    const centre = random.pick(this.centres);
    if (random.oneIn(6)) {
      const isDeleted = random.oneIn(4);
      this.#serial += 1;
      await (isDeleted ? centre.delete() : centre.put(this.#serial));
      this.#written.push({ at: this.now, serial: isDeleted ? null : this.#serial });
      // Two changes are at least so far apart that the upstream's order is the stores' order.
      this.now += 5 * SECOND;
      return;
    }
    if (random.oneIn(8)) centre.forget();
    const got = await centre.get();
    if (!this.#possible().has(got))
      this.failures.push(`${got} at ${this.now - START}: ${JSON.stringify(this.#written.slice(-4))}`);
  }

  /** What was stored at some time within the bound. */
  #possible(): Set<number | null> {
    const first = this.#written.findLastIndex(({ at }) => at <= this.now - BOUND);
    return new Set(this.#written.slice(first).map(({ serial }) => serial));
  }
}

/** A data centre: its cache, and one isolate after the other. */
class Centre {
  readonly #world: World;
  readonly #skew: number;
  readonly #areCompared: boolean;
  readonly #kv: KeyValue;
  readonly #cache = new Map<string, Response>();
  #store;

  constructor(world: World, nth: number, areCompared: boolean) {
    this.#world = world;
    this.#areCompared = areCompared;
    this.#skew = world.random.below(SKEW);
    this.#kv = world.kvOf(nth);
    this.#store = this.#isolate();
  }

  get #now(): number {
    return this.#world.now + this.#skew;
  }

  #isolate() {
    const cache: ResponseCache = {
      match: (request) => Promise.resolve(this.#cache.get(new Request(request).url)?.clone()),
      put: async (request, response) => {
        const { headers } = response;
        this.#cache.set(new Request(request).url, new Response(await response.arrayBuffer(), { headers }));
      },
      delete: (request) => Promise.resolve(this.#cache.delete(new Request(request).url)),
    };
    const copies = storeCopiesIn({ cache, pipe, now: () => this.#now, finishAlone: 1_000_000 }, sharedKeys("model"));
    const always: PageChanges = { isStored: () => Promise.resolve(true) };
    const changes = this.#areCompared ? pageChangesIn(env.DB, copies).of("test") : always;
    const memory = { memory: new Memory<Page>(100_000), written: new Memory<string>(10_000) };
    return pageStore({
      kv: this.#kv,
      r2: env.FILES,
      catalog: catalogOf(env.DB, "test"),
      keys: keysOf("test"),
      copies,
      changes,
      ...memory,
    });
  }

  /** Another isolate, or a cache that has dropped all. */
  forget(): void {
    if (this.#world.random.oneIn(4)) this.#cache.clear();
    this.#store = this.#isolate();
  }

  async #withContext<Result>(work: (ctx: Context) => Promise<Result>): Promise<Result> {
    const left: Promise<unknown>[] = [];
    const report = () => undefined;
    const result = await work({ now: this.#now, defer: (each) => void left.push(each), report });
    await Promise.all(left);
    return result;
  }

  /** The serial of the page that a client gets; null: none. */
  async get(): Promise<number | null> {
    const page = await this.#withContext(async (ctx) => this.#store.get(DEMO, ctx.now, ctx));
    return page ? Number(page.head.serial) : null;
  }

  async put(lastSerial: number): Promise<void> {
    const page = await Page.from({ name: DEMO, files: [], versions: [], lastSerial }, {}, this.#now);
    await this.#store.put(DEMO, page, this.#now);
  }

  async delete(): Promise<void> {
    const page = await Page.from({ name: DEMO, files: [], versions: [] }, {}, this.#now + SKEW);
    await this.#store.delete(DEMO, page, this.#now);
  }
}

async function failuresIn(seed: number, areCompared: boolean): Promise<readonly string[]> {
  const world = new World(seed, areCompared);
  for (let step = 0; step < STEPS; step++) await world.step();
  return world.failures;
}

describe("no page is read that was another one for longer than KV itself may be late", () => {
  test.each(Array.from({ length: WORLDS }, (_, seed) => seed + 1))("in world %d", async (seed) => {
    expect(await failuresIn(seed, true)).toEqual([]);
  });

  test("which the comparison with D1 ensures", async () => {
    expect(await failuresIn(1, false)).not.toEqual([]);
  });
});
