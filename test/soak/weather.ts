import type { Random } from "../fuzz/random.ts";
import { SECOND } from "../../worker/duration.ts";

/** What an upstream may do with one request. */
export type Fault = (typeof FAULTS)[number];

const FAULTS = [
  "none",
  "refuse",
  "hang",
  "stall",
  "cut",
  "cut-chunked",
  "cut-clean",
  "tamper",
  "slow",
  "429",
  "500",
  "503",
] as const;

type Weights = Partial<Record<Fault, number>>;

/** Kinds of weather: how often, of so many requests, the upstream has each fault. */
const WEATHERS = {
  calm: { none: 1 },
  gusts: { none: 12, refuse: 1, cut: 1, "cut-chunked": 1, tamper: 1, slow: 1, "500": 1, "429": 1 },
  cuts: { none: 3, cut: 2, "cut-chunked": 2, "cut-clean": 2, stall: 1 },
  spoiled: { none: 2, tamper: 3, "cut-clean": 1 },
  errors: { none: 2, "500": 2, "503": 2, "429": 1 },
  slow: { none: 3, slow: 3, stall: 1, hang: 1 },
  away: { refuse: 1 },
  silent: { hang: 1 },
} as const satisfies Record<string, Weights>;

export type Weather = keyof typeof WEATHERS;

const NAMES = Object.keys(WEATHERS) as Weather[];

/** The weather for a time. Milliseconds. */
export interface Phase {
  readonly weather: Weather;
  readonly lasts: number;
}

/** A storm and a calm by turns, of the seed, for so many milliseconds. It begins with a calm, in which something gets stored. */
export function forecast(random: Random, lasting: number): Phase[] {
  const phases: Phase[] = [];
  for (let left = lasting; left > 0;) {
    const calm = 4 * SECOND + random.below(6 * SECOND);
    const storm = 6 * SECOND + random.below(10 * SECOND);
    phases.push({ weather: "calm", lasts: calm });
    phases.push({ weather: random.pick(NAMES.slice(1)), lasts: storm });
    left -= calm + storm;
  }
  return phases;
}

/** What the soak and its upstream, in a thread of its own, both see: the weather, and how many files are published. */
export class Sky {
  readonly #cells: Int32Array<SharedArrayBuffer>;

  constructor(cells = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))) {
    this.#cells = cells;
  }

  /** To be given to the thread, which makes a `Sky` of it. */
  get cells(): Int32Array<SharedArrayBuffer> {
    return this.#cells;
  }

  get weather(): Weather {
    return NAMES[Atomics.load(this.#cells, 0)] ?? "calm";
  }

  set weather(weather: Weather) {
    Atomics.store(this.#cells, 0, NAMES.indexOf(weather));
  }

  /** How many of the files that are published later are there by now. */
  get published(): number {
    return Atomics.load(this.#cells, 1);
  }

  set published(count: number) {
    Atomics.store(this.#cells, 1, count);
  }
}

/** One request's fault, in the weather. */
export function faultOf(weather: Weather, random: Random): Fault {
  const weights: Weights = WEATHERS[weather];
  let drawn = random.below(Object.values(weights).reduce((sum, weight) => sum + weight, 0));
  for (const fault of FAULTS) {
    drawn -= weights[fault] ?? 0;
    if (drawn < 0) return fault;
  }
  return "none";
}
