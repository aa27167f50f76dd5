import { Hono } from "hono";
import { newEntries } from "../../../schema/policy-entry.ts";
import type { Authorize } from "../access.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { POLICY_ADMIN_SOMEWHERE, type PolicyEntryActions } from "../policy-entry-actions.ts";
import { admitted, type AdmittedEnv } from "./admitted.ts";
import { parametersOf } from "./parameters.ts";
import { readRequestJson } from "./request-json.ts";

/**
 * Adds, lists and removes what is allowed, denied or exempted of an index beside its configuration; to be mounted at
 * `/-/api/policy/entries`. It is for admins of the whole index.
 */
export function policyEntryRoutes(authorize: Authorize, actions: PolicyEntryActions): Hono<AdmittedEnv> {
  const routes = new Hono<AdmittedEnv>();
  const admins = admitted(authorize, POLICY_ADMIN_SOMEWHERE);
  routes.use("/", admins, allowOnly("GET", "HEAD", "POST"));
  routes.use("/:id", admins, allowOnly("DELETE"));

  routes.post("/", async (c) => {
    parametersOf(c.req.url, []);
    const asked = await readRequestJson(c.req.raw, newEntries);
    return c.json(await actions.add(c, asked, c.get("author")), 201, LIFETIMES.live);
  });

  routes.get("/", async (c) => {
    const asked = parametersOf(c.req.url, ["index", "kind"]);
    const entries = await actions.list(asked, c.get("author").principal, c.get("ctx").now);
    return c.json({ entries }, 200, LIFETIMES.live);
  });

  routes.delete("/:id", async (c) => {
    parametersOf(c.req.url, []);
    return c.json(await actions.remove(c, c.req.param("id"), c.get("author")), 200, LIFETIMES.live);
  });

  return routes;
}
