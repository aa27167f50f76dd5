import * as z from "zod/mini";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "./admin-api.ts";
import { findServer, type ServerOptions } from "./server-address.ts";

const answer = z.object({
  did: z.array(z.string()),
  // Of a job that does a part of its work in each run.
  results: z.optional(z.array(z.looseObject({ isDone: z.optional(z.boolean()) }))),
});

interface JobOptions extends ServerOptions {
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

/** Has the server run a job, again and again until it is done, and prints what it did. A dry run is one run. */
export async function runServerJob(job: string, options: JobOptions): Promise<void> {
  const server = await findServer(options);
  const path = `jobs/${encodeURIComponent(job)}${options.dryRun ? "?dry-run=true" : ""}`;
  for (let goesOn = true; goesOn;) {
    const { value, json } = await readApiJson(server, answer, await sendRequest(server, "POST", path));
    console.log(options.json ? JSON.stringify(json) : value.did.map(escaped).join("\n"));
    goesOn = !options.dryRun && (value.results?.some(({ isDone }) => isDone === false) ?? false);
  }
}
