import { Hono } from "hono";
import type { StoredFilesAnswer } from "../../../schema/stored-files.ts";
import type { StoredListing } from "../../repository/ports/stored-listing.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { parametersOf } from "./parameters.ts";

/** An index, and the keys of the sources that it stands on. */
interface StandingIndex {
  readonly name: string;
  readonly sources: readonly string[];
}

/**
 * Lists the stored files of an index's sources, to be mounted at `{base}/-/api/stored`. It is for admins of the index: files that its
 * policy refuses are among them.
 */
export function storedRoutes(
  authorize: Authorize,
  { name, sources }: StandingIndex,
  listing: StoredListing,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    await authorize(c, { scope: "admin", index: name });
    const { after = "" } = parametersOf(c.req.url, ["after"]);
    const projects = await listing.after(sources, after);
    const answer: StoredFilesAnswer = {
      index: name,
      projects: projects.map(({ project, files }) => ({
        project,
        files: files.map(({ origin, path }) => `${origin}/${path}`),
      })),
      next: projects.at(-1)?.project ?? null,
    };
    return c.json(answer, 200, LIFETIMES.live);
  });
  routes.use("/", allowOnly("GET", "HEAD"));
  return routes;
}
