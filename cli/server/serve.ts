import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import type { Configuration } from "./configuration.ts";
import { migrate } from "./migrate.ts";
import type { StartOptions } from "./options.ts";

/**
 * Serves the bundle at host and port until it is stopped. Requests reach the worker through a socket of its own, without
 * the development proxy, which answers a fifteenth as many.
 */
export async function serve(
  bundle: string,
  { host, port, state }: StartOptions,
  { variables, workerOptions }: Configuration,
): Promise<{ stop(): Promise<void> }> {
  const converted = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    workers: [
      {
        ...workerOptions,
        name: "pypi-edge",
        modules: [{ type: "ESModule", path: "index.js", contents: bundle }],
        bindings: variables,
        unsafeDirectSockets: [{ host, port }],
      },
    ],
  });
  converted.resourcePersistencePath = state;
  const miniflare = new Miniflare(converted);
  try {
    await miniflare.ready;
    await migrate(await miniflare.getD1Database("DB"));
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
  return { stop: () => miniflare.dispose() };
}
