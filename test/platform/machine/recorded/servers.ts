import type { Json } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { deployedBundle } from "../../../support/node/workerd/build.ts";
import { migrate } from "../../../../server/migrate.ts";
import { MIGRATIONS, PROJECT_FOLDER } from "../../../../cli/lib/project-folder.ts";
import { parseConfig, withUpstream } from "../../../../schema/config.ts";
import { removeDirectory, temporaryDirectory } from "../../../../cli/demo/leftovers.ts";
import type { CertificateFiles } from "../../../../server/http/certificate.ts";
import { serve } from "../../../../server/serve.ts";
import type { ServedHandler } from "../http-suite.ts";
import { inWorkerd } from "../in-workerd.ts";

const { workerOptions } = unstable_getMiniflareWorkerOptions(`${PROJECT_FOLDER}/wrangler.toml`);

/** The variables of wrangler.toml, with another upstream, and without a change log. */
export const variablesFor = (
  upstream: string,
  adminToken: string,
  options: object = workerOptions,
): Record<string, unknown> => ({
  ...withUpstream((options as { bindings: Record<string, unknown> }).bindings, new URL(upstream)),
  FEED: false,
  ADMIN_TOKEN: adminToken,
});

/** The production bundle in workerd, with empty stores. */
export async function productInWorkerd(variables: Record<string, unknown>): Promise<ServedHandler> {
  return inWorkerd(
    await deployedBundle(),
    { ...workerOptions, bindings: variables as Record<string, Json> },
    async (miniflare) => {
      await migrate(await miniflare.getD1Database("DB"), MIGRATIONS);
    },
  );
}

/** The same worker on this machine, with empty stores; it speaks TLS where it has a certificate. */
export async function productOnMachine(
  variables: Record<string, unknown>,
  tls?: CertificateFiles,
): Promise<ServedHandler> {
  const state = temporaryDirectory();
  const { port, stop } = await serve({
    host: "127.0.0.1",
    port: 0,
    listener: undefined,
    tls,
    trustedProxies: [],
    state,
    config: parseConfig(variables),
    crons: [],
    consumers: [],
    migrations: MIGRATIONS,
  });
  return {
    port,
    async stop() {
      await stop();
      removeDirectory(state);
    },
  };
}
