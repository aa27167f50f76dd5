import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type MiniflareOptions } from "miniflare";
import { expectCrons } from "../../server/expected-crons.ts";
import { migrate, UnusableDatabase } from "../../server/migrate.ts";
import { startClock } from "./clock.ts";
import type { Configuration } from "./configuration.ts";
import type { StartOptions } from "./options.ts";
import { errorText, CommandError } from "../lib/command-error.ts";
import { PROJECT_FOLDER } from "../lib/state.ts";

const MIGRATIONS = join(PROJECT_FOLDER, "schema", "migrations");

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
  // The database alone comes first: a request's writes are lost for good where the tables are missing.
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
    // Where the platform never started, `dispose` fails with the same error again.
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }
}

/** Makes the tables. Throws a `CommandError`: files in the state directory may be damaged, or belong to another user. */
async function prepare(miniflare: Miniflare, state: string, crons: readonly string[]): Promise<void> {
  try {
    const db = await miniflare.getD1Database("DB");
    await migrate(db, MIGRATIONS);
    await expectCrons(db, crons);
  } catch (error) {
    if (error instanceof UnusableDatabase) throw new CommandError(error.message);
    // The platform's messages have several lines, with guesses at the cause: only the first sentence is shown.
    const [reason] = errorText(error).split(/\.?\n|\.(?: |$)/);
    throw new CommandError(
      `The database in the state directory ${state} cannot be used: ${reason}. Make all files in it writable, or choose another one with --state DIR.`,
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
