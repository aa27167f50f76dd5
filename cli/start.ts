import { readOptions, USAGE, type StartOptions } from "./server/options.ts";
import { announce } from "./server/announce.ts";
import { build } from "./server/build.ts";
import { Sentence } from "./server/sentence.ts";
import { openState } from "./server/state.ts";
import { portIsFree, serve } from "./server/serve.ts";
import { whyUnreachable } from "./server/upstream.ts";

/** `npm start`: the production bundle on this machine, with storage that persists, until it is told to stop. */
async function start(options: StartOptions): Promise<void> {
  await portIsFree(options);
  const state = openState(options.state);
  try {
    const server = await serve(await build(), options);
    const stopped = stopSignal();
    announce(options);
    const reason = await whyUnreachable(options.upstream);
    if (reason) {
      console.error(`The upstream ${options.upstream.href} cannot be reached (${reason}); what is stored is served.`);
    }
    await stopped;
    await server.stop();
  } finally {
    state.close();
  }
}

/**
 * Resolves at the first Ctrl-C or SIGTERM. miniflare's own listeners, which end the process on the spot, are taken off:
 * what is being written is given the time to end.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.removeAllListeners(signal);
      process.once(signal, () => resolve());
    }
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await start(options);
} catch (error) {
  if (!(error instanceof Sentence)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
