import { inSeconds } from "../../worker/duration.ts";
import { command, forServer, repeated } from "../lib/command.ts";
import { CommandError, EXIT_CODES, usageError } from "../lib/command-error.ts";
import { showProgress } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { targetIndex } from "../migrate/target.ts";
import type { Progress } from "../migrate/migrate-all.ts";
import { printReport } from "../migrate/report.ts";
import type { SourceContent } from "../migrate/source.ts";
import { uploadApi } from "../upload/api.ts";

/** Off a terminal, a line each time so many files are done. */
const LINE_EVERY = 100;

/** `pypi-edge migrate`: brings the files of another index into a hosted one. */
export const migrateCommand = () =>
  forServer(
    command("migrate", "bring the files of a folder, or of another index, into a hosted index; a second run goes on", [
      ["pypi-edge migrate /srv/pypiserver/packages --index team --dry-run", "what would be refused, and why"],
      ["pypi-edge migrate /srv/devpi/+files/acme/prod --index team --keep-times", "with the upload times of before"],
      ["pypi-edge migrate https://pypi.example.com/simple/ --index team --project 'acme-*'", "by the Simple API"],
    ]),
  )
    .argument("<source>", "a folder, read with all folders below it, or the URL that installers are given")
    .requiredOption("--index <name>", "the index that gets the files; a token with the scope upload is enough")
    .option("--project <pattern>", "only these projects; * stands for any characters; for a URL required", repeated)
    .option("--keep-times", "keep the upload times, which needs the scope admin; the audit log shows it")
    .option("--dry-run", "send nothing: say what would be done. The files of a folder are inspected")
    .action(async (source, { index, project = [], keepTimes, dryRun, json, ...options }) => {
      const server = await findServer(options);
      await migrate(source, {
        server,
        index,
        projects: project,
        keepTimes: keepTimes === true,
        dryRun: dryRun === true,
        json: json === true,
      });
    });

interface Migrating {
  readonly server: ServerAccess;
  readonly index: string;
  readonly projects: readonly string[];
  readonly keepTimes: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

async function migrate(source: string, migrating: Migrating): Promise<void> {
  const { server, index, keepTimes, projects } = migrating;
  const url = /^https?:/i.test(source) ? URL.parse(source) : undefined;
  if (url === null) throw usageError(`${source} is not a URL.`);
  if (url && projects.length === 0)
    throw usageError("Name the projects of the index with --project NAME, or take all of them with --project '*'.");
  const api = uploadApi(server);
  await api.demandIndex(index);
  if (keepTimes) await api.demandTimes(index);
  process.once("SIGINT", () => {
    console.error("Stopped. Run the command again: files that are there are not sent again.");
    process.exit(EXIT_CODES.interrupted.code);
  });
  if (!url) {
    const { filesInFolder } = await import("../migrate/folder.ts");
    return migrateContent(await filesInFolder(source, projects), { ...migrating, isLocal: true });
  }
  const { filesAtIndex } = await import("../migrate/simple-api.ts");
  const opened = await filesAtIndex(url, projects, sourceLogin());
  try {
    await migrateContent(opened.content, { ...migrating, isLocal: false });
  } finally {
    await opened.close();
  }
}

/** The login for the index that is migrated from. Throws a usage error where it has no password. */
function sourceLogin(): string | undefined {
  const login = process.env["PYPI_EDGE_SOURCE_LOGIN"] || undefined;
  if (login === undefined || login.includes(":")) return login;
  throw usageError("PYPI_EDGE_SOURCE_LOGIN: user:password is expected.");
}

async function migrateContent(
  { files, leftOut, remark }: SourceContent,
  { server, index, keepTimes, dryRun, json, isLocal }: Migrating & { readonly isLocal: boolean },
): Promise<void> {
  if (remark !== undefined) console.error(remark);
  const bar = showProgress(process.stderr);
  const began = performance.now();
  const show = (done: number, of: number, filename: string) => {
    const line = done % LINE_EVERY === 0 || done === of ? `${done} of ${of} files` : undefined;
    bar.show({ done, of, unit: "files", text: filename, line });
  };
  const target = targetIndex(server, index);
  let progress: Progress;
  try {
    if (dryRun) {
      // What inspects files takes a moment to load.
      const { tryAll } = await import("../migrate/try-all.ts");
      progress = await tryAll(files, { target, index, isLocal, show });
    } else {
      const { migrateAll } = await import("../migrate/migrate-all.ts");
      progress = await migrateAll(files, { api: uploadApi(server), target, index, keepTimes, show });
    }
  } finally {
    bar.end();
  }
  const { migrated, left, problem } = progress;
  const seconds = inSeconds(performance.now() - began);
  const { sum, isWhole } = printReport([...leftOut, ...migrated], { index, json, seconds, left });
  if (problem instanceof CommandError)
    throw new CommandError(`${sum}\n${problem.message}`, problem.ending, problem.status);
  if (problem !== undefined) throw problem;
  if (dryRun && !isLocal && !json)
    console.error("Only names, digests and sizes were looked at: each file is inspected when it is migrated.");
  if (!isWhole) throw new CommandError(sum);
}
