import { setTimeout as sleep } from "node:timers/promises";
import { verificationStatus, type ShownVerification } from "../../schema/mirror-api.ts";
import { SECOND } from "../../worker/duration.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { showProgress } from "../lib/progress.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { sourceQuery } from "./source-query.ts";
import { UPSTREAM_FINDINGS, verificationLines, wrongKinds } from "./verification-lines.ts";

/** How often a verification is asked about. Milliseconds. */
const ASKED = SECOND;

/** What is verified. */
interface VerifyDemand {
  /** Percent of the projects; undefined: all. */
  readonly sample: number | undefined;
  readonly source: string | undefined;
  readonly repair: boolean;
  readonly cached: boolean;
}

/**
 * Has a server compare what is stored of a source with its upstream, waits for the end, and prints the result. Where the command is
 * ended before, the server goes on, and the command can be run again.
 *
 * @throws CommandError where something is wrong and was not repaired
 */
export async function verifyUpstream(server: ServerAccess, demand: VerifyDemand, isJson: boolean): Promise<void> {
  const body = JSON.stringify({
    source: demand.source,
    sample: demand.sample,
    repair: demand.repair,
    cached: demand.cached,
  });
  const answer = await sendRequest(server, "POST", "mirror/verification", body);
  const { value: begun } = await readApiJson(server, verificationStatus, answer);
  const { value, json } = await ended(server, begun.source, begun.verification?.began);
  if (isJson) console.log(JSON.stringify(json));
  else console.log(verificationLines(value).join("\n"));
  const kinds = wrongKinds(value);
  if (kinds.length > 0) throw new CommandError(kinds.map((kind) => `${kind}: ${UPSTREAM_FINDINGS[kind]}`).join("\n"));
}

async function ended(
  server: ServerAccess,
  source: string,
  began: string | undefined,
): Promise<{ readonly value: ShownVerification; readonly json: unknown }> {
  const bar = showProgress(process.stderr);
  try {
    for (;;) {
      const answer = await sendRequest(server, "GET", `mirror/verification${sourceQuery(source)}`);
      const { value, json } = await readApiJson(server, verificationStatus, answer);
      const { verification } = value;
      if (verification?.began !== began)
        throw new CommandError(`${source}: another verification has begun meanwhile, and this one has ended.`);
      if (!verification || verification.ended !== null) return { value, json };
      const { passed, projects, objects, retry, failure } = verification;
      const pause =
        retry === null ? "" : `; the upstream is asked again at ${retry}: ${failure ?? "it asked for a pause"}`;
      bar.show({
        done: passed,
        of: Math.max(projects, passed),
        unit: "files",
        text: `projects, ${objects} files read${pause}`,
      });
      await sleep(ASKED);
    }
  } finally {
    bar.end();
  }
}
