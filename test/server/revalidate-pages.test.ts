import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { parseConfig } from "../../schema/config.ts";
import type { RefreshMessage } from "../../schema/refresh.ts";
import { openMachine, type Machine } from "../../server/machine.ts";
import { HOUR, MINUTE, SECOND } from "../../worker/duration.ts";
import { createWorker, type Worker } from "../../worker/worker.ts";
import { FakeFeed } from "../support/feed.ts";
import { FakeUpstream } from "../support/upstream.ts";
import { ONE_SOURCE } from "../support/variables.ts";

let folder: string;
let machine: Machine;
let worker: Worker;
let upstream: FakeUpstream;
let feed: FakeFeed;
let queued: RefreshMessage[];

const path = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-revalidate-"));
  upstream = new FakeUpstream();
  feed = new FakeFeed(upstream);
  queued = [];
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await open();
});
afterEach(async () => {
  await machine.close();
  rmSync(folder, { recursive: true });
  vi.useRealTimers();
});

async function open(): Promise<void> {
  machine = await openMachine({ state: path("state"), migrations: MIGRATIONS, consumers: [], log: () => undefined });
  const refreshes = {
    send: async (body: RefreshMessage) => void queued.push(body),
    sendBatch: async (messages: Iterable<{ readonly body: RefreshMessage }>) =>
      void queued.push(...Array.from(messages, ({ body }) => body)),
  };
  const config = parseConfig({ ...ONE_SOURCE, FEED: true, POPULAR: 0 });
  worker = createWorker(config, { ...machine.platform, refreshes, fetch: upstream.fetch });
}

/** The state directory as it is while the server uses it. */
const copyTo = (name: string) => cpSync(path("state"), path(name), { recursive: true });

/** Kills the server, and starts it over what a copy of the state directory has. */
async function startAfterKill(copy: string): Promise<void> {
  await machine.close();
  rmSync(path("state"), { recursive: true });
  cpSync(path(copy), path("state"), { recursive: true });
  await open();
}

/** Does something with the worker, and waits for what goes on behind the answer. */
async function withWork<Result>(act: (work: { waitUntil(work: Promise<unknown>): void }) => Promise<Result>) {
  const behind: Promise<unknown>[] = [];
  const result = await act({ waitUntil: (work) => behind.push(work) });
  while (behind.length > 0) await behind.pop();
  return result;
}

/** A minute passes: the change log is followed, and what it has queued is refreshed. */
async function minutePasses(): Promise<void> {
  vi.setSystemTime(Date.now() + MINUTE);
  await withWork((work) => worker.scheduled("* * * * *", work));
  const messages = queued
    .splice(0)
    .map((body, at) => ({ id: `${at}`, body, attempts: 1, ack: () => undefined, retry: () => undefined }));
  if (messages.length > 0) await withWork((work) => worker.queue({ queue: "pypi-edge-refreshes", messages }, work));
}

async function publish(project: string, ...released: string[]): Promise<void> {
  const files = released.map((version) => ({
    filename: `${project}-${version}-py3-none-any.whl`,
    bytes: new TextEncoder().encode(version),
  }));
  await upstream.publish(project, files, { meta: { "api-version": "1.1", "_last-serial": feed.serial } });
}

/** The versions on a project's page a second later, or the status of the answer. */
async function versions(project: string): Promise<string> {
  vi.setSystemTime(Date.now() + SECOND);
  const headers = { Accept: "application/vnd.pypi.simple.v1+json" };
  const request = new Request(`http://pypi-edge.test/simple/${project}/`, { headers });
  return withWork(async (work) => {
    const answer = await worker.fetch(request, work);
    if (answer.status !== 200) return `${answer.status}`;
    const { files } = (await answer.json()) as { files: { filename: string }[] };
    return files.map(({ filename }) => filename.split("-")[1]).join(" ");
  });
}

/** Two projects that the change log confirms. */
async function confirmedPages(): Promise<void> {
  await minutePasses();
  await Promise.all([publish("changed", "1.0"), publish("malware", "1.0")]);
  expect([await versions("changed"), await versions("malware")]).toEqual(["1.0", "1.0"]);
  await hourPasses();
  const { length } = upstream.requests;
  expect([await versions("changed"), await versions("malware")]).toEqual(["1.0", "1.0"]);
  expect(upstream.requests.length).toBe(length);
}

/** Longer than a page is fresh by itself; the change log is followed meanwhile. */
async function hourPasses(): Promise<void> {
  vi.setSystemTime(Date.now() + HOUR);
  await minutePasses();
  await minutePasses();
}

/** The change log names both: one has a new release, the upstream has deleted the other. */
async function bothChange(): Promise<void> {
  for (const project of ["changed", "malware"]) feed.change(project);
  await publish("changed", "1.0", "2.0");
  upstream.on(`${FakeUpstream.INDEX}malware/`, () => new Response("no such page", { status: 404 }));
  await minutePasses();
  expect([await versions("changed"), await versions("malware")]).toEqual(["1.0 2.0", "404"]);
}

test("a page whose last change the cache has lost is compared with its upstream, though the change log was followed since", async () => {
  await confirmedPages();
  copyTo("before");
  await bothChange();
  copyTo("killed");
  for (const end of ["", "-wal", "-shm"]) {
    rmSync(path(`killed/cache.sqlite${end}`), { force: true });
    cpSync(path(`before/cache.sqlite${end}`), path(`killed/cache.sqlite${end}`));
  }
  await startAfterKill("killed");
  await hourPasses();
  expect([await versions("changed"), await versions("malware")]).toEqual(["1.0 2.0", "404"]);
});

test("after a kill each page is compared once; after a stop in good order none is", async () => {
  await confirmedPages();
  copyTo("killed");
  await startAfterKill("killed");
  await hourPasses();
  const requests = async () => {
    const { length } = upstream.requests;
    await versions("changed");
    await hourPasses();
    return upstream.requests.slice(length).filter((request) => request.startsWith("GET"));
  };
  expect(await requests()).toEqual([`GET ${FakeUpstream.INDEX}changed/`]);
  expect(await requests()).toEqual([]);
  await machine.close();
  await open();
  await minutePasses();
  expect(await requests()).toEqual([]);
});
