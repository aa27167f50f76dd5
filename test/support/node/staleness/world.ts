import type { ResponseCache } from "../../../../worker/platform/platform.ts";
import { STALENESS } from "../../../../worker/cloudflare/settings.ts";
import { createSettling } from "../../../../worker/http/settle.ts";
import type { ProjectName } from "../../../../worker/pypi/name.ts";
import type { HostedPackages } from "../../../../worker/repository/ports/hosted-packages.ts";
import { projectCopiesIn } from "../../../../worker/storage/cache/hosted-projects.ts";
import { INDEX_STATE_CODEC, type IndexState } from "../../../../worker/storage/d1/index-state.ts";
import type { HostedKey } from "../../../../worker/storage/d1/hosted-projects.ts";
import { sharedKeys } from "../../../../worker/storage/keys.ts";
import { Memory } from "../../../../worker/storage/memory.ts";
import { copiesIn } from "../../../../worker/storage/snapshots/copies.ts";
import { hostedPackages } from "../../../../worker/storage/snapshots/hosted-packages.ts";
import { SnapshotReader, type Known } from "../../../../worker/storage/snapshots/reader.ts";
import { rulesOf } from "../../../../worker/storage/snapshots/snapshot.ts";
import type { Random } from "../../../fuzz/random.ts";
import { SimulatedClock } from "./clock.ts";

/** What is taken out of the product, to see that the model misses it. */
export const MUTATIONS = [
  "writers do not wait",
  "writers do not wait for the skew",
  "a copy begins to count anew when it is found",
  "a snapshot counts from the end of its query",
  "an earlier snapshot replaces a later one",
] as const;
export type Mutation = (typeof MUTATIONS)[number];

const INDEX = "team";
const NAME = "demo" as ProjectName;

/** One isolate of a data centre: the product's code over stores that are slow, fail and lose. */
interface Isolate {
  hosting: HostedPackages;
  /** The latest state that one of its requests was given. */
  given: number;
}

/** A schedule: writers, data centres and isolates for some seconds. Its violations are sentences. */
export class World {
  readonly violations: string[] = [];
  /** How many reads were given an answer, and how many queries reached the database. */
  reads = 0;
  queries = 0;
  readonly #random: Random;
  readonly #mutation: Mutation | undefined;
  readonly #clock: SimulatedClock;
  /** Sends a request to each isolate. */
  readonly #asking: (() => void)[] = [];
  readonly #rules;
  /** In the database: the index's revision, and the project's; 0: it is not hosted. */
  #revision = 0;
  #changed = 0;
  /** The project's revision at the last change that was answered. */
  #answered = 0;

  constructor(random: Random, mutation?: Mutation) {
    this.#random = random;
    this.#mutation = mutation;
    this.#clock = new SimulatedClock(() => random.next());
    const rules = rulesOf(STALENESS);
    this.#rules = mutation === "an earlier snapshot replaces a later one" ? { ...rules, isLater: () => true } : rules;
  }

  async run(): Promise<void> {
    const random = this.#random;
    const moments: number[] = [];
    for (let writes = 1 + random.below(3); writes > 0; writes--) {
      const at = 200 + random.below(3_000);
      moments.push(at, at + STALENESS.reuse + STALENESS.skew);
      this.#clock.at(at, () => void this.#write());
    }
    for (let centres = 1 + random.below(2); centres > 0; centres--) {
      const stored = new Map<string, Response>();
      for (let isolates = 1 + random.below(3); isolates > 0; isolates--) this.#open(stored, moments);
    }
    await this.#clock.run();
  }

  /** An isolate whose requests come at any time, many of them soon after something that matters. */
  #open(stored: Map<string, Response>, moments: readonly number[]): void {
    const random = this.#random;
    const furthest = STALENESS.skew / 2;
    const offset = random.oneIn(3) ? random.below(STALENESS.skew + 1) - furthest : random.pick([-furthest, furthest]);
    const start = (): Isolate => ({ hosting: this.#product(stored, () => this.#clock.now + offset), given: 0 });
    let isolate = start();
    this.#asking.push(() => void this.#read(isolate));
    for (let requests = 3 + random.below(6); requests > 0; requests--) {
      const at = random.oneIn(3) ? random.below(5_000) : random.pick(moments) + random.below(900) - 100;
      this.#clock.at(at, () => {
        if (random.oneIn(20)) isolate = start();
        void this.#read(isolate);
      });
    }
  }

  /** A write; where its answer is lost, its client tries again, and is told that it was done. */
  async #write(): Promise<void> {
    const waitedFor = {
      "writers do not wait": { reuse: 0, skew: 0 },
      "writers do not wait for the skew": { ...STALENESS, skew: 0 },
    }[this.#mutation as string];
    const { settle } = createSettling(waitedFor ?? STALENESS, this.#clock.sleep, () => false);
    const commit = async () => {
      await this.#delay();
      this.#askSome();
      this.#revision += 1;
      // Others change other projects of the index.
      if (!this.#random.oneIn(4)) this.#changed = this.#revision;
      const after = this.#changed;
      await this.#delay();
      return after;
    };
    const find = async () => {
      await this.#delay();
      return this.#changed;
    };
    for (const attempt of [commit, find]) {
      const changed = await settle(attempt).catch(() => undefined);
      if (changed !== undefined) {
        this.#answered = Math.max(this.#answered, changed);
        this.#askSome();
        return;
      }
    }
  }

  /** Has some isolates asked now, or within some milliseconds: right before a change, or right after its answer. */
  #askSome(): void {
    for (const ask of this.#asking) {
      if (this.#random.oneIn(2)) this.#clock.at(this.#clock.now + this.#random.below(20), ask);
    }
  }

  async #read(isolate: Isolate): Promise<void> {
    const { now } = this.#clock;
    const [answered, given] = [this.#answered, isolate.given];
    const defer = (work: Promise<unknown>) => void work;
    const ask = async () => isolate.hosting.projects([NAME], [INDEX], { now, defer, report: () => undefined });
    const hosts = await ask().catch(() => undefined);
    if (!hosts) return;
    const seen = Number(hosts.get(NAME)?.[0]?.state.split("@")[1] ?? 0);
    this.reads += 1;
    if (seen < answered) this.violations.push(`at ${now} a read was given ${seen} after ${answered} was answered`);
    if (seen < given) this.violations.push(`at ${now} an isolate gave ${seen} after it had given ${given}`);
    isolate.given = Math.max(isolate.given, seen);
  }

  /** What the product composes in one isolate, its memory empty. */
  #product(stored: Map<string, Response>, now: () => number): HostedPackages {
    const cache = this.#cache(stored, now);
    const keys = sharedKeys("model");
    const state = new SnapshotReader<IndexState>({
      query: (known) => this.#queryState(known, now),
      copies: copiesIn(cache, keys.snapshot(INDEX), INDEX_STATE_CODEC, this.#rules, now),
      rules: this.#rules,
      now,
      wait: this.#clock.within,
      random: () => this.#random.next() / 2 ** 32,
    });
    return hostedPackages({
      stateOf: () => state,
      query: (asked) => this.#queryProjects(asked),
      copies: projectCopiesIn(cache, keys),
      memory: new Memory(1_000_000, 1_000_000),
      outage: { grace: 0, isReserved: () => false },
      now,
    });
  }

  async #queryState(known: Known<IndexState> | undefined, now: () => number): Promise<Known<IndexState>> {
    this.queries += 1;
    await this.#delay();
    const revision = this.#revision;
    const hosted = this.#changed === 0 ? [] : [[NAME, this.#changed] as const];
    const isSame = known && this.#changed <= known.revision;
    await this.#delay();
    const value = isSame ? known.value : { names: new Map(hosted), entries: [] };
    if (this.#mutation !== "a snapshot counts from the end of its query") return { revision, value };
    return { revision, value, takenAt: now() } as Known<IndexState>;
  }

  async #queryProjects(asked: readonly HostedKey[]) {
    await this.#delay();
    const changed = this.#changed;
    const read = asked.map(({ index, name }) => ({
      project: { index, name, state: `${index}@${changed}`, files: [] },
      changed,
    }));
    await this.#delay();
    return read;
  }

  #cache(stored: Map<string, Response>, now: () => number): ResponseCache {
    return {
      match: async (key) => {
        await this.#delay();
        if (this.#random.oneIn(20)) stored.delete(key as string);
        const found = stored.get(key as string)?.clone();
        await this.#delay();
        const isMutated = this.#mutation === "a copy begins to count anew when it is found";
        if (isMutated && found?.headers.has("Taken-At")) found.headers.set("Taken-At", String(now()));
        return found;
      },
      put: async (key, response) => {
        await this.#delay();
        stored.set(key as string, response);
      },
      delete: () => Promise.resolve(false),
    };
  }

  /** Short, long, or longer than anything waits; a failure; or no end, as where the platform ends a request. */
  async #delay(): Promise<void> {
    const random = this.#random;
    if (random.oneIn(40)) throw new Error("failed");
    if (random.oneIn(200)) await new Promise(() => undefined);
    const length = random.below(10);
    await this.#clock.sleep(length < 6 ? random.below(20) : length < 9 ? random.below(400) : random.below(2_500));
  }
}
