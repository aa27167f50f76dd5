import { Hono, type Context as HonoContext } from "hono";
import { IndexError } from "../errors.ts";
import { parseProjectName, type ProjectName } from "../pypi/name.ts";
import type { Repository } from "../repository/repository.ts";
import type { AppEnv } from "./context.ts";
import { pageLifetime, storedHeaders, projectTag } from "./headers.ts";
import { representationFor, type Representation } from "./negotiate.ts";
import { redirectToCanonical } from "./redirect.ts";
import { sendPage } from "./send-stored.ts";

/** What the routes need. */
interface SimpleRouteOptions {
  readonly repository: Repository;
  readonly base: string;
  /** Whether the index has times for serials. */
  readonly isDated: boolean;
  /** Where all its sources are of kind `offline`: how far each is. */
  readonly carried: readonly { readonly name: string; readonly step: () => Promise<number> }[];
}

/** The Simple API of one index, to be mounted at `{base}/simple`: the root listing and the projects' pages. */
export function simpleRoutes({ repository, base, isDated, carried }: SimpleRouteOptions): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", async (c) => {
    const representation = wanted(c);
    const redirect = redirectToCanonical(c, `${base}/simple/`);
    if (redirect) return redirect;
    const list = await repository.projects(c.get("ctx"));
    return sendPage(c, representation, storedHeaders(list, c.get("ctx").now), list);
  });

  routes.get("/:project", async (c) => {
    const name = parseProjectName(c.req.param("project"));
    const representation = wanted(c);
    // File URLs are relative to the page, so the page must have its canonical address.
    const redirect = redirectToCanonical(c, `${base}/simple/${name}/`);
    if (redirect) return redirect;
    const project = await repository.project(name, c.get("ctx"));
    if (!project) throw carried.length > 0 ? await notCarried(name, carried) : absent(name);
    const { page, until = Infinity } = project;
    const { now } = c.get("ctx");
    const headers = { ...pageLifetime(until - now), ...storedHeaders(page, now, isDated), ...projectTag(name) };
    return sendPage(c, representation, headers, page);
  });

  return routes;
}

function wanted(c: HonoContext): Representation {
  return representationFor(c.req.header("Accept"), c.req.query("format"));
}

const absent = (name: ProjectName) =>
  new IndexError(
    "project-not-found",
    `There is no project ${name} in this index or its upstreams. Is the name spelled right?`,
  );

/** A client behind an air gap must not look for a wrong name where a project was left out. */
async function notCarried(name: ProjectName, carried: SimpleRouteOptions["carried"]): Promise<IndexError> {
  const steps = await Promise.all(carried.map(async (source) => ({ name: source.name, step: await source.step() })));
  const stands = steps.map((each) =>
    each.step === 0 ? `nothing was carried to ${each.name} yet` : `${each.name} stands at step ${each.step}`,
  );
  return new IndexError(
    "project-not-found",
    `This index is offline (${stands.join(", ")}), and ${name} was not carried here. Have it exported on the other side, or is the name spelled right?`,
  );
}
