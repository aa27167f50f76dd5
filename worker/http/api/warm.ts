import type { Context as HonoContext } from "hono";
import { readable } from "../../repository/readable.ts";
import type { LockRequest } from "../../locks/resolve.ts";
import type { Clock } from "../../locks/waiting.ts";
import { warm } from "../../locks/warm.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { describeProblem } from "../problem.ts";

/**
 * Stores what a lock asks for, and reports the progress as lines of JSON (NDJSON); the last line is a summary. What fails before the
 * first line is thrown, and has a status of its own; what fails later is the last line, as problem details.
 *
 * @param dryRun answers with what would be fetched, and stores nothing but pages
 */
export async function answerWarm(
  c: Pick<HonoContext<AppEnv>, "req" | "get">,
  asked: LockRequest,
  dryRun: boolean,
  clock: Clock,
): Promise<Response> {
  const reports = warm(asked, dryRun, clock, c.get("ctx"));
  const first = await reports.next();
  async function* lines(): AsyncGenerator<string> {
    try {
      if (!first.done) yield line(first.value);
      for await (const report of reports) yield line(report);
    } catch (error) {
      const { status, title, detail } = describeProblem(error, c);
      yield line({ problem: { status, title, detail } });
    }
  }
  const headers = { "Content-Type": "application/x-ndjson", ...LIFETIMES.live };
  return new Response(
    readable(lines(), () => reports.return(undefined)),
    { headers },
  );
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
