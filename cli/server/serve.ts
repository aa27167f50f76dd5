import { createServer } from "node:net";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { ROOT } from "./build.ts";
import { migrate } from "./migrate.ts";
import type { StartOptions } from "./options.ts";
import { Sentence } from "./sentence.ts";

/** Throws a `Sentence` where nothing can listen at host and port. */
export async function portIsFree({ host, port }: StartOptions): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(port, host, resolve);
    });
    await new Promise((resolve) => probe.close(resolve));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Sentence(
      code === "EADDRINUSE"
        ? `Port ${port} of ${host} is in use. Stop what listens there, or choose another with --port N.`
        : `Nothing can listen at ${host}, port ${port}: ${message}.`,
    );
  }
}

/**
 * Serves the bundle at host and port until it is stopped. Requests reach the worker through a socket of its own, without
 * the development proxy, which answers a fifteenth as many.
 */
export async function serve(bundle: string, options: StartOptions): Promise<{ stop(): Promise<void> }> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  const { host, port, upstream, publicUrl, quiet, state } = options;
  const converted = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    workers: [
      {
        ...workerOptions,
        name: "pypi-edge",
        modules: [{ type: "ESModule", path: "index.js", contents: bundle }],
        bindings: {
          ...(workerOptions["bindings"] as Record<string, string> | undefined),
          UPSTREAM_URL: upstream.href,
          PUBLIC_URL: publicUrl,
          LOG: quiet ? "problems" : "requests",
        },
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
