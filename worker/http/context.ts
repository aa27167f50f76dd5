import type { Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import { contextOf } from "../log/context.ts";
import type { Log } from "../log/log.ts";
import type { UpstreamWait } from "../log/upstream-wait.ts";
import type { BodyOf, RequestFacts, Work } from "../platform/platform.ts";
import { installerOf } from "../pypi/installer.ts";
import type { Edge } from "../repository/ports/maintenance.ts";
import type { AllowanceFor } from "../auth/allowance.ts";
import type { Credentials } from "../auth/authenticate.ts";
import type { Principal } from "../auth/principal.ts";
import type { Counters } from "../repository/ports/counters.ts";
import type { Context } from "../repository/context.ts";
import { NOTHING_LOADED } from "./headers.ts";
import { servedPath } from "./served-path.ts";
import { subjectOf } from "./subject.ts";
import { withoutView } from "./view-path.ts";

/**
 * What Hono's handlers find in `c.env`, and get by `c.get`, which the first middleware sets for each request. `c.var` would make
 * an object of it at each access.
 */
export interface AppEnv {
  Bindings: {
    readonly work: Work;
    /** The cache in front of the worker; undefined where there is none. */
    readonly edge?: Edge | undefined;
    /** The request as it came, where another app has taken it and passes it on. */
    readonly outer?: Pick<HonoContext<AppEnv>, "get"> | undefined;
  };
  Variables: {
    ctx: Context;
    /** Its lines have the request's id, index and project. */
    log: Log;
    facts: RequestFacts;
    /** How long it has waited for upstreams. */
    upstreamWait: UpstreamWait;
    /** Whether it is a form of a page of ours, sent by who is signed in there: only so a session writes. */
    isOwnForm?: true;
    /** Who is signed in in the browser that sent it; undefined where it has no session, or one that does not count. */
    who: Principal | undefined;
    bodyOf: BodyOf;
  };
}

interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly counters: Counters;
  readonly log: Log;
  readonly facts: RequestFacts;
  readonly bodyOf: BodyOf;
  readonly allowanceFor: AllowanceFor;
  readonly senderOf: (c: HonoContext<AppEnv>) => Credentials;
  /** The names of the indexes; the first is at the root. */
  readonly indexNames: readonly string[];
}

const POLICY = "Content-Security-Policy";

/**
 * Gives a request its context and its log; every answer the request's id and `nosniff`; and every answer in HTML a policy by which
 * it loads nothing, unless it has one of its own.
 */
export const withContext = ({ now, counters, log, facts, bodyOf, allowanceFor, senderOf, indexNames }: Surroundings) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const started = now();
    const requestId = facts.requestId(c.req.raw);
    // Most requests write no line: what all lines of one have in common is put together where one is written.
    const own: Log = (level, fields, text) => {
      const time = new Date(started).toISOString();
      log(level, { time, requestId, ...subjectOf(withoutView(servedPath(c.req.url)), indexNames), ...fields }, text);
    };
    const ctx = contextOf(started, c.env.work, counters, own);
    const installer = () => installerOf(c.req.header("User-Agent") ?? "");
    c.set("ctx", { ...ctx, allowance: allowanceFor(() => senderOf(c), ctx), installer });
    c.set("log", own);
    c.set("facts", facts);
    c.set("bodyOf", bodyOf);
    await next();
    const { headers } = c.res;
    headers.set("X-Request-Id", requestId);
    headers.set("X-Content-Type-Options", "nosniff");
    const isHtml = /html/i.test(headers.get("Content-Type") ?? "");
    if (isHtml && !headers.has(POLICY)) headers.set(POLICY, NOTHING_LOADED);
  });

/** What an answer has as its body: bytes in memory as the platform sends them. */
export const bodyIn = (c: Pick<HonoContext<AppEnv>, "get">, body: Uint8Array | ReadableStream<Uint8Array> | null) =>
  (body instanceof Uint8Array ? c.get("bodyOf")(body) : body) as BodyInit | null;
