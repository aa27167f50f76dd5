import { escaped } from "../../worker/pypi/shown.ts";
import * as z from "zod/mini";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { findServer } from "../lib/server-address.ts";
import { columns } from "../lib/columns.ts";

/** The jobs that the server knows, and what each does. */
const JOBS = {
  feed: "follows the upstreams' change logs, and queues the pages that are behind",
  refresh: "queues popular projects whose pages are due to be revalidated",
  forget: "forgets the counts of projects that have not been asked for in a long time",
  sweep: "deletes the longest unused mirrored files above the quota, and files of projects that are gone upstream",
  clean: "deletes what uploads have left behind, and tokens that ended long ago",
  replay: "sends dead letters again",
} as const;

const answer = z.object({ did: z.array(z.string()) });

/** `pypi-edge jobs`: what the clock starts, started by hand. */
export const jobsCommand = () =>
  command("jobs", "list the server's jobs, and run one now").addCommand(list()).addCommand(run());

const list = () =>
  command("jobs list", "list the jobs, and what each does")
    .option("--json", "as JSON")
    .action(({ json }) => {
      console.log(json ? JSON.stringify(JOBS) : columns(Object.entries(JOBS)).join("\n"));
    });

const run = () =>
  forServer(
    command("jobs run", "run a job now, and print what it did", [
      ["pypi-edge jobs run sweep --dry-run", "what would be deleted"],
      ["pypi-edge jobs run feed", "ask for changes now"],
    ]),
  )
    .argument("<job>", Object.keys(JOBS).join(", "))
    .option("--dry-run", "print what it would do, and do nothing")
    .action(async (job, options) => {
      const server = await findServer(options);
      const path = `jobs/${encodeURIComponent(job)}${options.dryRun ? "?dry-run=true" : ""}`;
      const { value, json } = await readApiJson(server, answer, await sendRequest(server, "POST", path));
      console.log(options.json ? JSON.stringify(json) : value.did.map(escaped).join("\n"));
    });
