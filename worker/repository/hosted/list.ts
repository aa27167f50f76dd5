import { rootJson } from "../../pypi/simple-json.ts";
import type { Hosting } from "./hosting.ts";
import { ProjectList } from "../list.ts";
import type { Context } from "../repository.ts";
import { sha256 } from "../sha256.ts";

/** What indexes host, as a part of an index's listing. */
export const hostedList = (hosting: Hosting, indexes: readonly string[]) => ({
  repository: {
    async projects(ctx: Context): Promise<ProjectList> {
      const names = await hosting.names(indexes);
      const lines = names.map((name) => rootJson.project({ name })).join(",\n");
      const bytes = new TextEncoder().encode(rootJson.opening(undefined) + lines + rootJson.closing);
      const head = { digest: (await sha256(bytes)).slice(0, 32), changedAt: ctx.now, validators: {} };
      return new ProjectList(head, new Blob([bytes]).stream() as ReadableStream<Uint8Array>, false, "d1");
    },
  },
  has: () => true,
});
