import { Hono, type Context as HonoContext } from "hono";
import { IndexError } from "../errors.ts";
import { listedFrom } from "../pypi/file-url.ts";
import { parseProjectName, type ProjectName } from "../pypi/name.ts";
import type { FileEntry } from "../pypi/page.ts";
import { renderLinks } from "../pypi/simple-html.ts";
import type { Repository } from "../repository/repository.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { MEDIA_TYPES } from "./negotiate.ts";
import { redirectToCanonical } from "./redirect.ts";
import type { Context } from "../repository/context.ts";

/** All hosted files of an index on one flat page, as pip's `--find-links` reads it, to be mounted at `{base}/find-links`. */
export function findLinksRoutes(repository: Repository, base: string): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const redirect = redirectToCanonical(c, `${base}/find-links/`);
    return redirect ?? flatPage(c, "Hosted files", (await hosted(repository, "all", c.get("ctx"))) ?? [], "../files/");
  });
  return routes;
}

/**
 * What an index hosts of a project, to be mounted at `{base}/legacy/+simple`. `hatch publish` looks there for files that
 * it need not upload again, because devpi has such a page. It reads the texts of links, follows no redirect, and takes
 * any answer but 200 for an empty list.
 */
export function uploadedFileRoutes(repository: Repository): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/:project/", async (c) => {
    const name = parseProjectName(c.req.param("project"));
    const files = await hosted(repository, name, c.get("ctx"));
    if (!files) throw new IndexError("project-not-found", `This index hosts no project ${name} itself.`);
    return flatPage(c, `Hosted files of ${name}`, files, "../../../files/");
  });
  return routes;
}

/** The entries of the hosted files; null where the index does not host the project itself. */
async function hosted(repository: Repository, of: ProjectName | "all", ctx: Context) {
  const namesInSentence = await repository.hostedFiles(of, ctx);
  return namesInSentence && namesInSentence.map(({ entry }) => entry);
}

/** @param at where files begin, relative to the page; ends in `/` */
function flatPage(c: HonoContext<AppEnv>, title: string, files: readonly FileEntry[], at: string): Response {
  const html = renderLinks(
    title,
    files.map((entry) => listedFrom(entry, at)),
  );
  return c.body(html, 200, { ...LIFETIMES.hosted, "Content-Type": `${MEDIA_TYPES.html}; charset=utf-8` });
}
