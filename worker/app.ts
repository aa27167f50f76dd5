import { Hono } from "hono";
import type { Config } from "../schema/config.ts";
import { mountIndex, mountIndexApi, neighboursOf, routedPaths } from "./app/index-routes.ts";
import { indexOrNothing, noSuchIndexApi, noSuchRoute } from "./app/no-such-route.ts";
import { viewRoutes } from "./app/view-routes.ts";
import type { Services } from "./compose/services.ts";
import { carriedRoutes } from "./http/api/carried.ts";
import { lockRoutes } from "./http/api/locks.ts";
import { policyOutlookRoutes } from "./http/api/policy-outlook.ts";
import { apiRoutes } from "./http/api/routes.ts";
import { storedRoutes } from "./http/api/stored.ts";
import { withContext, type AppEnv } from "./http/context.ts";
import { createAuthorize, privateToSessions } from "./http/access.ts";
import { claimantOf } from "./http/claimant.ts";
import { countRequests } from "./http/count-requests.ts";
import { ownPagesOnly, readableAnywhere } from "./http/cross-origin.ts";
import { createTakeForm } from "./http/forms.ts";
import { healthRoutes } from "./http/health.ts";
import { allowOnly, requestLimits } from "./http/limits.ts";
import { requestLog } from "./http/log.ts";
import { metricsRoutes } from "./http/metrics.ts";
import { oidcRoutes } from "./http/oidc.ts";
import { redirectTo } from "./http/redirect.ts";
import { servedPath } from "./http/served-path.ts";
import { createJobActions } from "./http/job-actions.ts";
import { createPolicyEntryActions } from "./http/policy-entry-actions.ts";
import { createReleaseChanges } from "./http/release-changes.ts";
import { withReasonPhrase } from "./http/reason-phrase.ts";
import { serverTiming } from "./http/server-timing.ts";
import { createSettling } from "./http/settle.ts";
import { recogniseSignedIn } from "./http/signed-in.ts";
import { createTokenActions } from "./http/token-actions.ts";
import { misdirectedUploadRoutes, pageOfPublished, uploadRoutes } from "./http/upload.ts";
import { VIEWS } from "./http/view-path.ts";
import { AUDITED_JOBS, runJob, SCHEDULE } from "./jobs/schedule.ts";
import { auditPageRoutes } from "./ui/operate/audit.tsx";
import { dashboardRoutes } from "./ui/operate/dashboard.tsx";
import { releaseFormRoutes } from "./ui/operate/release-forms.ts";
import { exemptionPageRoutes } from "./ui/operate/exemptions.tsx";
import { jobPageRoutes } from "./ui/operate/jobs.tsx";
import { signInRoutes } from "./ui/operate/sign-in.tsx";
import { tokenPageRoutes } from "./ui/operate/manage-tokens.tsx";
import { problemAnywhere } from "./ui/problem-page.tsx";
import { sharedRoutes } from "./ui/shared.ts";
import { advisoryTroubleOf } from "./jobs/advisory-trouble.ts";
import { hostedNowhere } from "./jobs/hosted-nowhere.ts";
import { rootExpiry, rootTrouble } from "./jobs/root-trouble.ts";
import { overdueCrons } from "./jobs/overdue-crons.ts";
import { logAs } from "./log/log.ts";
import type { Platform, RequestFacts } from "./platform/platform.ts";

type HttpPlatform = Pick<
  Platform,
  "now" | "sleep" | "pipe" | "bodyOf" | "trouble" | "staleness" | "shareReads" | keyof RequestFacts
>;

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
  const here = { indexes: all, publicUrl: config.publicUrl };
  const routed = routedPaths(all.map(({ base }) => base));
  const shown = new Set(
    all.flatMap(({ isPrivate, overlays, policies }) =>
      isPrivate ? [] : [...overlays, ...policies].map(({ index }) => index),
    ),
  );
  const settling = createSettling(platform.staleness, platform.sleep, (index) => shown.has(index));
  const overdue = (at: number) => overdueCrons(services.runs, at);
  const tokenActions = createTokenActions({ settling, tokens: services.tokens, indexes: all });
  const releaseChanges = createReleaseChanges(settling, services.releases);
  const takeForm = createTakeForm({ authorize, sentForms: services.sentForms, publicUrl: config.publicUrl });
  const trustedRoot = (at: number) => rootTrouble(services.sources, at);
  const app = new Hono<AppEnv>({ getPath: (request) => routed(servedPath(request.url)) });

  app.use(
    withContext({
      now,
      counters,
      log: logAs(config.logFormat),
      facts: platform,
      bodyOf: platform.bodyOf,
      allowanceFor: services.allowanceFor,
      senderOf: claimantOf,
      indexNames: all.map(({ name }) => name),
    }),
  );
  app.use(serverTiming(now));
  app.use(privateToSessions);
  app.use(recogniseSignedIn(services));
  if (config.logRequests) app.use(requestLog(now));
  // Before requests are counted: monitoring requests are not part of the figures, and cost no writes.
  app.route(
    "/-/health",
    healthRoutes({
      overdue,
      trouble: platform.trouble,
      advisories: advisoryTroubleOf({
        indexes: all,
        isKept: config.osv !== undefined,
        store: services.advisoryIndex,
      }),
      trustedRoot,
      probes: services.probes,
      scrub: () => services.scrubbing.state(),
      upstreams: services.upstreams,
    }),
  );
  app.route(
    "/-/metrics",
    metricsRoutes(
      { ...services, overdue, trouble: platform.trouble, rootExpiry: () => rootExpiry(services.sources) },
      config.openMetrics ? undefined : authorize,
    ),
  );
  app.use(countRequests(counters, services.flush));
  app.use(readableAnywhere(all));
  app.use(requestLimits);
  app.use(ownPagesOnly(config.publicUrl));
  const named = indexes.map(
    ({ config: { name, base, hosted, volatile, overlays, isPrivate, upstreams, policies }, repository, explain }) => {
      const denied = policies.find(({ index }) => index === name)?.deny;
      const merge = overlays.find(({ index }) => index === name)?.merge ?? [];
      const own = { name, base, hosted, volatile, merge, isPrivate };
      return { ...own, repository, explain, upstreams, denied, publicUrl: config.publicUrl };
    },
  );
  const jobActions = createJobActions({
    runJob: (name, ctx, options) => runJob(name, services, ctx, options),
    audited: AUDITED_JOBS,
    auditLog: services.auditLog,
  });
  const policyEntryActions = createPolicyEntryActions({ settling, indexes: named, ...services.policyEntries });
  for (const { config: own, sources, explain, explainUnder } of indexes) {
    const { askedFor } = services;
    const parts = { authorize, askedFor, index: own.name, sources, explain, explainUnder };
    app.route(`${own.base}/-/api/policy`, policyOutlookRoutes(parts));
  }
  const shownBy = { publicUrl: config.publicUrl, pageStores: services.pageStores };
  for (const index of indexes) {
    const { config: own, sources, carried } = index;
    mountIndexApi(app, index, { authorize, pageStores: services.pageStores });
    app.route(
      `${own.base}/-/api/stored`,
      storedRoutes(authorize, { name: own.name, sources }, services.pageStores.storedListing),
    );
    const hasPolicy = own.policies.some(({ index: of }) => of === own.name);
    const parts = { authorize, settling, index: { name: own.name, hasPolicy }, carried };
    app.route(`${own.base}/-/api/carried`, carriedRoutes(parts));
  }
  app.route(
    "/-/api",
    apiRoutes({
      authorize,
      settling,
      jobActions,
      indexes: named,
      releases: services.releases,
      releaseChanges,
      publishers: services.pageStores.publishers,
      forks: services.forks,
      advisoriesOnFork: services.advisoriesOnFork,
      auditLog: services.auditLog,
      tokenActions,
      policyEntryActions,
      uploads: services.uploads,
      advisories: services.advisoryIndex,
      trustedRoots: services.trustedRoots,
      mirroring: {
        mirrors: services.mirrors,
        lists: services.mirrorLists,
        verifications: services.verifications,
      },
      receivers: services.notices.receivers,
      clock: platform,
      pipe: platform.pipe,
    }),
  );
  const locks = { authorize, indexes: named, clock: platform, pipe: platform.pipe };
  app.all(`${VIEWS}/*`, viewRoutes(indexes, { ...locks, ...shownBy, routed }));
  for (const { name, base } of named) {
    if (base === "") continue;
    app.route(`${base}/-/api`, lockRoutes(locks, name));
    app.all(`${base}/-/api/*`, (c) => {
      throw noSuchIndexApi(c.req.path, base);
    });
  }
  const { openStagingFile, publish } = services;
  for (const { config: index } of indexes) {
    app.route(index.base, uploadRoutes({ index, authorize, settling, openStagingFile, publish }));
    for (const path of ["", "/", "/simple"]) app.route(`${index.base}${path}`, misdirectedUploadRoutes(index));
  }
  app.route("/_/oidc", oidcRoutes({ audience: config.audience, settling, tokenExchange: services.tokenExchange }));
  const operating = { ...services, authorize, takeForm, publicUrl: config.publicUrl, indexes: all };
  app.route("/", signInRoutes({ ...operating, settling }));
  app.route("/", releaseFormRoutes({ ...operating, changes: releaseChanges }));
  app.route("/", tokenPageRoutes({ ...operating, actions: tokenActions }));
  const guarded = named.flatMap(({ name, denied }) => (denied ? [name] : []));
  app.route("/", exemptionPageRoutes({ ...operating, actions: policyEntryActions, guarded }));
  app.route("/", jobPageRoutes({ ...operating, actions: jobActions, overdue, schedule: SCHEDULE }));
  app.use(indexOrNothing(here));
  app.use(allowOnly("GET", "HEAD"));

  app.route("/", sharedRoutes());
  app.route(
    "/",
    dashboardRoutes({
      ...operating,
      indexes: services.indexes,
      trustedRoot,
      hostedNowhere: () => hostedNowhere(all, services.hosted),
      hasSharedCache: platform.shareReads,
    }),
  );
  app.route("/", auditPageRoutes(operating));
  const mounting = { ...shownBy, authorize, indexes: neighboursOf(indexes) };
  for (const index of indexes) mountIndex(app, index, mounting);

  app.notFound((c) => {
    const page = pageOfPublished(c.req.path, all);
    return page === undefined
      ? problemAnywhere(c, noSuchRoute(c.req.path, here), config.publicUrl)
      : redirectTo(c, page);
  });
  app.onError(async (error, c) => {
    const answer = await problemAnywhere(c, error, config.publicUrl);
    // An upload to a wrong address is one as well.
    return c.req.method === "POST" ? withReasonPhrase(answer, error) : answer;
  });
  return app;
}
