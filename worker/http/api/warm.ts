import type { Context as HonoContext } from "hono";
import { readable } from "../../repository/readable.ts";
import { warm, type Clock } from "../../locks/warm.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { readLockRequest, type NamedIndex } from "./lock.ts";

/** Stores what a lock asks for, and reports the progress as lines of JSON (NDJSON); the last line is a summary. */
export async function answerWarm(c: HonoContext<AppEnv>, indexes: readonly NamedIndex[], clock: Clock) {
  const progress = await warm(await readLockRequest(c, indexes), clock, c.get("ctx"));
  const headers = { "Content-Type": "application/x-ndjson", ...LIFETIMES.live };
  return new Response(readable(lines(progress)), { headers });
}

async function* lines(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
