import type { Hono } from "hono";
import type { Index } from "../compose/compose-index.ts";
import type { Services } from "../compose/services.ts";
import { readersOnly, revalidatedByCaches, type Authorize } from "../http/access.ts";
import { hostedProjectRoutes } from "../http/api/projects.ts";
import type { AppEnv } from "../http/context.ts";
import { jsonRoutes, provenanceRoutes } from "../http/documents.ts";
import { fileRoutes } from "../http/files.ts";
import { findLinksRoutes, uploadedFileRoutes } from "../http/find-links.ts";
import { LIFETIMES } from "../http/headers.ts";
import { redirectTo } from "../http/redirect.ts";
import { simpleRoutes } from "../http/simple.ts";
import { VIEWS, viewPathOf } from "../http/view-path.ts";
import { homeRoutes } from "../ui/home.tsx";
import type { NeighbourIndex } from "../ui/other-indexes.tsx";
import { projectPageRoutes } from "../ui/project.tsx";
import { searchRoutes } from "../ui/search-page.tsx";
import { nothingToExplain, whyRoutes } from "../ui/why.tsx";

/** What the routes of all indexes share. */
export interface IndexRouteParts {
  readonly authorize: Authorize;
  /** The public address without a final slash; empty where it is the request's own. */
  readonly publicUrl: string;
  readonly indexes: readonly NeighbourIndex[];
  readonly pageStores: Services["pageStores"];
}

type MountedIndex = Pick<Index, "carried" | "config" | "repository" | "isDated" | "explain" | "catalog" | "sources">;

/** The indexes as each other's pages lead to them. */
export const neighboursOf = (indexes: readonly MountedIndex[]): readonly NeighbourIndex[] =>
  indexes.map(({ config: { name, base, isPrivate }, repository }) => ({ name, base, isPrivate, repository }));

/** Mounts what the API of an index has of it for all who may read it: before the API of the whole server, which refuses the rest. */
export function mountIndexApi(
  app: Hono<AppEnv>,
  { config: index, repository }: Pick<MountedIndex, "config" | "repository">,
  { authorize, pageStores: { publishers } }: Pick<IndexRouteParts, "authorize" | "pageStores">,
): void {
  app.route(`${index.base}/-/api/projects`, hostedProjectRoutes({ authorize, publishers, index, repository }));
}

/** Mounts all that is read of an index, at its base. */
export function mountIndex(
  app: Hono<AppEnv>,
  { config: own, repository, isDated, explain, catalog, sources, carried }: MountedIndex,
  parts: IndexRouteParts,
): void {
  const { authorize, publicUrl, indexes, pageStores } = parts;
  const {
    publishers,
    tokens,
    releases,
    projectUses: uses,
    builders,
    hostedProvenance,
    readmes,
    knownProjects: known,
    listedNames: names,
    isReserved,
  } = pageStores;
  const searched = { repository, sources, known, names, isReserved };
  const { name, base, upstreams, overlays } = own;
  const mount = (path: string, routes: Hono<AppEnv>) => {
    // The final slash of a named index's own page may be left out.
    const addresses = path === "" ? [`${base}/`, ...(base === "" ? [] : [base])] : [`${base}/${path}/*`];
    for (const below of addresses) {
      if (own.isPrivate) app.use(below, readersOnly(authorize, name));
      else if (overlays.length > 0) app.use(below, revalidatedByCaches);
    }
    app.route(`${base}/${path}`, routes);
  };
  mount("", homeRoutes({ ...own, publicUrl, indexes, catalog, repository, publishers, tokens }, authorize));
  if (base !== "") app.get(base, (c) => redirectTo(c, `${base}/`));
  mount("-/why", explain ? whyRoutes({ name, base, publicUrl, sources, builders }, explain) : nothingToExplain(name));
  mount(
    "project",
    projectPageRoutes(
      {
        ...own,
        ...searched,
        publicUrl,
        indexes,
        explain,
        publishers,
        uses,
        builders,
        hostedProvenance,
        readmes,
        releases,
      },
      authorize,
    ),
  );
  mount("search", searchRoutes({ ...own, ...searched, publicUrl, indexes }, authorize));
  mount(
    "simple",
    simpleRoutes({ repository, base, isDated, carried: upstreams.length === carried.length ? carried : [] }),
  );
  // A private index shares nothing with caches.
  const lifetime = own.policies.length > 0 && !own.isPrivate ? LIFETIMES.judgedFile : LIFETIMES.file;
  mount("files", fileRoutes(repository, lifetime, `${base}/files/`));
  if (overlays.length > 0) mount("find-links", findLinksRoutes(repository, base));
  if (own.hosted) mount("legacy/+simple", uploadedFileRoutes(repository));
  const last = upstreams.at(-1);
  const packages = last && new URL("packages/", last.files);
  const documents = { repository, name, base, publicUrl, packages, isDated, sources, builders };
  mount("pypi", jsonRoutes(documents));
  mount("integrity", provenanceRoutes(documents));
  if (packages)
    mount("packages", fileRoutes(repository, lifetime, `${base}/packages/`, packages.host + packages.pathname));
}

/**
 * Returns a function that gives the path that routes are matched with: as it was sent, except in the Simple API of an index
 * on its find-links page and on those for people. There doubled slashes count as one and a final slash is ignored; a redirect then leads to the
 * canonical spelling. A path in a view is that of the index, behind `VIEWS`.
 */
export function routedPaths(bases: readonly string[]): (path: string) => string {
  const known = new Set(bases);
  const pages = bases.flatMap((base) =>
    ["simple", "find-links", "project", "search"].map((page) => `${base}/${page}/`),
  );
  const collapsed = (path: string) => {
    const single = `${path}/`.replace(/\/{2,}/g, "/");
    return pages.some((page) => single.startsWith(page)) ? single.slice(0, -1) : path;
  };
  return (path) => {
    const seen = viewPathOf(path, (base) => known.has(base));
    return seen ? VIEWS + collapsed(seen.base + seen.rest) : collapsed(path);
  };
}
