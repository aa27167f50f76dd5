/** The ways from a client to the upstream: straight, or through a server that is started for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../worker/errors.ts";
import type { Running } from "../harness/processes.ts";
import { startProduct } from "../harness/product.ts";
import { startProxpi } from "../harness/proxpi.ts";
import { virtualEnvironment } from "../harness/venv.ts";

/** "before": an earlier version, from a checkout of it. */
type Started = "Node" | "workerd" | "before" | "proxpi";

/** Servers that have served other packages before they are measured, by the way that starts them. */
const IN_USE = { "Node in use": "Node", "proxpi in use": "proxpi" } as const;

export type InUse = keyof typeof IN_USE;

export type WayName = "direct" | Started | InUse;

export const isInUse = (name: WayName): name is InUse => Object.hasOwn(IN_USE, name);

/** The ways, and behind each that can be measured in use the same in use. */
export const andInUse = (names: readonly WayName[]): WayName[] =>
  names.flatMap((name) => [name, ...(Object.keys(IN_USE) as InUse[]).filter((each) => IN_USE[each] === name)]);

/** A server with nothing stored. */
export interface WayServer extends Running {
  /** Root of its Simple API. */
  readonly simple: URL;
  /** Where it stores what it has fetched. */
  readonly state: string;
}

export interface Ways {
  /** Those that this machine has. */
  readonly names: readonly WayName[];
  /**
   * Starts a way's server in front of `upstream`, hands it over, stops it, and removes what it has stored. The server is
   * null where there is none. One that is to be in use has served nothing yet.
   */
  over<T>(name: WayName, upstream: URL, use: (server: WayServer | null) => Promise<T>): Promise<T>;
  /** Starts a server that the caller stops. */
  start(name: Exclude<WayName, "direct">, upstream: URL): Promise<WayServer>;
}

/** proxpi sends a client to the upstream when a download takes longer; its default is 0.9 s. */
const PROXPI_SETTINGS = { PROXPI_DOWNLOAD_TIMEOUT: "120" };

/**
 * proxpi is among them where the wheelhouse has it; else `say` is told why not.
 * @param before a checkout of an earlier version with its dependencies, where it is to be measured, too
 */
export async function findWays(
  scratch: string,
  wheelhouse: string,
  before: string | undefined,
  say: (text: string) => void,
): Promise<Ways> {
  const names: WayName[] = ["direct", "Node", "workerd"];
  if (before !== undefined) names.push("before");
  try {
    await virtualEnvironment("proxpi", ["proxpi", "gunicorn"], wheelhouse);
    names.push("proxpi");
  } catch (error) {
    say(`without proxpi: ${messageOf(error)}`);
  }

  const starters = {
    Node: (upstream: URL, state: string) => startProduct(upstream, state),
    workerd: (upstream: URL, state: string) => startProduct(upstream, state, "workerd"),
    before: (upstream: URL, state: string) => startProduct(upstream, state, "node", before),
    proxpi: (upstream: URL, state: string) => startProxpi(upstream, state, wheelhouse, PROXPI_SETTINGS),
  };
  const start: Ways["start"] = async (name, upstream) => {
    const state = mkdtempSync(join(scratch, `${name}-`));
    return { ...(await starters[isInUse(name) ? IN_USE[name] : name](upstream, state)), state };
  };
  return {
    names,
    start,
    async over(name, upstream, use) {
      if (name === "direct") return use(null);
      const server = await start(name, upstream);
      try {
        return await use(server);
      } finally {
        const forced = await server.stop();
        if (forced !== undefined) say(`warning: ${forced}`);
        rmSync(server.state, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
}
