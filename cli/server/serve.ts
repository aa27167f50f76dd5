import { convertV4MiniflareOptions, Miniflare, type MiniflareOptions } from "miniflare";
import { startClock } from "./clock.ts";
import type { Configuration } from "./configuration.ts";
import { expectCrons } from "./expected.ts";
import { migrate } from "./migrate.ts";
import type { StartOptions } from "./options.ts";
import { errorText, CommandError } from "../lib/command-error.ts";

/**
 * Serves the bundle at host and port until it is stopped. Requests reach the worker through a socket of its own, without
 * the development proxy, which answers a fifteenth as many.
 *
 * @throws CommandError where the database in the state directory cannot be used
 */
export async function serveBundle(
  bundle: string,
  { host, port, state, cron }: StartOptions,
  { variables, workerOptions }: Configuration,
): Promise<{ stop(): Promise<void> }> {
  // The database alone comes first: what a request writes before there are tables is lost for good.
  const miniflare = new Miniflare(
    simulated(state, { d1Databases: workerOptions["d1Databases"] }, "export default { fetch() {} };"),
  );
  const crons = cron ? (workerOptions["cronTriggers"] as string[]) : [];
  try {
    await prepare(miniflare, state, crons);
    const served = { ...workerOptions, bindings: variables, unsafeDirectSockets: [{ host, port }] };
    await miniflare.setOptions(simulated(state, served, bundle));
    const clock = startClock(miniflare, crons);
    return {
      async stop() {
        clock.stop();
        await miniflare.dispose();
      },
    };
  } catch (error) {
    // What never began cannot be ended, and says again why.
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }
}

/** Makes the tables. The state directory can be written, but what is in it may be another's, or damaged. */
async function prepare(miniflare: Miniflare, state: string, crons: readonly string[]): Promise<void> {
  try {
    const db = await miniflare.getD1Database("DB");
    await migrate(db);
    await expectCrons(db, crons);
  } catch (error) {
    // The platform's own messages go on for lines, with guesses.
    const [reason] = errorText(error).split(/\.?\n|\.(?: |$)/);
    throw new CommandError(
      `The database in the state directory ${state} cannot be used: ${reason}. See that all in it can be written, or choose another one with --state DIR.`,
    );
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
