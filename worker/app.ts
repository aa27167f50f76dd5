import { Hono } from "hono";
import type { Config } from "../schema/config.ts";
import type { Services } from "./compose/services.ts";
import { IndexError } from "./errors.ts";
import { lockRoutes } from "./http/api/locks.ts";
import { apiRoutes } from "./http/api/routes.ts";
import { withContext, type AppEnv } from "./http/context.ts";
import { createAuthorize, filesForgottenSoon, readersOnly, revalidatedByCaches } from "./http/access.ts";
import { countRequests } from "./http/count-requests.ts";
import { ownPagesOnly, readableAnywhere } from "./http/cross-origin.ts";
import { jsonRoutes, provenanceRoutes } from "./http/documents.ts";
import { fileRoutes } from "./http/files.ts";
import { findLinksRoutes, uploadedFileRoutes } from "./http/find-links.ts";
import { healthRoutes } from "./http/health.ts";
import { allowOnly, requestLimits } from "./http/limits.ts";
import { requestLog } from "./http/log.ts";
import { metricsRoutes } from "./http/metrics.ts";
import { oidcRoutes } from "./http/oidc.ts";
import { pathOf } from "./http/path.ts";
import { problem } from "./http/problem.ts";
import { redirectTo } from "./http/redirect.ts";
import { createSettling } from "./http/settle.ts";
import { simpleRoutes } from "./http/simple.ts";
import { misdirectedUploadRoutes, uploadRoutes } from "./http/upload.ts";
import { runJob } from "./jobs/schedule.ts";
import { overdueCrons } from "./jobs/overdue-crons.ts";
import { logAs } from "./log/log.ts";
import type { Platform, RequestFacts } from "./platform/platform.ts";
import { homeRoutes } from "./ui/home.tsx";
import { whyRoutes } from "./ui/why.tsx";

/** Where an index has files. */
const HAS_FILES: ReadonlySet<string> = new Set(["files", "packages"]);

type HttpPlatform = Pick<Platform, "now" | "sleep" | "pipe" | "trouble" | "staleness" | keyof RequestFacts>;

/**
 * All middleware and routes, in order.
 *
 * No route has a name where another route with the same beginning has a parameter (`/:version` and `/status`). Hono
 * would match all routes with its slower router then; such a pair is one route, and its handler tells them apart.
 */
export function createApp(config: Config, services: Services, platform: HttpPlatform): Hono<AppEnv> {
  const { now } = platform;
  const { indexes, counters } = services;
  const authorize = createAuthorize(services.authenticate);
  const all = indexes.map((index) => index.config);
  const pages = all.flatMap(({ base }) => [`${base}/simple/`, `${base}/find-links/`]);
  const shown = new Set(
    all.flatMap(({ isPrivate, overlays }) => (isPrivate ? [] : overlays.map(({ index }) => index))),
  );
  const settling = createSettling(platform.staleness, platform.sleep, (index) => shown.has(index));
  const app = new Hono<AppEnv>({ getPath: (request) => routedPath(request.url, pages) });

  app.use(
    withContext({
      now,
      counters,
      log: logAs(config.logFormat),
      facts: platform,
      allowanceFor: services.allowanceFor,
      indexNames: all.map(({ name }) => name),
    }),
  );
  if (config.logRequests) app.use(requestLog(now));
  // Before requests are counted: monitoring requests are not part of the figures, and cost no writes.
  app.route(
    "/-/health",
    healthRoutes({
      overdue: (at) => overdueCrons(services.runs, at),
      trouble: platform.trouble,
      probes: services.probes,
      upstreams: services.upstreams,
    }),
  );
  app.route("/-/metrics", metricsRoutes(services, config.openMetrics ? undefined : authorize));
  app.use(countRequests(counters, services.flush));
  app.use(readableAnywhere(all));
  app.use(requestLimits);
  app.use(ownPagesOnly(config.publicUrl));
  const named = indexes.map(({ config: { name, base, hosted, isPrivate, upstreams }, repository }) => {
    return { name, base, hosted, isPrivate, repository, upstreams, publicUrl: config.publicUrl };
  });
  app.route(
    "/-/api",
    apiRoutes({
      authorize,
      settling,
      runJob: (name, ctx, options) => runJob(name, services, ctx, options),
      indexes: named,
      releases: services.releases,
      auditLog: services.auditLog,
      tokens: services.tokens,
      uploads: services.uploads,
      clock: platform,
      pipe: platform.pipe,
    }),
  );
  for (const { name, base } of named) {
    const locks = { authorize, indexes: named, clock: platform, pipe: platform.pipe };
    if (base !== "") app.route(`${base}/-/api`, lockRoutes(locks, name));
  }
  const { openStagingFile, publish } = services;
  for (const { config: index } of indexes) {
    app.route(index.base, uploadRoutes({ index, authorize, settling, openStagingFile, publish }));
    for (const path of ["", "/", "/simple"]) app.route(`${index.base}${path}`, misdirectedUploadRoutes(index));
  }
  app.route("/_/oidc", oidcRoutes({ audience: config.audience, settling, tokenExchange: services.tokenExchange }));
  app.use(allowOnly("GET", "HEAD"));

  for (const { config: own, repository, explain, catalog: kept } of indexes) {
    const { name, base, upstreams, overlays } = own;
    const mount = (path: string, routes: Hono<AppEnv>) => {
      // The final slash of a named index's own page may be left out.
      const addresses = path === "" ? [`${base}/`, ...(base === "" ? [] : [base])] : [`${base}/${path}/*`];
      for (const below of addresses) {
        if (own.isPrivate) app.use(below, readersOnly(authorize, name));
        else if (overlays.length > 0) app.use(below, revalidatedByCaches);
        else if (own.policies.length > 0 && HAS_FILES.has(path)) app.use(below, filesForgottenSoon);
      }
      app.route(`${base}/${path}`, routes);
    };
    mount("", homeRoutes({ ...own, publicUrl: config.publicUrl, indexes: all, catalog: kept }, authorize));
    if (base !== "") app.get(base, (c) => redirectTo(c, `${base}/`));
    if (explain) mount("-/why", whyRoutes(name, explain));
    mount("simple", simpleRoutes(repository, base));
    mount("files", fileRoutes(repository, `${base}/files/`));
    if (overlays.length > 0) mount("find-links", findLinksRoutes(repository, base));
    if (own.hosted) mount("legacy/+simple", uploadedFileRoutes(repository));
    const last = upstreams.at(-1);
    if (!last) continue;
    const packages = new URL("packages/", last.files);
    mount("packages", fileRoutes(repository, `${base}/packages/`, packages.host + packages.pathname));
    const documents = { repository, base, publicUrl: config.publicUrl, packages };
    mount("pypi", jsonRoutes(documents));
    mount("integrity", provenanceRoutes(documents));
  }

  app.notFound((c) => problem(noSuchRoute(), c));
  app.onError((error, c) => problem(error, c));
  return app;
}

/**
 * The path that routes are matched with: as it was sent, except in the Simple API of an index and on its find-links
 * page. There doubled slashes count as one and a final slash is ignored; a redirect then leads to the canonical
 * spelling.
 *
 * @param pages the paths of all Simple APIs and find-links pages; each ends in `/`
 */
function routedPath(url: string, pages: readonly string[]): string {
  const pathname = pathOf(url);
  const collapsed = `${pathname}/`.replace(/\/{2,}/g, "/");
  return pages.some((page) => collapsed.startsWith(page)) ? collapsed.slice(0, -1) : pathname;
}

const noSuchRoute = () =>
  new IndexError("no-such-route", "There is nothing at this address; the indexes here are listed at /.");
