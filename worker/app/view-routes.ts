import { Hono, type Handler } from "hono";
import type { IndexConfig } from "../../schema/indexes.ts";
import { policyOfView, readView, type View } from "../../schema/view.ts";
import type { Index } from "../compose/compose-index.ts";
import { badRequest, IndexError } from "../errors.ts";
import { lockRoutes, type LocksApi } from "../http/api/locks.ts";
import type { AppEnv } from "../http/context.ts";
import { redirectTo } from "../http/redirect.ts";
import { servedPath } from "../http/served-path.ts";
import { VIEWS, viewPathOf } from "../http/view-path.ts";
import { problemAnywhere } from "../ui/problem-page.tsx";
import { mountIndex, mountIndexApi, neighboursOf, type IndexRouteParts } from "./index-routes.ts";

/** How many views' routes are kept: a client uses one, and to make them again takes a millisecond. */
const MAX_KEPT = 64;

/** What the routes of views share. */
export interface ViewRouteParts extends LocksApi, Omit<IndexRouteParts, "authorize" | "indexes"> {
  /** As of `routedPaths`. */
  readonly routed: (path: string) => string;
}

/**
 * Answers requests in views: each is an index under a further policy, with the same routes at a base of its own, so that
 * all relative addresses stay in it. Nothing is written there but what reads store. A view that is spelled otherwise is
 * redirected; one whose characters are only escaped is the same, because pip escapes the "=" of every file's address.
 *
 * @param indexes of which there are views
 * @throws IndexError `bad-request` where the segment is no view
 */
export function viewRoutes(indexes: readonly Index[], parts: ViewRouteParts): Handler<AppEnv> {
  const byBase = new Map(indexes.map((index) => [index.config.base, index]));
  const apps = new Map<string, Hono<AppEnv>>();

  function keep(at: string, app: Hono<AppEnv>): void {
    apps.delete(at);
    apps.set(at, app);
    const [oldest] = apps.keys();
    if (apps.size > MAX_KEPT && oldest !== undefined) apps.delete(oldest);
  }

  return async (c) => {
    const seen = viewPathOf(servedPath(c.req.url), (base) => byBase.has(base));
    const index = seen && byBase.get(seen.base);
    if (!index) throw noSuchView();
    // As it was sent: what was a view once always is.
    const at = `${seen.base}/${seen.segment}`;
    let app = apps.get(at);
    if (!app) {
      const segment = decoded(seen.segment);
      const view = readView(segment, c.get("ctx").now);
      if (typeof view === "string") throw badRequest(view);
      // Its meaning never changes, so that clients may store it for good.
      if (segment !== view.segment) {
        const status = c.req.method === "GET" || c.req.method === "HEAD" ? 301 : 308;
        return redirectTo(c, `${seen.base}/${view.segment}${seen.rest}`, status);
      }
      app = viewApp(index, view, indexes, parts);
    }
    keep(at, app);
    return app.fetch(c.req.raw, { ...c.env, outer: c });
  };
}

/** The routes of one view. */
function viewApp(
  { config, catalog, under, sources, carried }: Index,
  view: View,
  indexes: readonly Index[],
  { publicUrl, pageStores, routed, ...locks }: ViewRouteParts,
): Hono<AppEnv> {
  const { name } = config;
  const base = `${config.base}/${view.segment}`;
  const policy = policyOfView(name, view);
  const { repository, isDated, explain } = under(policy, base);
  const own = { ...config, base, hosted: false, policies: [...config.policies, policy] };
  const outside = VIEWS.length + config.base.length;
  const app = new Hono<AppEnv>({ getPath: (request) => base + routed(servedPath(request.url)).slice(outside) });
  app.use((c, next) => {
    const { outer } = c.env;
    if (!outer) throw new Error("a view's request comes from another app");
    for (const key of ["ctx", "log", "facts", "bodyOf", "who"] as const) c.set(key, outer.get(key));
    return next();
  });
  const named = locks.indexes.map((index) => (index.name === name ? { ...index, base, repository, explain } : index));
  mountIndexApi(app, { config: own, repository }, { authorize: locks.authorize, pageStores });
  app.route(`${base}/-/api`, lockRoutes({ ...locks, indexes: named }, name));
  app.use((c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") throw takesNothing(config);
    return next();
  });
  mountIndex(
    app,
    { config: own, repository, isDated, explain, catalog, sources, carried },
    {
      authorize: locks.authorize,
      publicUrl,
      pageStores,
      indexes: neighboursOf(indexes),
    },
  );
  app.notFound((c) => problemAnywhere(c, noSuchView(), publicUrl));
  app.onError((error, c) => problemAnywhere(c, error, publicUrl));
  return app;
}

/** A segment as it was meant; as it was sent where an escape is broken. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const noSuchView = () =>
  new IndexError(
    "no-such-route",
    "There is nothing at this address of a view: it has what is read of its index, and /-/api/warm, /-/api/wheelhouse and /-/api/lock below its own address.",
  );

const takesNothing = ({ base, hosted }: IndexConfig) =>
  new IndexError(
    "method-not-allowed",
    `A view is only read.${hosted ? ` Upload to ${base}/legacy/, without the view.` : ""}`,
    { allow: ["GET", "HEAD"] },
  );
