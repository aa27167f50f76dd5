import { Hono } from "hono";
import { newToken } from "../../../schema/token.ts";
import type { Authorize } from "../access.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { TOKEN_ADMIN_SOMEWHERE, type TokenActions } from "../token-actions.ts";
import { admitted, type AdmittedEnv } from "./admitted.ts";
import { parametersOf } from "./parameters.ts";
import { readRequestJson } from "./request-json.ts";

/** Creates, lists and revokes tokens; to be mounted at `/-/api/tokens`. */
export function tokenRoutes(authorize: Authorize, actions: TokenActions): Hono<AdmittedEnv> {
  const routes = new Hono<AdmittedEnv>();
  const admins = admitted(authorize, TOKEN_ADMIN_SOMEWHERE);
  routes.use("/", admins, allowOnly("GET", "HEAD", "POST"));
  routes.use("/:id", admins, allowOnly("DELETE"));

  routes.post("/", async (c) => {
    parametersOf(c.req.url, []);
    const asked = await readRequestJson(c.req.raw, newToken);
    return c.json(await actions.create(asked, c.get("author"), c.get("ctx")), 201, LIFETIMES.live);
  });

  routes.get("/", async (c) => {
    const { index } = parametersOf(c.req.url, ["index"]);
    const tokens = await actions.list(index, c.get("author").principal, c.get("ctx"));
    return c.json({ tokens }, 200, LIFETIMES.live);
  });

  routes.delete("/:id", async (c) => {
    parametersOf(c.req.url, []);
    return c.json(await actions.revoke(c.req.param("id"), c.get("author"), c.get("ctx")), 200, LIFETIMES.live);
  });

  return routes;
}
