import type { Context as HonoContext } from "hono";
import type { PolicyReport } from "../../../schema/policy-report.ts";
import { badRequest } from "../../errors.ts";
import { reportLock } from "../../locks/report.ts";
import type { Explain } from "../../repository/explanation.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { shownFix } from "./held-fixes.ts";
import { readLockRequest, type LockParameters, type NamedIndex } from "./lock.ts";

/** Answers with what the policies of an index do with each package of the lock in the request's body. */
export async function answerPolicyReport(
  c: Pick<HonoContext<AppEnv>, "req" | "get" | "json">,
  named: NamedIndex,
  given: LockParameters,
): Promise<Response> {
  const explain = requireExplain(named);
  const asked = await readLockRequest(c, named, given);
  const { pins, elsewhere, heldFixes } = await reportLock(asked, explain, c.get("ctx"));
  const counts = { allowed: 0, held: 0, blocked: 0, unknown: 0 };
  for (const { status } of pins) counts[status]++;
  const answer: PolicyReport = {
    index: named.name,
    pins: pins.map(({ until, rules, publishers, ...pin }) => ({
      ...pin,
      until: until === undefined ? undefined : new Date(until).toISOString(),
      rules: [...rules],
      publishers: [...publishers],
    })),
    counts,
    elsewhere: [...elsewhere],
    heldFixes: heldFixes.map(shownFix),
  };
  return c.json(answer, 200, LIFETIMES.live);
}

/** Throws `bad-request` where the index has no policy. */
function requireExplain({ name, explain }: NamedIndex): Explain {
  if (explain) return explain;
  throw badRequest(`Index ${name} has no policy, so that it refuses nothing.`);
}
