import { env } from "cloudflare:workers";
import { FollowedRig } from "./followed.ts";
import { FakeUpstream } from "./upstream.ts";

/** What is simulated. */
export interface Scene {
  /** The upstream's. */
  readonly projects: number;
  /** How many of them are kept here. */
  readonly kept: number;
  readonly changesAMinute: number;
  /** The part of all changes that is of those kept here: they are the busier ones. */
  readonly busy: number;
  readonly minutes: number;
}

/** What came of it. Times are milliseconds. */
export interface Figures {
  readonly changes: number;
  /** Of those, how many are of projects that are kept. */
  readonly concerned: number;
  /** From each of them to the write of a page that has it. */
  readonly delays: readonly number[];
  /** The most in one minute. */
  readonly feedRequests: number;
  /** Requests for pages. */
  readonly fetches: number;
  /** Of those, how many got a state of a page that none had got before. */
  readonly states: number;
  /** Writes of pages to KV. */
  readonly writes: number;
  /** Pages sent to clients meanwhile. */
  readonly reads: number;
}

/** How long a page's transfer takes; one after the other, which is slower than the consumer is. Milliseconds. */
const TRANSFER = 300;

/** A queue waits up to 5 s for more messages, and is not quick itself. Milliseconds. */
const DELIVERY = [2_000, 10_000] as const;

const MINUTE = 60_000;

/** The same numbers each time: from 0 to 1 (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What happens at some time. */
interface Happening {
  readonly at: number;
  readonly run: () => void | Promise<void>;
}

/** What is to happen, the earliest first. */
class Agenda {
  readonly #happenings: Happening[] = [];

  add(at: number, run: Happening["run"]): void {
    const later = this.#happenings.findIndex((other) => other.at > at);
    this.#happenings.splice(later < 0 ? this.#happenings.length : later, 0, { at, run });
  }

  next(): Happening | undefined {
    return this.#happenings.shift();
  }
}

/**
 * Hours of an upstream that publishes, in the time that the machine needs: its log, ticks each minute, messages that arrive
 * some seconds later, transfers, and clients who read what is kept. The clock is moved from one event to the next.
 */
export async function simulate(scene: Scene): Promise<Figures> {
  const chance = random(5);
  const between = (from: number, to: number) => from + chance() * (to - from);
  const writes: { readonly project: string; readonly serial: number; readonly at: number }[] = [];
  const rig: FollowedRig = new FollowedRig({ keyValue: watched((project, serial) => written(project, serial)) });
  const written = (project: string, serial: number) => void writes.push({ project, serial, at: rig.now });

  const nameOf = (at: number) => `p-${at}`;
  const current = new Map<string, number>();
  const fetched: string[] = [];
  for (let at = 0; at < scene.projects; at++) offer(nameOf(at));

  function offer(project: string) {
    rig.upstream.on(`${FakeUpstream.INDEX}${project}/`, (request) => {
      rig.wait(TRANSFER);
      const serial = current.get(project) ?? 0;
      fetched.push(`${project} ${serial}`);
      const headers = { "Content-Type": "application/vnd.pypi.simple.v1+json", ETag: `"${serial}"` };
      if (request.headers.get("If-None-Match") === headers.ETag) return new Response(null, { status: 304, headers });
      const meta = { "api-version": "1.1", "_last-serial": serial };
      return new Response(JSON.stringify({ meta, name: project, versions: [`${serial}`], files: [] }), { headers });
    });
  }

  await rig.tick("* * * * *");
  for (let at = 0; at < scene.kept; at++) await rig.get(`/simple/${nameOf(at)}/`);
  rig.restart();
  rig.feed.calls.length = writes.length = fetched.length = 0;

  const agenda = new Agenda();
  const begin = rig.now;
  const end = begin + scene.minutes * MINUTE;
  const changes: { readonly project: string; readonly serial: number; readonly at: number }[] = [];
  const feedRequests: number[] = [];
  let reads = 0;

  const change = () => {
    const at = chance() < scene.busy ? between(0, scene.kept) : between(scene.kept, scene.projects);
    const project = nameOf(Math.floor(at));
    const serial = rig.feed.change(project);
    current.set(project, serial);
    changes.push({ project, serial, at: rig.now });
  };
  const deliverLater = (message: unknown, attempts: number, seconds: number) => {
    agenda.add(rig.now + seconds * 1_000 + between(...DELIVERY), async () => {
      const { delays } = await rig.deliverRefreshes([message], attempts);
      for (const delay of delays) deliverLater(message, attempts + 1, delay ?? 0);
    });
  };
  const tick = async () => {
    const before = rig.feed.calls.length;
    await rig.tick("* * * * *");
    feedRequests.push(rig.feed.calls.length - before);
    for (const message of rig.refreshes.messages.splice(0)) deliverLater(message, 1, 0);
  };
  const read = async () => {
    await rig.get(`/simple/${nameOf(Math.floor(between(0, scene.kept)))}/`);
    reads++;
  };

  for (let minute = 1; minute <= scene.minutes + 3; minute++) agenda.add(begin + minute * MINUTE, tick);
  for (let n = 0; n < scene.changesAMinute * scene.minutes; n++) agenda.add(between(begin, end), change);
  for (let n = 0; n < 10 * scene.minutes; n++) agenda.add(between(begin, end), read);
  for (let happening = agenda.next(); happening; happening = agenda.next()) {
    rig.now = Math.max(rig.now, happening.at);
    await happening.run();
  }

  const keptNames = new Set(Array.from({ length: scene.kept }, (_, at) => nameOf(at)));
  const concerned = changes.filter(({ project }) => keptNames.has(project));
  const delays = concerned.map(({ project, serial, at }) => {
    const write = writes.find((one) => one.project === project && one.serial >= serial);
    return write ? write.at - at : Infinity;
  });
  return {
    changes: changes.length,
    concerned: concerned.length,
    delays: delays.toSorted((one, other) => one - other),
    feedRequests: Math.max(...feedRequests),
    fetches: fetched.length,
    states: new Set(fetched).size,
    writes: writes.length,
    reads,
  };
}

/** KV that tells of each page that is written: its project and its serial. */
function watched(tell: (project: string, serial: number) => void): KVNamespace {
  return new Proxy(env.PAGES, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        const result: unknown = await Reflect.apply(value, target, args);
        const [key, , options] = args as [string, unknown, { metadata?: { serial?: number } } | undefined];
        if (property === "put" && key.startsWith("page/")) {
          tell(key.slice(key.lastIndexOf("/") + 1), Number(options?.metadata?.serial));
        }
        return result;
      };
    },
  });
}

/** The value that so many of the sorted `values` do not exceed; `part` from 0 to 1. */
export const percentile = (values: readonly number[], part: number) =>
  values[Math.max(0, Math.ceil(values.length * part) - 1)] ?? 0;
