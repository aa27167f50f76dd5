import { convertV4MiniflareOptions, Miniflare, type MiniflareOptions } from "miniflare";
import { startClock } from "./clock.ts";
import type { Configuration } from "./configuration.ts";
import { migrate } from "./migrate.ts";
import type { StartOptions } from "./options.ts";

/**
 * Serves the bundle at host and port until it is stopped. Requests reach the worker through a socket of its own, without
 * the development proxy, which answers a fifteenth as many.
 */
export async function serve(
  bundle: string,
  { host, port, state, cron }: StartOptions,
  { variables, workerOptions }: Configuration,
): Promise<{ stop(): Promise<void> }> {
  // The database alone comes first: what a request writes before there are tables is lost for good.
  const miniflare = new Miniflare(
    simulated(state, { d1Databases: workerOptions["d1Databases"] }, "export default { fetch() {} };"),
  );
  try {
    await migrate(await miniflare.getD1Database("DB"));
    const served = { ...workerOptions, bindings: variables, unsafeDirectSockets: [{ host, port }] };
    await miniflare.setOptions(simulated(state, served, bundle));
    const clock = await startClock(miniflare, cron ? (workerOptions["cronTriggers"] as string[]) : []);
    return {
      async stop() {
        clock.stop();
        await miniflare.dispose();
      },
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/** The platform with one worker, whose stores are in `state`. */
function simulated(state: string, worker: Readonly<Record<string, unknown>>, contents: string): MiniflareOptions {
  const converted = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    workers: [{ ...worker, name: "pypi-edge", modules: [{ type: "ESModule", path: "index.js", contents }] }],
  });
  converted.resourcePersistencePath = state;
  return converted;
}
