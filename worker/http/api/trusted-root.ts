import { Hono } from "hono";
import { newTrustedRoot, type NewTrustedRoot, type ShownTrustedRoot } from "../../../schema/trusted-root.ts";
import type { Author } from "../../auth/audit-entry.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { parametersOf } from "./parameters.ts";
import { readRequestJson } from "./request-json.ts";

/** Shows the trusted root of the deployment, and stores another. `now` in milliseconds since the epoch. */
export interface TrustedRootApi {
  show(now: number): Promise<ShownTrustedRoot>;
  replace(root: NewTrustedRoot, author: Author, now: number): Promise<ShownTrustedRoot>;
}

/** The trusted root by which provenance is verified; to be mounted at `/-/api/trusted-root`. */
export function trustedRootRoutes(authorize: Authorize, roots: TrustedRootApi): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    await authorize(c, { scope: "admin", index: "*" });
    parametersOf(c.req.url, []);
    return c.json(await roots.show(c.get("ctx").now), 200, LIFETIMES.live);
  });

  routes.put("/", async (c) => {
    const author = await authorize(c, { scope: "admin", index: "*" });
    parametersOf(c.req.url, []);
    const root = await readRequestJson(c.req.raw, newTrustedRoot);
    return c.json(await roots.replace(root, author, c.get("ctx").now), 200, LIFETIMES.live);
  });
  routes.use("/", allowOnly("GET", "HEAD", "PUT"));
  return routes;
}
