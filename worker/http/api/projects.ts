import { Hono } from "hono";
import type { HostedProjectsAnswer } from "../../../schema/hosted-project.ts";
import type { Publishers } from "../../repository/ports/publishers.ts";
import type { Repository } from "../../repository/repository.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { hostedProjectRows, publishersFor, type PublishedIndex } from "../hosted-projects.ts";
import { allowOnly } from "../limits.ts";
import { parametersOf } from "./parameters.ts";

/** What the routes need of an index. */
export interface HostedProjectsParts {
  readonly authorize: Authorize;
  readonly publishers: Publishers;
  readonly index: PublishedIndex & { readonly isPrivate: boolean };
  readonly repository: Repository;
}

/** The hosted projects that an index lists, for those who may read it; to be mounted at `{base}/-/api/projects`. */
export function hostedProjectRoutes({ authorize, publishers, index, repository }: HostedProjectsParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    if (index.isPrivate) await authorize(c, { scope: "read", index: index.name });
    parametersOf(c.req.url, []);
    const rows = await hostedProjectRows(repository, c.get("ctx"));
    const names = rows.map(({ project }) => project);
    const by = await publishersFor(c, authorize, index, (indexes) => publishers.last(indexes, names));
    const answer: HostedProjectsAnswer = {
      index: index.name,
      projects: rows.map((row) => ({
        ...row,
        uploadedAt: new Date(row.uploadedAt).toISOString(),
        uploadedBy: by.get(row.project),
      })),
    };
    return c.json(answer, 200, LIFETIMES.live);
  });
  routes.use("/", allowOnly("GET", "HEAD"));
  return routes;
}
