import { HOW_TO_ADD_A_RECEIVER } from "./job-sentences.ts";
import { Hono } from "hono";
import type { NoticesTried } from "../../../schema/notify.ts";
import { badRequest } from "../../errors.ts";
import type { Receiver } from "../../repository/ports/notices.ts";
import { adminOnly, type Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { parametersOf } from "./parameters.ts";

/** Tries the receivers; to be mounted at `/-/api/notify`. For admins of the whole installation: the answer has their addresses. */
export function notifyRoutes(authorize: Authorize, receivers: readonly Receiver[]): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.use("/test", adminOnly(authorize), allowOnly("POST"));
  routes.post("/test", async (c) => {
    parametersOf(c.req.url, []);
    if (receivers.length === 0)
      throw badRequest(`There are no receivers, so nothing was sent. ${HOW_TO_ADD_A_RECEIVER}`);
    const { now } = c.get("ctx");
    const about = { index: "*", project: "", subject: "", details: {} };
    const notice = { id: `test.${crypto.randomUUID()}`, event: "test", at: new Date(now).toISOString(), ...about };
    const tried = await Promise.all(
      receivers.map(async ({ url, send }) => {
        const reason = await send(notice, now);
        return { url, taken: reason === undefined, ...(reason !== undefined && { reason }) };
      }),
    );
    return c.json({ receivers: tried } satisfies NoticesTried, 200, LIFETIMES.live);
  });
  return routes;
}
