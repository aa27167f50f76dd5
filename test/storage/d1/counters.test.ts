import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Counters } from "../../../worker/repository/ports/counters.ts";
import { countersIn } from "../../../worker/storage/d1/counters.ts";
import { DATABASE_AWAY } from "../../support/away.ts";
import { counting, type Counts } from "../../support/counting.ts";
import type { Event } from "../../../worker/repository/event.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-11-22T12:00:00Z");

/** A database that is away while `away` is set, and how often it was asked. */
function database() {
  const counts: Counts = {};
  const state = { away: false };
  const db = new Proxy(counting(env.DB, "d1", counts), {
    get: (target, property) => Reflect.get(state.away ? DATABASE_AWAY : target, property),
  });
  return { db, counts, state };
}

/** Lets the counters write at `now`, and waits for it. */
async function flush(counters: Counters, now: number): Promise<Event[]> {
  const deferred: Promise<unknown>[] = [];
  const events: Event[] = [];
  counters.flush({ now, defer: (work) => void deferred.push(work), report: (event) => void events.push(event) });
  await Promise.all(deferred);
  return events;
}

/** What is in the database, whoever wrote it. */
const written = async () => values(countersIn(env.DB));
const values = async (counters: Counters) =>
  (await counters.totals(["upstreamRequests"])).map(({ labels, value }) => [labels["outcome"], value]);

describe("counters", () => {
  test("are written once five minutes have passed, all in one statement", async () => {
    const { db, counts } = database();
    const counters = countersIn(db);
    await flush(counters, START);
    for (const outcome of ["ok", "failed", "ok"] as const) counters.add("upstreamRequests", { outcome });
    await flush(counters, START + 5 * MINUTE - 1);
    expect([counts, await written()]).toEqual([{}, []]);
    await flush(counters, START + 5 * MINUTE);
    expect(counts).toEqual({ "d1.prepare": 1 });
    expect(await written()).toEqual([
      ["failed", 1],
      ["ok", 2],
    ]);
  });

  test("are not written where nothing was counted", async () => {
    const { db, counts } = database();
    const counters = countersIn(db);
    for (let minutes = 0; minutes < 60; minutes += 5) await flush(counters, START + minutes * MINUTE);
    expect(counts).toEqual({});
  });

  test("of isolates are added up", async () => {
    const isolates = [countersIn(env.DB), countersIn(env.DB)];
    for (const counters of isolates) {
      await flush(counters, START);
      counters.add("upstreamRequests", { outcome: "ok" }, 3);
      await flush(counters, START + 5 * MINUTE);
      counters.add("upstreamRequests", { outcome: "ok" });
    }
    expect(await written()).toEqual([["ok", 6]]);
  });

  test("read by one isolate, and then by another, never go down", async () => {
    const [one, other] = [countersIn(env.DB), countersIn(env.DB)];
    one.add("upstreamRequests", { outcome: "ok" }, 5);
    other.add("upstreamRequests", { outcome: "ok" }, 2);
    expect(await values(one)).toEqual([["ok", 5]]);
    expect(await values(other)).toEqual([["ok", 7]]);
    expect(await values(one)).toEqual([["ok", 7]]);
  });

  test("are held while they cannot be written, and written later with newer ones", async () => {
    const { db, state } = database();
    const counters = countersIn(db);
    await flush(counters, START);
    counters.add("upstreamRequests", { outcome: "ok" });
    state.away = true;
    expect(await flush(counters, START + 5 * MINUTE)).toEqual([
      { event: "storage-failed", what: "the counters", reason: "D1 is away" },
    ]);
    expect(await flush(counters, START + 6 * MINUTE)).toEqual([]);
    await expect(counters.totals(["upstreamRequests"])).rejects.toThrow("D1 is away");
    counters.add("upstreamRequests", { outcome: "ok" });
    state.away = false;
    await flush(counters, START + 10 * MINUTE);
    expect(await written()).toEqual([["ok", 2]]);
  });

  test("are read where they cannot be written, as on a full disk, and written later", async () => {
    const state = { full: false };
    const db = new Proxy(env.DB, {
      get(target, property) {
        if (property === "batch" && state.full) return () => Promise.reject(new Error("database or disk is full"));
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const counters = countersIn(db);
    counters.add("upstreamRequests", { outcome: "ok" });
    expect(await values(counters)).toEqual([["ok", 1]]);
    state.full = true;
    counters.add("upstreamRequests", { outcome: "ok" });
    counters.remember({ event: "storage-failed", what: "numpy", reason: "full" }, START);
    expect([await values(counters), await counters.lastEvents()]).toEqual([[["ok", 1]], []]);
    state.full = false;
    expect(await values(counters)).toEqual([["ok", 2]]);
    expect(await counters.lastEvents()).toHaveLength(1);
  });

  test("counted while others are being written are written the next time", async () => {
    const counters = countersIn(env.DB);
    counters.add("upstreamRequests", { outcome: "ok" });
    const reading = values(counters);
    counters.add("upstreamRequests", { outcome: "ok" });
    expect(await reading).toEqual([["ok", 1]]);
    expect(await values(counters)).toEqual([["ok", 2]]);
  });

  test("have one row for one combination of labels, in whatever order they are given", async () => {
    const counters = countersIn(env.DB);
    counters.add("requests", { family: "simple", status: "200", via: "kv" });
    counters.add("requests", { via: "kv", status: "200", family: "simple" });
    expect(await counters.totals(["requests"])).toEqual([
      { name: "requests", labels: { family: "simple", status: "200", via: "kv" }, value: 2 },
    ]);
  });

  test("give labels back as they were, whatever is in them", async () => {
    const counters = countersIn(env.DB);
    const status = 'a "b" \\ {c} \n é 🐍 \', 1';
    counters.add("requests", { family: "simple", status, via: "kv" });
    expect((await counters.totals(["requests"]))[0]?.labels["status"]).toBe(status);
  });

  test("are read by name", async () => {
    const counters = countersIn(env.DB);
    counters.add("upstreamRequests", { outcome: "ok" });
    counters.add("events", { event: "file-refused" });
    expect((await counters.totals(["events"])).map(({ name }) => name)).toEqual(["events"]);
  });
});
