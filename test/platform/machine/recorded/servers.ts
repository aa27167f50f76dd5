import type { Json } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { build } from "../../../../cli/server/build.ts";
import { migrate } from "../../../../server/migrate.ts";
import { PROJECT_FOLDER } from "../../../../cli/lib/state.ts";
import { withUpstream } from "../../../../schema/config.ts";
import type { ServedHandler } from "../http-suite.ts";
import { inWorkerd } from "../in-workerd.ts";

const { workerOptions } = unstable_getMiniflareWorkerOptions(`${PROJECT_FOLDER}/wrangler.toml`);

/** The variables of wrangler.toml, with another upstream, and without a change log. */
export const variablesFor = (upstream: string, adminToken: string): Record<string, unknown> => ({
  ...withUpstream(workerOptions["bindings"] as Record<string, unknown>, new URL(upstream)),
  FEED: false,
  ADMIN_TOKEN: adminToken,
});

/** The production bundle in workerd, with empty stores. */
export async function productInWorkerd(variables: Record<string, unknown>): Promise<ServedHandler> {
  return inWorkerd(
    await build(),
    { ...workerOptions, bindings: variables as Record<string, Json> },
    async (miniflare) => {
      await migrate(await miniflare.getD1Database("DB"), `${PROJECT_FOLDER}/schema/migrations`);
    },
  );
}
