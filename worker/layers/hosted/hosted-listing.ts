import { inBatches } from "../../repository/list-shapes.ts";
import type { HostedPackages } from "../../repository/ports/hosted-packages.ts";
import { ProjectList } from "../../repository/project-list.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { Context } from "../../repository/context.ts";

/** The hosted projects, as one part of an index's root listing. */
export const hostedList = (hosting: HostedPackages, indexes: readonly string[]) => ({
  repository: {
    async projects(ctx: Context): Promise<ProjectList> {
      const names = await hosting.names(indexes, ctx);
      const digest = sha256(new TextEncoder().encode(names.join("\n")));
      const head = { digest: digest.slice(0, 32), changedAt: ctx.now, validators: {} };
      return ProjectList.of(head, inBatches(names), () => Promise.resolve(), "d1", ctx);
    },
  },
  has: () => true,
});
