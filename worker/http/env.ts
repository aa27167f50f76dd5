import type { Context } from "../repository/repository.ts";

/** What Hono's handlers find in `c.var`: one context a request, made by the first middleware. */
export interface AppEnv {
  Variables: { ctx: Context };
}
