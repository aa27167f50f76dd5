import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { ShownFork } from "../../schema/fork.ts";
import { doneAnswer } from "../../schema/release.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { isSameVersion } from "../../worker/pypi/pep440.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { findServer } from "../lib/server-address.ts";
import { forksOf } from "../patch/own-forks.ts";
import type { ForkState } from "../patch/fork-state.ts";

/** `pypi-edge forks`: what became of the patched releases of an index, and an end to one. */
export const forksCommand = () =>
  command("forks", "list patched releases and whether the upstream has released since; retire one")
    .addCommand(list())
    .addCommand(drop());

const list = () =>
  forServer(
    command(
      "forks list",
      "list forks: the upstream's newest release, whether the patches apply to it, advisories on the base",
      [
        ["pypi-edge forks list --index team", "all that are offered"],
        ["pypi-edge forks list --index team --quick", "without trying the patches on newer releases"],
      ],
    ),
  )
    .option("--index <name>", "the index that hosts them", "team")
    .option("--quick", "do not try the patches on the upstream's newest release")
    .option("--all", "those that were yanked or deleted as well")
    .action(async ({ index, quick, all, json, ...options }) => {
      const server = await findServer(options);
      const { value } = await forksOf(server, index);
      const forks = value.forks.filter(({ offered }) => all === true || offered);
      if (forks.length === 0 && !json) return console.log(`${index} has no fork.`);
      const { forkState } = await import("../patch/fork-state.ts");
      const { removeDirectory, temporaryDirectory } = await import("../demo/leftovers.ts");
      const folder = temporaryDirectory();
      const states: ForkState[] = [];
      try {
        for (const fork of forks) {
          const own = mkdtempSync(join(folder, "fork-"));
          states.push(await forkState(server, index, fork, { folder: own, tries: quick !== true }));
        }
      } finally {
        removeDirectory(folder);
      }
      if (json) return console.log(JSON.stringify({ index, forks: states }));
      for (const line of columns(states.map(row))) console.log(line);
    });

const drop = () =>
  forServer(
    command(
      "forks drop",
      "retire a fork: yank it with a reason, so that installers take the upstream's release again",
      [["pypi-edge forks drop six --index team", "the only fork of six that is offered"]],
    ),
  )
    .argument("<project>")
    .argument("[version]", "with its local label; needed where the project has several forks")
    .option("--index <name>", "the index that hosts it", "team")
    .option("--reason <text>", "why; installers show it to those who pin the fork", "The fork was retired.")
    .action(async (name, version, { index, reason, json, ...options }) => {
      const server = await findServer(options);
      const { value } = await forksOf(server, index);
      const fork = theFork(value.forks, asProjectName(name), version, index);
      const path = `indexes/${encodeURIComponent(index)}/projects/${fork.project}/${encodeURIComponent(fork.version)}/yank`;
      const answer = await sendRequest(server, "POST", path, JSON.stringify({ reason }));
      const { value: done, json: text } = await readApiJson(server, doneAnswer, answer);
      console.log(json ? JSON.stringify(text) : escaped(done.did));
    });

function theFork(
  forks: readonly ShownFork[],
  project: ProjectName | undefined,
  version: string | undefined,
  index: string,
): ShownFork {
  const found = forks.filter(
    (fork) =>
      fork.project === project && fork.offered && (version === undefined || isSameVersion(fork.version, version)),
  );
  const [fork] = found;
  if (!fork) throw new CommandError(`${index} offers no such fork. pypi-edge forks list --index ${index} lists them.`);
  if (found.length === 1) return fork;
  throw new CommandError(
    `${fork.project} has several forks: name one behind it, ${found.map((each) => each.version).join(" or ")}.`,
    "usage",
  );
}

function row({ fork, newest, state, applies, advisories }: ForkState): string[] {
  const tried = applies === undefined ? "" : applies === true ? "the patches apply to it" : applies;
  return [
    `${fork.project} ${fork.version}`,
    state === "current" ? "current" : state === "unknown" ? "not checked" : `upstream has ${newest}`,
    escaped(tried),
    advisories.length === 0 ? "" : `the base has ${advisories.join(", ")}`,
    escaped(`${fork.reason} (${fork.by}, ${fork.at.slice(0, 10)})`),
  ];
}
