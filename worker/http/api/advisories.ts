import { Hono } from "hono";
import type { AdvisoriesState } from "../../../schema/advisories.ts";
import { loadIndex } from "../../advisories/load-index.ts";
import type { NewAuditEntry } from "../../auth/audit-entry.ts";
import type { AdvisoryIndexState, AdvisoryIndexStore } from "../../repository/ports/advisory-index.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import type { Settling } from "../settle.ts";
import { isSwitchedOn, parametersOf } from "./parameters.ts";
import { readRequestBody } from "./request-body.ts";

/** An index of PyPI's advisories has some 4 MB. Bytes. */
const MAX_INDEX = 32 * 1024 ** 2;

/** Stores an index like the job, and an entry in the audit log with it. */
export type ReplaceAudited = (entry: NewAuditEntry) => AdvisoryIndexStore["replace"];

/** Shows and loads the index of advisories; to be mounted at `/-/api/advisories`. */
export function advisoryRoutes(
  authorize: Authorize,
  { settle }: Pick<Settling, "settle">,
  store: AdvisoryIndexStore,
  replaceAudited: ReplaceAudited,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    await authorize(c, { scope: "admin", index: "*" });
    parametersOf(c.req.url, []);
    return c.json(shown(await store.state()), 200, LIFETIMES.live);
  });

  routes.put("/", async (c) => {
    const { principal, origin } = await authorize(c, { scope: "admin", index: "*" });
    const { fewer } = parametersOf(c.req.url, ["fewer"]);
    const mayLose = isSwitchedOn("fewer", fewer);
    const file = await readRequestBody(c.req.raw, MAX_INDEX, "The index");
    const { now } = c.get("ctx");
    await settle(() =>
      loadIndex(store, file, {
        mayLose,
        check: { checkedAt: now, failure: undefined },
        replace: replaceAudited({ principal, origin, action: "advisories.load", index: "*", project: "", subject: "" }),
      }),
    );
    return c.json(shown(await store.state()), 200, LIFETIMES.live);
  });
  routes.use("/", allowOnly("GET", "HEAD", "PUT"));
  return routes;
}

const shown = ({ isLoaded, records, entries, checkedAt, failure }: AdvisoryIndexState): AdvisoriesState => ({
  loaded: isLoaded,
  records,
  entries,
  ...(checkedAt > 0 && { checked: new Date(checkedAt).toISOString() }),
  ...(failure !== undefined && { failure }),
});
