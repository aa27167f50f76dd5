import { escaped } from "../worker/pypi/shown.ts";
import { readServer, SERVER_OPTIONS, SERVER_USAGE, type Server } from "./admin/options.ts";
import { post } from "./admin/post.ts";
import { runCommand, Sentence } from "./sentence.ts";
import { parseArguments } from "./arguments.ts";

const USAGE = `npm run cron -- JOB [options]   starts by hand what the clock starts, and prints what it did
  feed           follows the upstream's log of changes
  refresh        has popular projects checked that are due
  forget         forgets what nobody has asked for in a long time
  sweep          deletes what is over the quota, or nobody's any more
  clean          deletes what uploads have left behind, and tokens that ended long ago
  replay         queues again what was given up
  --dry-run      says what it would do, and does nothing
${SERVER_USAGE}`;

interface CronOptions {
  readonly server: Server;
  readonly job: string;
  readonly dryRun: boolean;
}

/** `npm run cron`: one job of the clock's, now. Which ones there are, the server says. */
async function cron({ server, job, dryRun }: CronOptions): Promise<void> {
  const path = `jobs/${encodeURIComponent(job)}${dryRun ? "?dry-run=true" : ""}`;
  const answer = await post(server, path, new Uint8Array());
  const { did } = (await answer.json().catch(() => ({}))) as { did?: unknown };
  if (!Array.isArray(did)) throw new Sentence(`${server.url.href} did not say what it did; is it a current pypi-edge?`);
  console.log(did.length > 0 ? did.map((sentence) => escaped(String(sentence))).join("\n") : "Nothing was to be done.");
}

function readOptions(args: string[]): CronOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [job, ...others] = positionals;
  if (job === undefined || others.length > 0) throw new Sentence(`One job is expected.\n\n${USAGE}`);
  return { server: readServer(values), job, dryRun: values["dry-run"] };
}

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      allowPositionals: true,
      options: { ...SERVER_OPTIONS, "dry-run": { type: "boolean", default: false } },
    },
    USAGE,
  );
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await cron(options);
});
