import { convertV4MiniflareOptions, Miniflare, type MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { join } from "node:path";
import { readConfiguration } from "../../../../cli/serve/configuration.ts";
import { adminToken, keepAdminToken } from "../../../../cli/serve/admin-token.ts";
import type { StartOptions } from "../../../../cli/serve/options.ts";
import { MIGRATIONS, PROJECT_FOLDER } from "../../../../cli/lib/project-folder.ts";
import { migrate } from "../../../../server/migrate.ts";
import { deployedBundle } from "./build.ts";

/**
 * Serves the bundle that is deployed to Cloudflare, in workerd over simulated stores, at host and port. Requests reach
 * the worker through a socket of its own, without the development proxy, which answers a fifteenth as many.
 */
export async function serveInWorkerd(
  options: StartOptions,
): Promise<{ readonly miniflare: Miniflare; stop(): Promise<void> }> {
  const { state, host, port } = options;
  const token = options.adminToken ?? adminToken(state);
  const { variables } = readConfiguration(options, token);
  keepAdminToken(state, token);
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT_FOLDER, "wrangler.toml"));
  // The database alone comes first: a request's writes are lost for good where the tables are missing.
  const miniflare = new Miniflare(
    simulated(state, { d1Databases: workerOptions["d1Databases"] }, "export default { fetch() {} };"),
  );
  try {
    await migrate(await miniflare.getD1Database("DB"), MIGRATIONS);
    const served = { ...workerOptions, bindings: variables, unsafeDirectSockets: [{ host, port }] };
    await miniflare.setOptions(simulated(state, served, await deployedBundle()));
  } catch (error) {
    // Where the platform never started, `dispose` fails with the same error again.
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }
  return { miniflare, stop: () => miniflare.dispose() };
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
