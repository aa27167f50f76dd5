import { Hono } from "hono";
import description from "../../../schema/openapi.json" with { type: "json" };
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { parametersOf } from "./parameters.ts";

/** The API's description, for everyone: it says nothing of what is here. To be mounted at `/-/api/openapi.json`. */
export function openApiRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", (c) => {
    parametersOf(c.req.url, []);
    return c.json(description, 200, LIFETIMES.page);
  });
  routes.use("/", allowOnly("GET", "HEAD"));
  return routes;
}
