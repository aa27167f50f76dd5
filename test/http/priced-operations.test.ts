import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { OPERATIONS, type Operations } from "../../schema/operations.ts";
import { FakeFeed } from "../support/feed.ts";
import { host, TEAM } from "../support/hosted.ts";
import { metered } from "../support/metering.ts";
import { filePath, JSON_TYPE, onCloudflare, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { upload, wheelOf } from "../support/upload.ts";

const FILE = {
  filename: "demo-1.0-py3-none-any.whl",
  bytes: new Uint8Array(200_000).fill(7),
  metadata: "Name: demo\n",
};
const LARGE = { filename: "large-1.0-py3-none-any.whl", bytes: new Uint8Array(600_000).fill(7), metadata: "Name: l\n" };
const GZIP = { Accept: JSON_TYPE, "Accept-Encoding": "gzip" };
const [SECOND, MINUTE, PAGE_TTL, HOUR] = [1_000, 60_000, 601_000, 3_700_000];

/** The most queries that one request, cron or message has sent to the database. */
let mostQueries = 0;

/** A worker whose operations are metered, and the table of what it has cost. */
class Ledger {
  readonly #meter = metered();
  readonly rig: Rig;
  readonly found: Record<string, Operations> = {};

  constructor(vars: Record<string, unknown> = {}) {
    this.rig = new Rig(
      { ...TEAM, ...vars },
      { ...this.#meter.platform, ...onCloudflare() },
      { maxPut: 5_000_000, finishAlone: 500_000 },
    );
  }

  /** Notes what `work` costs. */
  async note(kind: string, work: () => Promise<unknown>): Promise<void> {
    this.found[kind] = await this.costOf(work);
  }

  readonly costOf = async (work: () => Promise<unknown>): Promise<Operations> => {
    const { rig } = this;
    this.#meter.take();
    const sent = () => rig.queue.messages.length + rig.refreshes.messages.length;
    const before = sent();
    rig.forget();
    await work();
    mostQueries = Math.max(mostQueries, this.#meter.queries());
    const cost = { messages: sent() - before, upstreamRequests: rig.upstream.requests.length, ...this.#meter.take() };
    return Object.fromEntries(Object.entries(cost).filter(([, count]) => count > 0));
  };
}

/** One request that must succeed. */
const got = async (rig: Rig, path: string, headers: Record<string, string> = {}) => {
  const { status } = await rig.get(path, headers);
  if (status !== 200) throw new Error(`${path}: ${status}`);
};

async function ofThePublicIndex(): Promise<Ledger["found"]> {
  const ledger = new Ledger();
  const { rig } = ledger;
  await rig.upstream.publish("demo", [FILE]);
  await rig.upstream.publish("large", [LARGE]);
  const page = () => got(rig, "/simple/demo/", GZIP);
  const file = () => got(rig, filePath(FILE.filename));
  const metadata = () => got(rig, `${filePath(FILE.filename)}.metadata`);
  await ledger.note("page, not stored", page);
  await ledger.note("page, memory", page);
  rig.restart();
  await ledger.note("page, cache", page);
  const elsewhere = new Ledger();
  const pageElsewhere = () => got(elsewhere.rig, "/simple/demo/", GZIP);
  await elsewhere.note("page, KV", pageElsewhere);
  await ledger.note("metadata, not stored", metadata);
  rig.restart();
  await ledger.note("metadata, R2", metadata);
  await ledger.note("metadata, memory", metadata);
  await ledger.note("file, not stored", file);
  await ledger.note("file, R2", file);
  await got(rig, "/simple/large/", GZIP);
  await ledger.note("file above 64 MB, not stored", () => got(rig, filePath(LARGE.filename)));
  await ledger.note("message: a file", () => rig.deliver());
  await ledger.note("unknown name", () => rig.page("nowhere"));
  await ledger.note("unknown name again", () => rig.page("nowhere"));
  const { "page, KV": fromKv = {} } = elsewhere.found;
  const [few, many] = [await ofTheList(pageElsewhere, elsewhere), await ofTheList(pageElsewhere, elsewhere, 50)];
  const last = new Ledger();
  last.rig.wait(PAGE_TTL);
  await last.rig.upstream.publish("demo", [FILE]);
  await last.note("page, revalidated", () => got(last.rig, "/simple/demo/", GZIP));
  return {
    ...ledger.found,
    ...elsewhere.found,
    ...last.found,
    "changed pages": share(few, fromKv, 1),
    "changed pages, each": share(many, few, 50),
  };
}

/** The cost of a page from KV behind whose answer D1 is asked which pages have changed: these so many others, too. */
async function ofTheList(page: () => Promise<void>, { rig, costOf }: Ledger, others = 0): Promise<Operations> {
  await changePages(others);
  rig.restart();
  rig.wait(31 * SECOND);
  const cost = await costOf(page);
  await env.DB.prepare("DELETE FROM page WHERE project GLOB '*+*'").run();
  return cost;
}

async function ofATeam(): Promise<Ledger["found"]> {
  const ledger = new Ledger();
  const { rig } = ledger;
  await rig.upstream.publish("demo", [FILE]);
  const own = `/team${(await host("acme", "acme-1.1.tar.gz", { bytes: FILE.bytes })).path}`;
  const token = bearer((await give(rig)).text);
  const page = (name: string) => got(rig, `/team/simple/${name}/`, { ...GZIP, ...token });
  const mirrored = `/team${filePath(FILE.filename)}`;
  await page("demo");
  await got(rig, `${mirrored}.metadata`, token);
  await got(rig, mirrored, token);
  rig.restart();
  // The data centre's cache has nothing any more.
  rig.wait(50 * SECOND);
  // The snapshots are in memory from here on, until the clock is moved.
  await rig.get("/team/simple/nowhere/", token);
  await page("demo");
  const elsewhere = new Ledger();
  elsewhere.rig.wait(rig.now - elsewhere.rig.now);
  await elsewhere.rig.get("/team/simple/nowhere/", token);
  await elsewhere.note("team: page, KV", () => got(elsewhere.rig, "/team/simple/demo/", { ...GZIP, ...token }));
  rig.restart();
  await rig.get("/team/simple/nowhere/", token);
  await ledger.note("team: page, cache", () => page("demo"));
  await ledger.note("team: page, memory", () => page("demo"));
  rig.wait(SECOND);
  await ledger.note("team: snapshots", () => page("demo"));
  await ledger.note("team: metadata, R2", () => got(rig, `${mirrored}.metadata`, token));
  await ledger.note("team: metadata, memory", () => got(rig, `${mirrored}.metadata`, token));
  await ledger.note("team: file, R2", () => got(rig, mirrored, token));
  await ledger.note("team: hosted page", () => page("acme"));
  await ledger.note("team: hosted page, memory", () => page("acme"));
  await ledger.note("team: hosted file", () => got(rig, own, token));
  const wheel = await wheelOf("acme", "2.0");
  await ledger.note("team: upload", async () => expect((await upload(rig, wheel)).status).toBe(200));
  return { ...ledger.found, ...elsewhere.found };
}

async function ofTheClock(): Promise<Ledger["found"]> {
  const ledger = new Ledger({ FEED: true, QUOTA: 1 });
  const { rig } = ledger;
  const feed = new FakeFeed(rig.upstream);
  const offer = (serial: number) =>
    rig.upstream.publish("demo", [FILE], { meta: { "api-version": "1.1", "_last-serial": serial } });
  await offer(feed.change("demo"));
  await rig.tick("* * * * *");
  await got(rig, "/simple/demo/", GZIP);
  await got(rig, filePath(FILE.filename));
  const minute = async () => {
    rig.wait(MINUTE);
    await rig.tick("* * * * *");
  };
  for (let minutes = 0; minutes < 3; minutes++) await minute();
  await rig.deliverRefreshes();
  await ledger.note("cron: each minute", minute);
  await ledger.note("cron: each 5 minutes", () => rig.tick("*/5 * * * *"));
  await ledger.note("cron: each hour", () => rig.tick("0 * * * *"));
  rig.restart();
  rig.wait(PAGE_TTL);
  await minute();
  const elsewhere = new Ledger({ FEED: true, QUOTA: 1 });
  elsewhere.rig.wait(rig.now - elsewhere.rig.now);
  const demo = (at: Rig) => () => got(at, "/simple/demo/", GZIP);
  await elsewhere.note("page, KV, confirmed by the change log", demo(elsewhere.rig));
  await demo(rig)();
  rig.restart();
  await ledger.note("page, cache, confirmed by the change log", demo(rig));
  await offer(feed.change("demo"));
  await ledger.note("cron: each minute, a page has changed", minute);
  await ledger.note("message: a page", () => rig.deliverRefreshes());
  const before = await ledger.costOf(() => rig.tick("0 * * * *"));
  await storeFiles(50);
  const after = await ledger.costOf(() => rig.tick("0 * * * *"));
  return {
    ...elsewhere.found,
    ...ledger.found,
    "cron: each hour, for each stored file": share(after, before, 50),
  };
}

/** Has so many other pages have changed a moment ago. */
const changePages = (count: number) =>
  env.DB.prepare(
    `INSERT INTO page (source, project, changed_at)
     SELECT source, project || '+' || value, changed_at
     FROM (SELECT * FROM page LIMIT 1), (WITH RECURSIVE n (value) AS (SELECT 1 UNION SELECT value + 1 FROM n LIMIT ?1) SELECT * FROM n)`,
  )
    .bind(count)
    .run();

/** Has the table of stored files name so many more. */
const storeFiles = (count: number) =>
  env.DB.prepare(
    `INSERT INTO object (key, source, project, size, used_at, known_at)
     SELECT key || value, source, project, size, used_at, known_at
     FROM (SELECT * FROM object LIMIT 1), (WITH RECURSIVE n (value) AS (SELECT 1 UNION SELECT value + 1 FROM n LIMIT ?1) SELECT * FROM n)`,
  )
    .bind(count)
    .run();

/** What is gathered in an isolate and written once in five minutes: what each row more costs. */
async function ofWhatIsGathered(): Promise<Ledger["found"]> {
  const ledger = new Ledger();
  const { rig } = ledger;
  // An isolate counts its first 32 requests one by one.
  const names = Array.from({ length: 10 }, (_, at) => `p${at}`);
  const fileOf = (name: string) => `${name}-1.0-py3-none-any.whl`;
  for (const name of names) await rig.upstream.publish(name, [{ ...FILE, filename: fileOf(name) }]);
  const flushed = async () => {
    rig.wait(5 * MINUTE);
    await rig.get("/nowhere");
  };
  const ask = async (path: (name: string) => string) => {
    for (const name of names) await got(rig, path(name), GZIP);
  };
  const [page, file] = [(name: string) => `/simple/${name}/`, (name: string) => filePath(fileOf(name))];
  for (const path of [page, file]) await ask(path);
  await flushed();
  const costs: Operations[] = [];
  for (const path of [undefined, page, file]) {
    // What was read lately is not written again.
    rig.wait(HOUR);
    await flushed();
    if (path) await ask(path);
    costs.push(await ledger.costOf(flushed));
  }
  const [counter = {}, projects = {}, files = {}] = costs;
  return {
    "gathered: a counter": counter,
    "gathered: a project that was asked for": share(projects, counter, names.length),
    "gathered: a file that was given": share(files, counter, names.length),
  };
}

/** What each of `times` has added to a cost, whole. */
function share(cost: Operations, base: Operations, times: number): Operations {
  const units = Object.keys(cost) as (keyof Operations)[];
  const each = units.map((unit) => [unit, Math.round(((cost[unit] ?? 0) - (base[unit] ?? 0)) / times)] as const);
  return Object.fromEntries(each.filter(([, count]) => count > 0));
}

/** What Cloudflare's free plan allows. */
const QUERIES_OF_THE_FREE_PLAN = 50;

test("what one of each kind costs, in the units of the price list, is what schema/operations.ts says", async () => {
  const found = {
    ...(await ofThePublicIndex()),
    ...(await ofATeam()),
    ...(await ofTheClock()),
    ...(await ofWhatIsGathered()),
  };
  const table = Object.entries(found).map(([kind, costs]) => `  ${JSON.stringify(kind)}: ${JSON.stringify(costs)},`);
  expect(found, `Found, for schema/operations.ts:\n${table.join("\n")}\n`).toEqual(OPERATIONS);
  expect(mostQueries).toBeLessThan(QUERIES_OF_THE_FREE_PLAN);
});
