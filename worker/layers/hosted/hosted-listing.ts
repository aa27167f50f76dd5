import { rootJson } from "../../pypi/simple-json.ts";
import type { HostedPackages } from "../../repository/ports/hosted-packages.ts";
import { ProjectList } from "../../repository/project-list.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { Context } from "../../repository/context.ts";

/** The hosted projects, as one part of an index's root listing. */
export const hostedList = (hosting: HostedPackages, indexes: readonly string[]) => ({
  repository: {
    async projects(ctx: Context): Promise<ProjectList> {
      const names = await hosting.names(indexes);
      const lines = names.map((name) => rootJson.project({ name })).join(",\n");
      const bytes = new TextEncoder().encode(rootJson.opening(undefined) + lines + rootJson.closing);
      const head = { digest: sha256(bytes).slice(0, 32), changedAt: ctx.now, validators: {} };
      return new ProjectList(head, new Blob([bytes]).stream() as ReadableStream<Uint8Array>, false, "d1");
    },
  },
  has: () => true,
});
