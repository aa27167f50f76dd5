import { freshEnvironment } from "./environment.ts";
import type { Installer } from "./installer.ts";
import type { Product } from "./product.ts";
import { buildWheel, type Wheel } from "./wheel.ts";
import type { Access, Witness } from "./witness.ts";

/** Everything a step needs. */
export interface Stage {
  readonly installer: Installer;
  readonly python: string;
  readonly witness: Witness;
  readonly product: Product;
}

/** The result of a step; `fault` says what went wrong, with the client's output. */
export interface Result {
  readonly outcome: string;
  readonly seconds: number;
  readonly requests: number;
  readonly fault: string | null;
}

/** One step of the tour, which `pypi-edge demo` runs and prints. */
export interface Step {
  readonly name: string;
  readonly what: string;
  run(stage: Stage): Promise<Result>;
}

const WHOLE = "picnic";
const SPOILED = "mustard";

/** The wheels of the tour's upstream: one with three dependencies, direct and indirect, and one to be spoiled. */
export function tourWheels(): Promise<Wheel[]> {
  return Promise.all([
    buildWheel({ name: WHOLE, version: "1.0", requires: ["basket", "sandwich>=2"] }),
    buildWheel({ name: "basket", version: "1.4" }),
    buildWheel({ name: "sandwich", version: "2.1", requires: ["bread<2"] }),
    buildWheel({ name: "bread", version: "1.9" }),
    buildWheel({ name: SPOILED, version: "0.3" }),
  ]);
}

/** The steps in their order; each leaves the upstream as the next one expects it. */
export const TOUR: readonly Step[] = [
  {
    name: "cold",
    what: `${WHOLE} and its three dependencies, with an empty cache`,
    run: async (stage) => {
      const { result, log } = await attempt(stage, WHOLE);
      const again = twice(log);
      return judge(result, again.length === 0, `fetched twice: ${again.join(", ")}`);
    },
  },
  {
    name: "warm",
    what: "the same into a fresh environment, no client cache",
    run: async (stage) => {
      const { result } = await attempt(stage, WHOLE);
      return judge(result, result.requests === 0, "the upstream was asked again");
    },
  },
  {
    name: "upstream stopped",
    what: "the same with the upstream stopped",
    run: async (stage) => {
      await stage.witness.stop();
      const { result } = await attempt(stage, WHOLE);
      await stage.witness.start();
      return result;
    },
  },
  {
    name: "tampered file",
    what: `${SPOILED}, one byte changed on its way from the upstream`,
    run: async (stage) => {
      const restore = stage.witness.tamper(".whl");
      const { result, log } = await attempt(stage, SPOILED);
      restore();
      // The install must have failed because of the bytes, not before they were fetched.
      if (!fetchedWheel(log)) return result;
      if (result.fault === null) return { ...result, fault: "the tampered file was installed" };
      return { ...result, outcome: "refused", fault: null };
    },
  },
  {
    name: "tampering over",
    what: `${SPOILED} again: the wrong bytes were not stored`,
    run: async (stage) => {
      const { result, log } = await attempt(stage, SPOILED);
      return judge(result, fetchedWheel(log), "the file was not fetched again");
    },
  },
];

async function attempt(stage: Stage, project: string): Promise<{ result: Result; log: Access[] }> {
  const environment = await freshEnvironment(stage.python);
  stage.witness.take();
  const { code, seconds, output } = await stage.installer.install(project, stage.product.index, environment);
  environment.remove();
  const log = stage.witness.take();
  const fault = code === 0 ? null : `the install failed:\n${output}`;
  const outcome = code === 0 ? "installed" : "failed";
  return { result: { outcome, seconds, requests: log.length, fault }, log };
}

function judge(result: Result, holds: boolean, fault: string): Result {
  return result.fault === null && !holds ? { ...result, fault } : result;
}

function fetchedWheel(log: readonly Access[]): boolean {
  return log.some(({ path }) => path.endsWith(".whl"));
}

function twice(log: readonly Access[]): string[] {
  const seen = new Set<string>();
  return log.map(({ method, path }) => `${method} ${path}`).filter((line) => seen.size === seen.add(line).size);
}
