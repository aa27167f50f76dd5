import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { StatementSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConsumerSettings, Deliver } from "../../../server/queues/consumer.ts";
import { openQueues, type Queues } from "../../../server/queues/queues.ts";
import type { Batch } from "../../../worker/platform/queues.ts";
import { Writer } from "../../../server/sqlite/writer.ts";

const writer = new Writer();
let folder: string;
let lines: string[];
let opened: Queues[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-queues-"));
  [lines, opened] = [[], []];
});
afterEach(async () => {
  for (const queues of opened) {
    await queues.stop(1_000);
    await queues.close();
  }
  rmSync(folder, { recursive: true });
});
afterAll(() => writer.end());

const file = () => join(folder, "queues.sqlite");

async function open(...consumers: ConsumerSettings[]): Promise<Queues> {
  const queues = await openQueues(file(), writer, consumers, { log: (line) => lines.push(line) });
  opened.push(queues);
  return queues;
}

/** Ends the queues as the end of a process would: what is under way is not waited for. */
async function abandon(queues: Queues): Promise<void> {
  opened = opened.filter((each) => each !== queues);
  await queues.stop(0);
  await queues.close();
}

const one = { queue: "q", max_batch_size: 1 };

/** A consumer that notes what it got, as body and attempt. */
function noting(then: (batch: Batch) => Promise<void> = () => Promise.resolve()) {
  const seen: string[] = [];
  const deliver: Deliver = async (batch) => {
    for (const { body, attempts } of batch.messages) seen.push(`${batch.queue} ${JSON.stringify(body)} ${attempts}`);
    await then(batch);
  };
  const count = (length: number) => vi.waitUntil(() => seen.length >= length, { timeout: 20_000, interval: 5 });
  return { seen, deliver, count };
}

const forever = () => new Promise<never>(() => undefined);

test("what was accepted survives SIGKILL, and an interrupted delivery counts as an attempt", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "sender.ts"), file()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  await vi.waitUntil(() => printed.split("\n").length > 20, { timeout: 20_000, interval: 5 });
  child.kill("SIGKILL");
  await once(child, "close");
  const accepted = printed.split("\n").filter(Boolean);

  const queues = await open(one);
  const { seen, deliver, count } = noting();
  await queues.start(deliver);
  await count(accepted.length + 1);
  expect(seen.slice(0, accepted.length + 1)).toEqual(["q 0 2", ...accepted.map((number) => `q ${number} 1`)]);
});

test("a message whose delivery ends the process is given up in the end", async () => {
  const settings = { ...one, max_retries: 1, dead_letter_queue: "dead" };
  for (let start = 0; start < 2; start++) {
    const queues = await open(settings);
    if (start === 0) await queues.queue("q").send("poison");
    const { deliver, count } = noting(forever);
    await queues.start(deliver);
    await count(1);
    await abandon(queues);
  }
  const queues = await open(settings, { ...one, queue: "dead" });
  const { seen, deliver, count } = noting();
  await queues.start(deliver);
  await count(1);
  expect(seen).toEqual(['dead "poison" 1']);
});

test("what is dropped, and a consumer that fails, is said in one line each", async () => {
  const queues = await open({ ...one, max_retries: 0 });
  const { deliver, count } = noting(() => Promise.reject(new Error("the disk is full")));
  await queues.start(deliver);
  await queues.queue("q").send("x");
  await count(1);
  await vi.waitUntil(() => lines.length >= 2);
  expect(lines).toEqual([
    "A delivery of the queue q failed: the disk is full.",
    expect.stringMatching(/^The message [0-9a-f]{32} of the queue q is dropped: each of its 1 deliveries failed\.$/),
  ]);
});

test("no more deliveries are under way than the settings allow, and none has a message that another one has", async () => {
  let [active, most] = [0, 0];
  const queues = await open({ ...one, max_concurrency: 3 });
  const { seen, deliver, count } = noting(async () => {
    most = Math.max(most, ++active);
    await new Promise((resolve) => setTimeout(resolve, 5));
    active--;
  });
  await queues.start(deliver);
  await queues.queue<number>("q").sendBatch(Array.from({ length: 30 }, (_, body) => ({ body })));
  await count(30);
  await queues.stop(1_000);
  expect(most).toBe(3);
  expect(seen.toSorted()).toEqual(Array.from({ length: 30 }, (_, body) => `q ${body} 1`).toSorted());
});

test("after stop no delivery begins; those under way are waited for, and the rest is still there", async () => {
  const queues = await open(one);
  const release = Promise.withResolvers<void>();
  const { seen, deliver, count } = noting(() => release.promise);
  await queues.start(deliver);
  await queues.queue("q").sendBatch([{ body: "a" }, { body: "b" }]);
  await count(1);
  const stopped = queues.stop(10_000);
  release.resolve();
  await stopped;
  await abandon(queues);
  expect(seen).toEqual(['q "a" 1']);

  const next = noting();
  await (await open(one)).start(next.deliver);
  await next.count(1);
  expect(next.seen).toEqual(['q "b" 1']);
});

test("stop waits for a delivery that does not end no longer than it was told to", async () => {
  const queues = await open(one);
  const { deliver, count } = noting(forever);
  await queues.start(deliver);
  await queues.queue("q").send("a");
  await count(1);
  const before = performance.now();
  await abandon(queues);
  expect(performance.now() - before).toBeLessThan(5_000);
});

test("a queue without a consumer keeps its messages", async () => {
  const queues = await open();
  await queues.start(forever);
  await queues.queue("q").send("kept");
  await abandon(queues);
  const { seen, deliver, count } = noting();
  await (await open(one)).start(deliver);
  await count(1);
  expect(seen).toEqual(['q "kept" 1']);
});

test("while nothing is due the database is not asked", async () => {
  const queues = await open(one);
  await queues.start(forever);
  await queues.queue("q").send("later", { delaySeconds: 60 });
  const reads = vi.spyOn(StatementSync.prototype, "all");
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { length } = reads.mock.calls;
  reads.mockRestore();
  expect(length).toBe(0);
});

test("ten thousand messages are delivered in order, and only a batch of them is in memory", async () => {
  const queues = await open({ queue: "q", max_batch_size: 100, max_batch_timeout: 0 });
  const numbers: number[] = [];
  let largest = 0;
  const queue = queues.queue<number>("q");
  const batches = Array.from({ length: 100 }, (_, nth) => Array.from({ length: 100 }, (__, at) => nth * 100 + at));
  await Promise.all(batches.map((batch) => queue.sendBatch(batch.map((body) => ({ body })))));
  const rows = vi.spyOn(StatementSync.prototype, "all");
  await queues.start(async ({ messages }) => {
    numbers.push(...messages.map(({ body }) => body as number));
    largest = Math.max(largest, messages.length);
    await Promise.resolve();
  });
  await vi.waitUntil(() => numbers.length >= 10_000, { timeout: 20_000, interval: 5 });
  largest = Math.max(largest, ...rows.mock.results.map(({ value }) => (value as unknown[]).length));
  rows.mockRestore();
  expect(numbers).toEqual(batches.flat());
  expect(largest).toBeLessThanOrEqual(100);
});
