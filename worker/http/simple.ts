import { Hono, type Context as HonoContext } from "hono";
import { IndexError } from "../errors.ts";
import { parseProjectName, type ProjectName } from "../pypi/name.ts";
import type { ProjectList } from "../repository/list.ts";
import type { Page } from "../repository/page.ts";
import type { Context, Repository } from "../repository/repository.ts";
import type { AppEnv } from "./context.ts";
import { cacheStatus, LIFETIMES, projectTag, staleWarning } from "./headers.ts";
import { pathOf, queryOf } from "./path.ts";
import { representationFor, type Representation } from "./negotiate.ts";
import { respond } from "./respond.ts";

/** The Simple API of one index, to be mounted at `{base}/simple`: the root listing and the projects' pages. */
export function simpleRoutes(repository: Repository, base: string): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", async (c) => {
    const representation = wanted(c);
    const redirect = canonical(c, `${base}/simple/`);
    if (redirect) return redirect;
    const list = await repository.projects(c.var.ctx);
    return respond(c, representation, storedHeaders(list, c.var.ctx), list);
  });

  routes.get("/:project", async (c) => {
    const name = parseProjectName(c.req.param("project"));
    const representation = wanted(c);
    const redirect = canonical(c, `${base}/simple/${name}/`);
    if (redirect) return redirect;
    const page = await repository.project(name, c.var.ctx);
    if (!page) throw absent(name);
    return respond(c, representation, { ...storedHeaders(page, c.var.ctx), ...projectTag(name) }, page);
  });

  return routes;
}

function wanted(c: HonoContext): Representation {
  return representationFor(c.req.header("Accept"), c.req.query("format"));
}

/**
 * A redirect to `path` where the request was spelled otherwise: no final slash, a name that is not normalised,
 * doubled slashes (pipenv asks for `/simple//name/`). File URLs are relative to the page, so it must be read under its own
 * address. The Location is relative and so holds behind a proxy that adds a prefix; 302, since pip keeps a 301 for good.
 */
function canonical(c: HonoContext, path: string): Response | undefined {
  const pathname = pathOf(c.req.url);
  if (pathname === path) return undefined;
  const depth = pathname.split("/").length - 2;
  const location = `${"../".repeat(depth)}${path.slice(1)}${queryOf(c.req.url)}`;
  return new Response(null, { status: 302, headers: { Location: location, ...LIFETIMES.redirect } });
}

/** What the answer says of where its page, or the root listing, comes from. */
function storedHeaders({ via, uncheckedSince, head: { serial } }: Page | ProjectList, { now }: Context) {
  const headers: Record<string, string> = { ...cacheStatus(via), ...staleWarning(uncheckedSince, now) };
  if (serial !== undefined) headers["X-PyPI-Last-Serial"] = String(serial);
  return headers;
}

const absent = (name: ProjectName) =>
  new IndexError(
    "project-not-found",
    `There is no project ${name} in this index or its upstreams. Is the name spelled right?`,
  );
