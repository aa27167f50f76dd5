import { Hono } from "hono";
import type { AppEnv } from "../http/context.ts";
import { answerOf, LIFETIMES } from "../http/headers.ts";
import { IndexError } from "../errors.ts";
import { STYLE, STYLE_DIGEST } from "./style.ts";

/** Nothing here is for search engines; what installers read, they read all the same. */
const ROBOTS = "User-agent: *\nDisallow: /\n";

/** What all pages share: the stylesheet, and what crawlers ask first. To be mounted at the server's root. */
export function sharedRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/robots.txt", () => answerOf(ROBOTS, { ...LIFETIMES.page, "Content-Type": "text/plain; charset=utf-8" }));
  routes.get("/-/style/:file", (c) => {
    // A page of the version before asks for the stylesheet of that version.
    if (c.req.param("file") !== `${STYLE_DIGEST}.css`) {
      throw new IndexError("no-such-route", "This is the address of no stylesheet: load the page again.");
    }
    return answerOf(STYLE, { ...LIFETIMES.file, "Content-Type": "text/css; charset=utf-8" });
  });
  return routes;
}
