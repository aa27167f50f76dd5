import { Hono, type Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import { DEFAULT } from "../../../schema/indexes.ts";
import type { Scope } from "../../../schema/token.ts";
import { SOME_INDEX } from "../../auth/principal.ts";
import { badRequest } from "../../errors.ts";
import type { Clock } from "../../locks/waiting.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { allowOnly } from "../limits.ts";
import { readLockRequest, type NamedIndex } from "./lock.ts";
import { answerMappedLock } from "./map-lock.ts";
import { isSwitchedOn, parametersOf } from "./parameters.ts";
import { answerPolicyReport } from "./policy-report.ts";
import { answerWarm } from "./warm.ts";
import { answerWheelhouse } from "./wheelhouse.ts";

/** What the routes need. */
export interface LocksApi {
  readonly authorize: Authorize;
  readonly indexes: readonly NamedIndex[];
  readonly clock: Clock;
  readonly pipe: MakePipe;
}

/** A request of which it is known which index's lock it is about. */
interface LockEnv extends AppEnv {
  Variables: AppEnv["Variables"] & { index: string; /** Whether a token for it was shown. */ isKnown?: boolean };
}

/**
 * What is done with a lock file that is sent; to be mounted at the API of the whole server, where the parameter `index` names the
 * index, or else the token's is meant; or at that of an index.
 *
 * @param own the name of the index in whose API the routes are
 */
export function lockRoutes({ authorize, indexes, clock, pipe }: LocksApi, own?: string): Hono<LockEnv> {
  const routes = new Hono<LockEnv>();
  const index = own === undefined ? (["index"] as const) : [];
  const parameters = [...index, "filename", "python", "platform"] as const;

  const namedIn = ({ req }: Pick<HonoContext<LockEnv>, "req">) =>
    own ?? new URL(req.url).searchParams.get("index") ?? undefined;

  /** The index that a lock is for: the named one, else the token's. Throws where the token does not have the scope there. */
  async function permittedIndex(c: HonoContext<LockEnv>, scope: Scope): Promise<string> {
    const named = namedIn(c);
    const { principal } = await authorize(c, { scope, index: named ?? SOME_INDEX });
    return named ?? (principal.index === "*" ? DEFAULT : principal.index);
  }

  /** Lets only principals pass that have the scope on the index. */
  const permitted = (scope: Scope) =>
    createMiddleware<LockEnv>(async (c, next) => {
      c.set("index", await permittedIndex(c, scope));
      await next();
    });

  routes.use("/warm", permitted("warm"), allowOnly("POST"));
  routes.post("/warm", async (c) => {
    const { "dry-run": dryRun, ...given } = parametersOf(c.req.url, [...parameters, "dry-run"]);
    const asked = await readLockRequest(c, indexNamed(c.get("index"), indexes), given);
    return answerWarm(c, asked, isSwitchedOn("dry-run", dryRun), clock);
  });

  routes.use("/wheelhouse", permitted("read"), allowOnly("POST"));
  routes.post("/wheelhouse", async (c) => {
    const given = parametersOf(c.req.url, parameters);
    return answerWheelhouse(c, await readLockRequest(c, indexNamed(c.get("index"), indexes), given), pipe);
  });

  routes.use("/policy/report", permitted("read"), allowOnly("POST"));
  routes.post("/policy/report", async (c) =>
    answerPolicyReport(c, indexNamed(c.get("index"), indexes), parametersOf(c.req.url, parameters)),
  );

  /** Lets everyone pass who may read the index; says of an index that all may read whether a token for it was shown. */
  const readable = createMiddleware<LockEnv>(async (c, next) => {
    const named = namedIn(c);
    const isOpen = indexes.some(({ name, isPrivate }) => name === (named ?? DEFAULT) && !isPrivate);
    if (isOpen && c.req.header("Authorization") === undefined) c.set("index", named ?? DEFAULT);
    else {
      c.set("index", await permittedIndex(c, "read"));
      c.set("isKnown", true);
    }
    await next();
  });

  for (const target of ["local", "canonical"] as const) {
    routes.use(`/lock/${target}`, readable, allowOnly("POST"));
    routes.post(`/lock/${target}`, async (c) => {
      const { filename } = parametersOf(c.req.url, [...index, "filename"]);
      const named = indexNamed(c.get("index"), indexes);
      return answerMappedLock(c, target, named, filename, c.get("isKnown") ?? false);
    });
  }
  return routes;
}

/** Throws `bad-request` where there is no such index. */
function indexNamed(index: string, indexes: readonly NamedIndex[]): NamedIndex {
  const named = indexes.find(({ name }) => name === index);
  if (named) return named;
  const names = indexes.map(({ name }) => name).join(", ");
  throw badRequest(`There is no index ${JSON.stringify(index.slice(0, 40))} here; index may be one of: ${names}.`);
}
