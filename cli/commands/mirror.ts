import { Option } from "@commander-js/extra-typings";
import { changedMirror, listedMirrorEntries, mirrorErrors, mirrorPlan } from "../../schema/mirror-api.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer, repeated } from "../lib/command.ts";
import { minute } from "../../worker/pypi/minute.ts";
import { findServer } from "../lib/server-address.ts";
import { table } from "../lib/table.ts";
import { askedProjects } from "../mirror/asked.ts";
import { planLines } from "../mirror/lines.ts";
import { sourceQuery } from "../mirror/source-query.ts";
import { mirrorRunCommand, mirrorStatusCommand } from "./mirror-run.ts";

/** `pypi-edge mirror`: says what is mirrored before a client asks for it, and how far that is. */
export const mirrorCommand = () =>
  command("mirror", "mirror projects before a client asks for them, and keep them as the upstream has them")
    .addCommand(add())
    .addCommand(remove())
    .addCommand(list())
    .addCommand(plan())
    .addCommand(mirrorStatusCommand())
    .addCommand(mirrorRunCommand())
    .addCommand(errors());

const SOURCE = [
  "--source <name>",
  "the upstream, by its name in the configuration (where there is only one: that)",
] as const;

const DEPENDENCIES = ["--with-dependencies", "with all that they require, by their .metadata"] as const;

/** Adds the options that say what is asked for. */
const asking = (made: ReturnType<typeof forServer>) =>
  made
    .argument("[projects...]", "names, with extras and versions where wanted: requests, 'requests[socks]>=2,<3'")
    .option("--requirements <file>", "all that a requirements file names; may be given several times", repeated)
    .option("--lock <file>", "the versions that a lock file names; may be given several times", repeated)
    .option("--pattern <pattern>", "such as 'acme-*'; may be given several times", repeated)
    .addOption(new Option("--all", "all projects of the upstream").default(false))
    .option(...DEPENDENCIES)
    .option(...SOURCE);

const add = () =>
  asking(
    forServer(
      command("mirror add", "add projects to what is mirrored", [
        ["pypi-edge mirror add requests flask", "all their releases, as far as the filters let them in"],
        ["pypi-edge mirror add --lock uv.lock", "the locked versions"],
        ["pypi-edge mirror add 'fastapi>=0.115' --with-dependencies", "with all that it requires"],
        ["pypi-edge mirror add --pattern 'acme-*' --source acme", "by a pattern, of one of several upstreams"],
      ]),
    ),
  ).action(async (names, options) => {
    const projects = await askedProjects(names, options);
    const server = await findServer(options);
    const body = JSON.stringify({ projects, source: options.source, withDependencies: options.withDependencies });
    const { value, json } = await readApiJson(
      server,
      changedMirror,
      await sendRequest(server, "POST", "mirror/add", body),
    );
    const said = `${value.source}: ${counted(value.entries, "entry", "entries")} added; pypi-edge mirror status shows how far they are.`;
    console.log(options.json ? JSON.stringify(json) : escaped(said));
  });

const remove = () =>
  forServer(
    command(
      "mirror remove",
      "take projects out of what is mirrored; their files stay until they are unused and room is needed",
    ),
  )
    .argument("<projects...>", "as they were added; without versions: whatever versions were")
    .option(...SOURCE)
    .action(async (projects, options) => {
      const server = await findServer(options);
      const body = JSON.stringify({ projects, source: options.source });
      const answer = await sendRequest(server, "POST", "mirror/remove", body);
      const { value, json } = await readApiJson(server, changedMirror, answer);
      const said =
        value.entries === 0
          ? `${value.source}: there is no such entry; pypi-edge mirror list shows them.`
          : `${value.source}: ${counted(value.entries, "entry", "entries")} removed.`;
      console.log(options.json ? JSON.stringify(json) : escaped(said));
    });

const list = () =>
  forServer(command("mirror list", "list what was asked to be mirrored"))
    .option(...SOURCE)
    .action(async (options) => {
      const server = await findServer(options);
      const answer = await sendRequest(server, "GET", `mirror/entries${sourceQuery(options.source)}`);
      const { value, json } = await readApiJson(server, listedMirrorEntries, answer);
      if (options.json) return console.log(JSON.stringify(json));
      if (value.entries.length === 0) return console.log(escaped(`${value.source}: nothing is mirrored.`));
      const rows = value.entries.map(({ project, withDependencies, added, addedBy }) =>
        [project, withDependencies ? "yes" : "no", added.slice(0, 10), addedBy].map(escaped),
      );
      return console.log(table(["project", "with dependencies", "added", "by"], rows));
    });

/** Requirements are known when files and their `.metadata` are stored, and a plan fetches none. */
const NOT_COUNTED =
  "What they require is not counted: that is known once they are stored. pypi-edge mirror status shows it as it grows, and max_dependencies and max_dependency_size stop it.";

const plan = () =>
  asking(
    forServer(
      command(
        "mirror plan",
        "say how much projects would be, before a file is fetched; what they require is not counted",
        [["pypi-edge mirror plan --all", "of the whole upstream, by some hundred projects chosen at random"]],
      ),
    ),
  ).action(async (names, options) => {
    const projects = await askedProjects(names, options);
    const server = await findServer(options);
    const body = JSON.stringify({ projects, source: options.source, withDependencies: options.withDependencies });
    const answer = await sendRequest(server, "POST", "mirror/plan", body);
    const { value, json } = await readApiJson(server, mirrorPlan, answer);
    console.log(options.json ? JSON.stringify(json) : planLines(value).join("\n"));
    if (options.withDependencies) console.error(NOT_COUNTED);
  });

const errors = () =>
  forServer(
    command("mirror errors", "list what could not be mirrored the last time, and why, and what there is to know"),
  )
    .option(...SOURCE)
    .action(async (options) => {
      const server = await findServer(options);
      const answer = await sendRequest(server, "GET", `mirror/errors${sourceQuery(options.source)}`);
      const { value, json } = await readApiJson(server, mirrorErrors, answer);
      if (options.json) return console.log(JSON.stringify(json));
      if (value.errors.length === 0) return console.log(escaped(`${value.source}: nothing failed.`));
      const rows = value.errors.map(({ project, file, reason, isNote, at }) => [
        isNote ? "note" : "failed",
        minute(at),
        ...[project, file, reason].map(escaped),
      ]);
      return console.log(columns(rows).join("\n"));
    });
