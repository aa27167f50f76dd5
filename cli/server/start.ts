import { noteAddress } from "../lib/state.ts";
import { adminToken, keepAdminToken } from "./admin-token.ts";
import { announce } from "./announce.ts";
import { build } from "./build.ts";
import { localAddress, type StartOptions } from "./options.ts";
import { openState } from "./state.ts";
import { portIsFree } from "./port.ts";
import { whyUnreachable } from "./upstream.ts";

/** Serves the production bundle on this machine, with storage that persists, until a signal stops it. */
export async function start(options: StartOptions): Promise<void> {
  await portIsFree(options);
  const state = openState(options.state);
  try {
    const bundle = await build();
    // wrangler takes a second to load: a wrong option is reported before that.
    const { readConfiguration } = await import("./configuration.ts");
    const { serveBundle: serve } = await import("./serve.ts");
    const token = options.adminToken ?? adminToken(options.state);
    const configuration = readConfiguration(options, token);
    keepAdminToken(options.state, token);
    const server = await serve(bundle, options, configuration);
    noteAddress(options.state, localAddress(options));
    const stopped = stopSignal();
    announce(options, configuration.config);
    const upstreams = new Set(configuration.config.indexes.flatMap((index) => index.upstreams));
    await Promise.all([...upstreams].map(({ url }) => warnIfUnreachable(url)));
    await stopped;
    await server.stop();
  } finally {
    state.close();
  }
}

async function warnIfUnreachable(upstream: URL): Promise<void> {
  const reason = await whyUnreachable(upstream);
  if (reason)
    console.error(`The upstream ${upstream.href} cannot be reached (${reason}); stored pages and files are served.`);
}

/**
 * Resolves at the first Ctrl-C, SIGTERM or closing of the terminal. It removes miniflare's own listeners: they end the
 * process before the server has stopped and the exit code is 0.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.removeAllListeners(signal);
      process.once(signal, () => resolve());
    }
  });
}
