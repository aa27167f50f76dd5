import { escaped } from "../../worker/pypi/shown.ts";
import { hostedProjectsAnswer } from "../../schema/hosted-project.ts";
import { doneAnswer, releasedProject, STATUSES } from "../../schema/release.ts";
import { readApiJson, sendRequest, sendTo } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { confirmDeletion } from "../lib/confirm.ts";
import { indexPath } from "../lib/index-path.ts";
import { findServer, type ServerOptions } from "../lib/server-address.ts";
import { runServerJob } from "../lib/run-server-job.ts";
import { hostedTable, releaseTable } from "./release-table.ts";

/** `pypi-edge release`: shows and changes published releases. Each action is one request. */
export const releaseCommand = () =>
  [list, show, yank, unyank, remove, restore, status, promote]
    .reduce(
      (made, action) => made.addCommand(action()),
      command("release", "list, show, yank, delete, restore, promote releases; set a project's status"),
    )
    .addCommand(prune());

/** An action on a project of an index. */
const action = (name: string, summary: string, ...examples: readonly (readonly [string, string])[]) =>
  forServer(command(`release ${name}`, summary, examples)).requiredOption("--index <name>", "the index that hosts it");

const list = () =>
  action("list", "list the hosted projects, the last uploaded first, and who uploaded them", [
    "pypi-edge release list --index team",
    "what an index lists of its own, and of the indexes among its sources",
  ]).action(async (options) => {
    const server = await findServer(options);
    const { value, json } = await readApiJson(
      server,
      hostedProjectsAnswer,
      await sendTo(server, "GET", `${indexPath(options.index)}-/api/projects`),
    );
    if (options.json) return console.log(JSON.stringify(json));
    for (const line of hostedTable(value)) console.log(line);
    // On standard error: a program that reads the projects from standard output gets none.
    if (value.projects.length === 0) console.error(`Nothing is hosted in ${options.index}.`);
  });

const show = () =>
  action("show", "list a project's releases and files")
    .argument("<project>")
    .action(async (project, options) => {
      const server = await findServer(options);
      const { value, json } = await readApiJson(
        server,
        releasedProject,
        await sendRequest(server, "GET", place(options, project)),
      );
      console.log(options.json ? JSON.stringify(json) : releaseTable(value));
    });

const yank = () =>
  action("yank", "have installers skip a release unless its version is pinned", [
    'pypi-edge release yank demo 1.0 --index team --reason "broken on 3.13"',
    "without --reason, the stored reason stays",
  ])
    .argument("<project>")
    .argument("<version>")
    .option("--reason <text>", "why; '' clears it")
    .option("--filename <name>", "one file of the release")
    .action((project, version, options) =>
      change(options, "POST", `${below(options, project, version)}/yank${file(options)}`, reason(options)),
    );

const unyank = () =>
  action("unyank", "undo a yank")
    .argument("<project>")
    .argument("<version>")
    .option("--filename <name>", "one file of the release")
    .action((project, version, options) =>
      change(options, "POST", `${below(options, project, version)}/unyank${file(options)}`),
    );

const remove = () =>
  action(
    "delete",
    "delete a release; it can be restored for 30 days, and its filenames cannot be used again, except in a volatile index",
  )
    .argument("<project>")
    .argument("<version>")
    .option("--filename <name>", "one file of the release")
    .option("--yes", "delete without asking")
    .action(async (project, version, options) => {
      if (!options.yes) await confirmDeletion(`${options.filename ?? `${project} ${version}`} from ${options.index}`);
      await change(options, "DELETE", `${below(options, project, version)}${file(options)}`);
    });

const restore = () =>
  action("restore", "take a deleted release out of the trash, as it was", [
    "pypi-edge release restore demo 1.0 --index team",
    "within 30 days after it was deleted",
  ])
    .argument("<project>")
    .argument("<version>")
    .option("--filename <name>", "one file of the release")
    .action((project, version, options) =>
      change(options, "POST", `${below(options, project, version)}/restore${file(options)}`),
    );

const prune = () =>
  forServer(
    command(
      "release prune",
      "move releases into the trash that their index does not keep, as the job prune does each day",
      [["pypi-edge release prune --dry-run", "list them, and change nothing"]],
    ),
  )
    .option("--dry-run", "print what it would do, and change nothing")
    .action((options) => runServerJob("prune", options));

const status = () =>
  action("status", `set a project's status: ${STATUSES.join(", ")}`)
    .argument("<project>")
    .argument("<status>")
    .option("--reason <text>", "why")
    .action((project, wanted, options) =>
      change(options, "PUT", `${place(options, project)}/status`, { status: wanted, ...reason(options) }),
    );

const promote = () =>
  action("promote", "add a release to another index as well; its bytes are stored once")
    .argument("<project>")
    .argument("<version>")
    .requiredOption("--to <name>", "the index that gets it as well")
    .action((project, version, options) =>
      change(options, "POST", `${below(options, project, version)}/promote`, { to: options.to }),
    );

interface OfIndex extends ServerOptions {
  readonly index: string;
  readonly json?: true | undefined;
}

const place = ({ index }: OfIndex, project: string) =>
  `indexes/${encodeURIComponent(index)}/projects/${encodeURIComponent(project)}`;

const below = (options: OfIndex, project: string, version: string) =>
  `${place(options, project)}/${encodeURIComponent(version)}`;

const file = ({ filename }: { readonly filename?: string | undefined }) =>
  filename === undefined ? "" : `?${new URLSearchParams({ filename })}`;

const reason = ({ reason: why }: { readonly reason?: string | undefined }) =>
  why === undefined ? {} : { reason: why };

/** Sends one change, and prints the server's sentence about it. */
async function change(options: OfIndex, method: "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<void> {
  const server = await findServer(options);
  const answer = await sendRequest(server, method, path, body && JSON.stringify(body));
  const { value, json } = await readApiJson(server, doneAnswer, answer);
  const said = value.remains === undefined ? [value.did] : [value.did, value.remains];
  console.log(options.json ? JSON.stringify(json) : said.map(escaped).join("\n"));
}
