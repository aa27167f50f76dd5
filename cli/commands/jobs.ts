import { JOB_MEANINGS } from "../../schema/jobs.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer } from "../lib/command.ts";
import { runServerJob } from "../lib/run-server-job.ts";

/** `pypi-edge jobs`: lists the jobs that the crons start, and runs one now. */
export const jobsCommand = () =>
  command("jobs", "list the server's jobs, and run one now").addCommand(list()).addCommand(run());

const list = () =>
  command("jobs list", "list the jobs, with a description of each")
    .option("--json", "as JSON")
    .action(({ json }) => {
      console.log(json ? JSON.stringify(JOB_MEANINGS) : columns(Object.entries(JOB_MEANINGS)).join("\n"));
    });

const run = () =>
  forServer(
    command("jobs run", "run a job now, and print its results", [
      ["pypi-edge jobs run sweep --dry-run", "list what the sweep would delete"],
      ["pypi-edge jobs run feed", "read the change logs now"],
    ]),
  )
    .argument("<job>", Object.keys(JOB_MEANINGS).join(", "))
    .option("--dry-run", "print what it would do, and change nothing")
    .action((job, options) => runServerJob(job, options));
