import type { Context as HonoContext } from "hono";
import { wheelhouse } from "../../locked/wheelhouse.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { readWanted, type NamedIndex } from "./lock.ts";

/** Answers with one tar of the files that a lock asks for. */
export async function answerWheelhouse(c: HonoContext<AppEnv>, indexes: readonly NamedIndex[]) {
  const { size, body } = await wheelhouse(await readWanted(c, indexes), c.var.ctx);
  return new Response(body, {
    headers: {
      "Content-Type": "application/x-tar",
      "Content-Length": String(size),
      "Content-Disposition": 'attachment; filename="wheelhouse.tar"',
      ...LIFETIMES.live,
    },
  });
}
