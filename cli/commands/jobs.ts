import { escaped } from "../../worker/pypi/shown.ts";
import * as z from "zod/mini";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { findServer } from "../lib/server-address.ts";
import { columns } from "../lib/columns.ts";

/** The server's jobs, with a description of each. */
const JOBS = {
  feed: "follows the upstreams' change logs, and queues the pages that are behind",
  refresh: "queues popular projects whose pages are due to be revalidated",
  forget: "forgets the counts of projects that have not been asked for in a long time",
  sweep:
    "deletes the longest unused mirrored files above the quota, or where the disk has little room, and files of projects that are gone upstream",
  clean: "deletes the parts of unfinished uploads, and tokens that ended long ago",
  advisories: "compares the advisories that policies go by with all of OSV's, and takes over what is other",
  mirror: "has those mirrors gone on with that have something to do",
  replay: "sends dead letters again",
  "move-out": "writes all that is stored into the bucket's move folder, to be copied to another deployment",
  "move-in": "stores what was moved out of another deployment and copied into this one's bucket",
} as const;

const answer = z.object({
  did: z.array(z.string()),
  // Of a job that does a part of its work in each run.
  results: z.optional(z.array(z.looseObject({ isDone: z.optional(z.boolean()) }))),
});

/** `pypi-edge jobs`: lists the jobs that the crons start, and runs one now. */
export const jobsCommand = () =>
  command("jobs", "list the server's jobs, and run one now").addCommand(list()).addCommand(run());

const list = () =>
  command("jobs list", "list the jobs, with a description of each")
    .option("--json", "as JSON")
    .action(({ json }) => {
      console.log(json ? JSON.stringify(JOBS) : columns(Object.entries(JOBS)).join("\n"));
    });

const run = () =>
  forServer(
    command("jobs run", "run a job now, and print its results", [
      ["pypi-edge jobs run sweep --dry-run", "list what the sweep would delete"],
      ["pypi-edge jobs run feed", "read the change logs now"],
    ]),
  )
    .argument("<job>", Object.keys(JOBS).join(", "))
    .option("--dry-run", "print what it would do, and change nothing")
    .action(async (job, options) => {
      const server = await findServer(options);
      const path = `jobs/${encodeURIComponent(job)}${options.dryRun ? "?dry-run=true" : ""}`;
      for (let goesOn = true; goesOn;) {
        const { value, json } = await readApiJson(server, answer, await sendRequest(server, "POST", path));
        console.log(options.json ? JSON.stringify(json) : value.did.map(escaped).join("\n"));
        goesOn = value.results?.some(({ isDone }) => isDone === false) ?? false;
      }
    });
