import { Hono } from "hono";
import type { Config } from "../../schema/config.ts";
import type { AppEnv } from "../http/env.ts";
import { LIFETIMES } from "../http/headers.ts";

/** What the page about an index needs of it. */
interface Shown {
  readonly catalog: { count(): Promise<number> };
}

/** The page for a person: what this is, and how to point each client at it. */
export function homeRoutes(config: Config, index: Shown): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const origin = config.publicUrl || new URL(c.req.url).origin;
    const count = await index.catalog.count();
    c.header("Cache-Control", LIFETIMES.home["Cache-Control"]);
    return c.html(
      <p>
        {origin} {count}
      </p>,
    );
  });
  return routes;
}
