import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Author } from "../../auth/audit-entry.ts";
import type { Permission } from "../../auth/principal.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";

/** A request with an authenticated sender. */
export interface AdmittedEnv extends AppEnv {
  Variables: AppEnv["Variables"] & { author: Author };
}

/** Lets in who has the permission, and keeps who that is as `author`. Throws what `authorize` throws. */
export const admitted = (authorize: Authorize, permission: Permission): MiddlewareHandler<AdmittedEnv> =>
  createMiddleware<AdmittedEnv>(async (c, next) => {
    c.set("author", await authorize(c, permission));
    await next();
  });
