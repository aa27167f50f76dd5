import { ONE_SOURCE } from "../../support/variables.ts";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { parseConfig } from "../../../schema/config.ts";
import { CACHE_SCHEMA, openCache } from "../../../server/cache.ts";
import { carryOver } from "../../../server/carry-over/carry-over.ts";
import { openDatabase } from "../../../server/database.ts";
import { KEY_VALUE_SCHEMA, openKeyValue } from "../../../server/key-value.ts";
import { openObjects } from "../../../server/objects/open-objects.ts";
import { memoryBody } from "../../../server/memory-body.ts";
import { copyingPipe } from "../../../server/pipe.ts";
import { openSqlite } from "../../../server/sqlite/sqlite.ts";
import { Writer } from "../../../server/sqlite/writer.ts";
import { DAY } from "../../../worker/duration.ts";
import { DURABLE_PREFIXES } from "../../../worker/platform/objects.ts";
import type { Platform } from "../../../worker/platform/platform.ts";
import { createWorker, type Worker } from "../../../worker/worker.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { OLD_FILES, OLD_TOKEN, simulatedFile, tablesIn, unpackState } from "../../support/node/simulated-state.ts";

let folder: string;
let old: string;
let made: string;
const opened: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = temporaryDirectory();
  old = unpackState("0012", join(folder, "old"));
  made = join(folder, "new");
  mkdirSync(made);
});
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
  removeDirectory(folder);
});

const carried = (show = () => {}) => carryOver(old, made, { migrations: MIGRATIONS, show });

const config = parseConfig({
  ...ONE_SOURCE,
  UPSTREAMS: { pypi: { url: "http://127.0.0.1:18931/simple/" } },
  INDEXES: {
    default: { sources: ["pypi"] },
    team: { sources: ["default"], hosted: true },
    prod: { sources: [], hosted: true },
  },
  POPULAR: 0,
  QUOTA: 100,
  ADMIN_TOKEN: "the-admin-of-the-old-state",
});

/** The worker on the new directory's stores, a day later. Its upstream is away. */
async function startedWorker() {
  const writer = new Writer();
  opened.push(() => writer.end());
  const database = await openDatabase(join(made, "database.sqlite"), writer);
  opened.push(() => database.close());
  const objects = await openObjects(made, writer, { durable: DURABLE_PREFIXES });
  opened.push(() => objects.close());
  const schema = [...KEY_VALUE_SCHEMA, ...CACHE_SCHEMA];
  const cached = await openSqlite(join(made, "cache.sqlite"), writer, { durable: false, schema });
  opened.push(() => cached.close());
  const [keyValue, cache] = [openKeyValue(cached, Date.now), openCache(cached, Date.now)];
  opened.push(
    () => keyValue.close(),
    () => cache.close(),
  );
  const queue = {
    send: () => Promise.reject(new Error("No queue.")),
    sendBatch: () => Promise.reject(new Error("No queue.")),
  };
  const platform: Platform = {
    objects,
    keyValue,
    database,
    fills: queue,
    newFromNetwork: { limit: () => Promise.resolve({ success: true }) },
    refreshes: queue,
    mirrors: queue,
    notices: queue,
    cache,
    deployment: "",
    staleness: { reuse: 0, skew: 0 },
    shareReads: false,
    fileMemory: { budget: 0, largest: 0 },
    pipe: copyingPipe,
    bodyOf: memoryBody,
    fetch: () => Promise.reject(new TypeError("The upstream is away.")),
    now: () => Date.now() + DAY,
    sleep: () => Promise.resolve(),
    freeBytes: () => Promise.resolve(Infinity),
    scrub: 0,
    clientAddress: () => "",
    acceptEncoding: () => "",
    requestId: () => "an-id",
    finishAlone: Infinity,
    openSpool: null,
    trouble: () => Promise.resolve(undefined),
  };
  return { worker: createWorker(config, platform), database, objects };
}

/** Does something with a worker, and waits for what goes on behind the answer. */
async function withWork<Result>(act: (work: { waitUntil(work: Promise<unknown>): void }) => Promise<Result>) {
  const behind: Promise<unknown>[] = [];
  const result = await act({ waitUntil: (work) => behind.push(work) });
  while (behind.length > 0) await behind.pop();
  return result;
}

function clientOf(worker: Worker, token = OLD_TOKEN) {
  const ask = (path: string, init: RequestInit = {}) =>
    withWork(async (work) => {
      const length = init.body instanceof Uint8Array ? { "Content-Length": `${init.body.byteLength}` } : {};
      const headers = {
        ...length,
        Authorization: `Bearer ${token}`,
        Accept: "application/vnd.pypi.simple.v1+json, */*;q=0.1",
      };
      const answer = await worker.fetch(new Request(`http://pypi-edge.test${path}`, { ...init, headers }), work);
      return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
    });
  return {
    ask,
    async json(path: string, init: RequestInit = {}) {
      const { status, bytes } = await ask(path, init);
      expect([path, status, status < 300 ? "" : bytes.toString()]).toEqual([
        path,
        expect.toSatisfy((it: number) => it < 300),
        "",
      ]);
      return JSON.parse(bytes.toString());
    },
  };
}

interface ListedFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: { readonly sha256: string };
  readonly yanked?: string | boolean;
}

const sha256 = async (bytes: Uint8Array) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");

test("the worker serves what was uploaded, with its metadata, to the token that was made then", async () => {
  await carried();
  const { worker } = await startedWorker();
  const { ask, json } = clientOf(worker);
  const seen: Record<string, string> = {};
  for (const path of ["/team/simple/kept/", "/team/simple/parts/", "/prod/simple/kept/"]) {
    const { files } = (await json(path)) as { files: ListedFile[] };
    for (const { filename, url, hashes } of files) {
      const address = new URL(url, `http://pypi-edge.test${path}`).pathname;
      const { status, bytes } = await ask(address);
      expect([filename, status, await sha256(bytes)]).toEqual([filename, 200, hashes.sha256]);
      expect((await ask(`${address}.metadata`)).bytes.toString()).toMatch(/^Metadata-Version: 2.1\nName: /);
      seen[filename] = hashes.sha256;
    }
  }
  expect(seen).toEqual(OLD_FILES);
  expect(((await json("/team/simple/kept/")) as { files: ListedFile[] }).files[0]?.yanked).toBe("has a flaw");
  expect((await clientOf(worker, `${OLD_TOKEN}x`).ask("/team/simple/kept/")).status).toBe(401);
  // That the upstream is away never looks like absence.
  expect((await ask("/team/simple/public/")).status).toBe(503);
  expect((await ask("/team/simple/gone/")).status).toBe(200);
});

test("an upload that was not finished begins anew, and the audit log goes on", async () => {
  expect(await carried()).toMatchObject({ unfinishedUploads: 1, auditEntries: 8 });
  const { worker } = await startedWorker();
  const { json } = clientOf(worker);
  const { filename, sha256: digest, bytes } = await buildWheel({ name: "unfinished", version: "1.0" });
  const announcement = JSON.stringify({ index: "team", filename, size: bytes.byteLength, sha256: digest });
  const begun = (await json("/-/api/uploads", { method: "POST", body: announcement })) as {
    id: string;
    parts: unknown[];
  };
  expect(begun.parts).toEqual([]);
  await json(`/-/api/uploads/${begun.id}/1`, { method: "PUT", body: bytes as BodyInit });
  expect(await json(`/-/api/uploads/${begun.id}/finish`, { method: "POST" })).toMatchObject({ identical: false });
  const before = tablesIn(simulatedFile(old, "d1"))["audit"] ?? [];
  const after = (tablesIn(join(made, "database.sqlite"))["audit"] ?? []) as { id: number; subject: string }[];
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.slice(before.length)).toMatchObject([{ id: 9, subject: filename }]);
});

test("the jobs of a day later delete no hosted object, and find out which mirrored ones are no longer there", async () => {
  await carried();
  const { worker, database, objects } = await startedWorker();
  const before = await objects.list({ prefix: "hosted/" });
  expect(before.objects).toHaveLength(8);
  await withWork((work) => worker.scheduled("0 * * * *", work));
  expect((await objects.list({ prefix: "hosted/" })).objects).toEqual(before.objects);
  expect(await database.prepare("SELECT objects, bytes FROM stored").first()).toEqual({ objects: 0, bytes: 0 });
});

test("an old state that is written to meanwhile is not taken for a whole one", async () => {
  const change = () => appendFileSync(`${simulatedFile(old, "d1")}-wal`, "x");
  await expect(carried(change)).rejects.toThrow(/was changed while it was copied.*run the command again/);
});
