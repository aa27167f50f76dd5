import { describe, expect, test } from "vitest";
import { TIMED_OUT } from "../../worker/repository/timeout.ts";
import { SnapshotReader, type ReaderParts } from "../../worker/storage/snapshots/reader.ts";
import type { Copies } from "../../worker/storage/snapshots/copies.ts";
import { rulesOf, type Snapshot } from "../../worker/storage/snapshots/snapshot.ts";

const CTX = { defer: () => undefined };
const NEVER = new Promise<never>(() => undefined);

/** A reader of a subject, without copies; what it waits for is over at once, or never comes. */
const readerOf = (parts: Partial<ReaderParts<string>>) =>
  new SnapshotReader<string>({
    query: () => Promise.resolve({ revision: 1, value: "one" }),
    copies: undefined,
    rules: rulesOf({ reuse: 700, skew: 300 }),
    now: () => 1_000,
    wait: (_milliseconds, work) =>
      Promise.race([work, new Promise<typeof TIMED_OUT>((end) => setTimeout(end, 5, TIMED_OUT))]),
    ...parts,
  });

describe("a database that does not answer", () => {
  test("within three seconds counts as one that fails", async () => {
    await expect(readerOf({ query: () => NEVER }).read(CTX)).rejects.toThrow("has not answered for 3000 ms");
  });

  test("to a request that the platform has ended keeps no other from asking by itself", async () => {
    // The first waits for its query without end, its timer included; the second for the first, in vain, and then for its own.
    const waits = [() => NEVER, () => Promise.resolve(TIMED_OUT)];
    const reader = readerOf({ wait: (_milliseconds, work) => waits.shift()?.() ?? work });
    void reader.read(CTX);
    expect((await reader.read(CTX)).value).toBe("one");
    expect(waits).toEqual([]);
  });
});

test("a late answer with an earlier state does not replace a later one", async () => {
  const answers: ((known: { revision: number; value: string }) => void)[] = [];
  let now = 1_000;
  const reader = readerOf({
    query: () => new Promise((answer) => answers.push(answer)),
    now: () => now,
    wait: (_, work) => work,
  });
  const slow = reader.read(CTX);
  now += 700;
  const quick = reader.read(CTX);
  await Promise.resolve();
  answers[1]?.({ revision: 6, value: "six" });
  expect((await quick).value).toBe("six");
  answers[0]?.({ revision: 5, value: "five" });
  expect((await slow).value).toBe("six");
  expect(reader.last?.value).toBe("six");
});

test("where the database tells its version, nothing is asked again until that is another one", async () => {
  let [version, revision]: [number | undefined, number] = [1, 0];
  const reader = readerOf({
    query: () => Promise.resolve({ revision: ++revision, value: `state ${revision}` }),
    version: () => version,
    rules: rulesOf({ reuse: 0, skew: 0 }),
  });
  const states = [];
  for (const next of [1, 1, 2, 2, undefined, undefined, 2]) {
    version = next;
    states.push((await reader.read(CTX)).value);
  }
  expect(states).toEqual(["state 1", "state 1", "state 2", "state 2", "state 3", "state 4", "state 5"]);
});

test("what is committed while a query runs has the next read ask again", async () => {
  let version = 1;
  let revision = 0;
  const reader = readerOf({
    query: () => {
      version = 2;
      return Promise.resolve({ revision: ++revision, value: `state ${revision}` });
    },
    version: () => version,
    rules: rulesOf({ reuse: 0, skew: 0 }),
  });
  expect([(await reader.read(CTX)).value, (await reader.read(CTX)).value, (await reader.read(CTX)).value]).toEqual([
    "state 1",
    "state 2",
    "state 2",
  ]);
});

describe("where isolates share copies", () => {
  /** Isolates over one cache; each reads again 200 ms before what it has is too old. */
  function centre() {
    const world = { now: 1_000, queries: 0, stored: undefined as Snapshot<string> | undefined };
    const copies: Copies<string> = {
      get: (held) => Promise.resolve(world.stored === held ? undefined : world.stored),
      put: async (snapshot) => void (world.stored = snapshot),
    };
    const isolate = () =>
      readerOf({
        query: async () => ({ revision: ++world.queries, value: `state ${world.queries}` }),
        copies,
        now: () => world.now,
        wait: (_, work) => work,
        random: () => 1 - Math.exp(-4),
      });
    return { world, isolate };
  }

  /** What is read, and then all that goes on behind it. */
  async function read(reader: SnapshotReader<string>): Promise<string> {
    const deferred: Promise<unknown>[] = [];
    const { value } = await reader.read({ defer: (work) => void deferred.push(work) });
    while (deferred.length > 0) await deferred.shift();
    return value;
  }

  test("one reads again before what all have is too old, and gives that meanwhile; the others find what it has read", async () => {
    const { world, isolate } = centre();
    const [first, second, third] = [isolate(), isolate(), isolate()];
    for (const each of [first, second, third]) expect(await read(each)).toBe("state 1");
    world.now += 499;
    for (const each of [second, third]) expect(await read(each)).toBe("state 1");
    expect(world.queries).toBe(1);
    world.now += 1;
    for (let turn = 0; turn < 3; turn++) expect(await read(second)).toBe(turn === 0 ? "state 1" : "state 2");
    expect(await read(third)).toBe("state 1");
    world.now += 199;
    expect([await read(third), world.queries]).toEqual(["state 2", 2]);
    world.now += 1;
    expect([await read(first), world.queries]).toEqual(["state 2", 2]);
  });

  test("none reads before that which has never found a copy: a platform may keep none", async () => {
    const { world, isolate } = centre();
    const only = isolate();
    await read(only);
    world.now += 699;
    expect([await read(only), world.queries]).toEqual(["state 1", 1]);
  });

  test("a read that fails before what is there is too old is tried once, and harms nothing", async () => {
    const { world, isolate } = centre();
    await read(isolate());
    let asked = 0;
    const failing = readerOf({
      query: () => Promise.reject(new Error(`no ${++asked}`)),
      copies: { get: () => Promise.resolve(world.stored), put: () => Promise.resolve() },
      now: () => world.now,
      wait: (_, work) => work,
      random: () => 1 - Math.exp(-4),
    });
    await read(failing);
    world.now += 600;
    for (let turn = 0; turn < 3; turn++) expect(await read(failing)).toBe("state 1");
    expect(asked).toBe(1);
    world.now += 100;
    await expect(read(failing)).rejects.toThrow("no 2");
  });
});
