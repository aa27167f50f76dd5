import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { parseProjectName, type ProjectName } from "../../../worker/pypi/name.ts";
import { demandIn, popularityIn, type PopularityParts } from "../../../worker/storage/d1/popularity.ts";
import { DATABASE_AWAY } from "../../support/away.ts";
import { counting, type Counts } from "../../support/counting.ts";
import type { Event } from "../../../worker/repository/event.ts";
import type { Demand, Popularity } from "../../../worker/repository/ports/popularity.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse("2026-11-22T12:00:00Z");
const SOURCE = "https%3A%2F%2Fupstream.test%2Fsimple%2F";

const name = parseProjectName;
const open = (parts: Partial<PopularityParts> = {}) =>
  popularityIn(env.DB, { source: SOURCE, count: 10, seed: [], mayHave: () => true, ...parts });
const names = async (popularity: Popularity, now = START) => (await popularity.projects(now)).map((it) => it.name);

/** A context that keeps what is left running, and what is reported. */
function context(now: number) {
  const deferred: Promise<unknown>[] = [];
  const events: Event[] = [];
  const ctx = {
    now,
    defer: (work: Promise<unknown>) => void deferred.push(work),
    report: (it: Event) => void events.push(it),
  };
  return { ctx, deferred, events };
}

/** Has `asked` counted by an isolate of its own at `now`, and written five minutes later. */
async function count(asked: (demand: Demand) => void, now = START, db = env.DB) {
  // Each request is counted.
  const log = demandIn(db, () => 0);
  const demand = log.of(SOURCE);
  log.flush(context(now).ctx);
  asked(demand);
  demand.file("sdist");
  demand.project(name("the-last"));
  const later = context(now + 5 * MINUTE);
  log.flush(later.ctx);
  await Promise.all(later.deferred);
  return { log, demand, events: later.events };
}

const projects =
  (...asked: string[]) =>
  (demand: Demand) =>
    asked.forEach((it) => demand.project(name(it)));

describe("what is asked for", () => {
  test("is written once five minutes have passed, all projects in one statement and all kinds in another, at once", async () => {
    const counts: Counts = {};
    const log = demandIn(counting(env.DB, "d1", counts));
    const demand = log.of(SOURCE);
    for (const minutes of [0, 1, 2, 3, 4]) {
      const { ctx, deferred } = context(START + minutes * MINUTE);
      for (const project of ["one", "two", "one"]) demand.project(name(project));
      demand.file("py3-any");
      log.flush(ctx);
      expect(deferred).toEqual([]);
    }
    expect(counts).toEqual({});
    const { ctx, deferred } = context(START + 5 * MINUTE);
    demand.project(name("two"));
    demand.file("sdist");
    log.flush(ctx);
    await Promise.all(deferred);
    expect(counts).toEqual({ "d1.prepare": 2, "d1.batch": 1 });
    expect(await names(open())).toEqual(["one", "two"]);
  });

  test("is sampled where an isolate is asked much: few rows, and scores that are right on average", async () => {
    let next = 0;
    // Each sixteenth is taken.
    const log = demandIn(env.DB, () => (next++ % 16) / 16);
    const demand = log.of(SOURCE);
    log.flush(context(START).ctx);
    for (let at = 0; at < 32; at++) demand.project(name("early"));
    for (let at = 0; at < 1_600; at++) demand.project(name(`late-${at % 5}`));
    const later = context(START + 5 * MINUTE);
    log.flush(later.ctx);
    await Promise.all(later.deferred);
    const { results } = await env.DB.prepare("SELECT project, score FROM popularity").all<{
      project: string;
      score: number;
    }>();
    const score = (of: string) =>
      results.filter(({ project }) => project.startsWith(of)).reduce((sum, it) => sum + it.score, 0);
    expect(score("late") / score("early")).toBeCloseTo(1_600 / 32);
  });

  test("is added up over isolates, and kept apart by source", async () => {
    await count(projects("rare", "often"));
    await count(projects("often"));
    await count(projects("rare"), START, env.DB);
    await count(projects("often"));
    expect((await names(open())).slice(0, 3)).toEqual(["the-last", "often", "rare"]);
    expect(await names(open({ source: "https%3A%2F%2Fother.test%2F" }))).toEqual([]);
  });

  test("counts for half after a week: three requests today are more than five a week ago, and fewer than seven", async () => {
    await count(projects(..."55555".split("").map(() => "five"), ..."7777777".split("").map(() => "seven")));
    const now = START + 7 * DAY;
    await count(projects("three", "three", "three"), now);
    const order = await names(open(), now);
    expect(order.filter((it) => it !== "the-last")).toEqual(["seven", "three", "five"]);
  });

  test("is in the right order in the year 2045 as well", async () => {
    const now = Date.parse("2045-06-01T00:00:00Z");
    await count(projects("once", "twice", "twice", "twice"), now);
    const order = await names(open(), now);
    expect([order[0], order.length]).toEqual(["twice", 3]);
  });

  test("takes no more memory than some thousand names between two writes", async () => {
    const many = Array.from({ length: 5_000 }, (_, at) => `project-${at}`);
    await count(projects(...many));
    const { n } = (await env.DB.prepare("SELECT count(*) AS n FROM popularity").first<{ n: number }>()) ?? { n: 0 };
    expect(n).toBe(3_000);
  });

  test("is only counted later while the database is away, and that is reported once", async () => {
    const state = { away: true };
    const db = new Proxy(env.DB, {
      get(target, property) {
        const at = state.away ? DATABASE_AWAY : target;
        const value: unknown = Reflect.get(at, property);
        return typeof value === "function" ? (value.bind(at) as unknown) : value;
      },
    });
    const { log, demand, events } = await count(projects("one"), START, db);
    expect(events.map(({ event, what, reason }) => [event, what, reason])).toEqual([
      ["storage-failed", "the counts of demand", "D1 is away"],
    ]);
    const meanwhile = context(START + 6 * MINUTE);
    demand.project(name("one"));
    log.flush(meanwhile.ctx);
    expect([meanwhile.deferred, meanwhile.events]).toEqual([[], []]);
    state.away = false;
    const later = context(START + 10 * MINUTE);
    log.flush(later.ctx);
    await Promise.all(later.deferred);
    expect([await names(open()), later.events]).toEqual([["one", "the-last"], []]);
  });
});

describe("what is popular", () => {
  test("are the most requested, up to the limit, and the seed", async () => {
    await count(projects("a", "a", "a", "b", "b", "b", "c", "c"));
    expect(await names(open({ count: 2 }))).toEqual(["a", "b"]);
    expect(await names(open({ count: 2, seed: [name("z"), name("a")] }))).toEqual(["a", "b", "z"]);
  });

  test("may come from the source as it is configured now, the seed as well", async () => {
    await count(projects("a", "torch"));
    const mayHave = (it: ProjectName) => it.startsWith("torch");
    expect(await names(open({ mayHave, seed: [name("pip"), name("torchvision")] }))).toEqual(["torch", "torchvision"]);
    const asked = ["a", "torch", "pip", "torchvision"].map(name);
    const { projects: popular } = await open({ mayHave, seed: [name("pip"), name("torchvision")] }).among(asked, START);
    expect([...popular]).toEqual(["torch", "torchvision"]);
  });

  test("is known with when it was planned, and when its page was stored", async () => {
    await count(projects("a"));
    const page = "INSERT INTO page (source, project, serial, changed_at) VALUES (?1, 'a', 1, ?2)";
    await env.DB.prepare(page)
      .bind(SOURCE, START - DAY)
      .run();
    const popularity = open({ seed: [name("z")] });
    await popularity.planned([name("a"), name("z")], START);
    await popularity.planned([name("a")], START + 1);
    expect((await popularity.projects(START)).filter((it) => it.name !== "the-last")).toEqual([
      { name: "a", plannedAt: START + 1, storedAt: START - DAY },
      { name: "z", plannedAt: START, storedAt: undefined },
    ]);
  });

  test("is known for given names, with the kinds of files that make two per cent", async () => {
    await count((demand) => {
      for (const project of ["a", "a", "b", "b", "c"]) demand.project(name(project));
      for (let n = 0; n < 97; n++) demand.file("py3-any");
      for (let n = 0; n < 2; n++) demand.file("cp312-win_amd64");
    });
    const popularity = open({ count: 2, seed: [name("z")] });
    const { projects: popular, kinds } = await popularity.among(["b", "c", "z", "y"].map(name), START);
    // A source archive was the hundredth.
    expect([[...popular].toSorted(), [...kinds].toSorted()]).toEqual([
      ["b", "z"],
      ["cp312-win_amd64", "py3-any"],
    ]);
    expect([...(await open().among([name("a")], START)).kinds]).not.toContain("sdist");
  });
});

describe("what no client has asked for", () => {
  const WEEKS = 7 * DAY;

  test("in six weeks is not popular, and is forgotten", async () => {
    await count(projects("once", ..."1234".split("").map(() => "often")));
    const popularity = open();
    expect(await names(popularity, START + 6 * WEEKS)).toContain("once");
    expect(await popularity.forget(START + 6 * WEEKS)).toEqual({ projects: 0, kinds: 0 });
    const later = START + 6 * WEEKS + DAY;
    expect(await names(popularity, later)).toEqual(["often"]);
    expect(await popularity.forget(later)).toEqual({ projects: 2, kinds: 1 });
    expect(await popularity.forget(later)).toEqual({ projects: 0, kinds: 0 });
    expect(await popularity.forget(START + 9 * WEEKS)).toEqual({ projects: 1, kinds: 0 });
  });

  test("stays known while it is of the seed, so that it is not planned again before its time", async () => {
    const popularity = open({ seed: [name("z")] });
    await popularity.planned([name("z")], START);
    expect(await popularity.forget(START + 3_600_000)).toEqual({ projects: 0, kinds: 0 });
    expect(await popularity.forget(START + 25 * 3_600_000)).toEqual({ projects: 1, kinds: 0 });
  });
});
