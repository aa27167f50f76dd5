import { explanation } from "../../schema/why.ts";
import { fileRuleOf, isHashRule, isWhole } from "../../worker/pypi/file-rule.ts";
import { readApiJson, sendTo } from "../lib/admin-api.ts";
import { command, forServer, withUnit } from "../lib/command.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { indexPath } from "../lib/index-path.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { addEntries, listEntries, removeEntry } from "./policy-entries.ts";

/** `pypi-edge exempt`: lets a release through that a policy refuses, for a time. */
export const exemptCommand = () =>
  command("exempt", "let a release through that an index refuses, for a time and with a reason")
    .addCommand(add())
    .addCommand(list())
    .addCommand(remove());

const add = () =>
  forServer(
    command("exempt add", "let one version of a project through; denied ones stay refused", [
      ["pypi-edge exempt add demo==2.1.4 --reason 'It fixes our outage.' --expires 7d", "one version"],
      ["pypi-edge exempt add demo --all-versions --reason 'We make it.' --expires 30d", "a project"],
      [
        "pypi-edge exempt add demo==1.0 --advisory MAL-2026-1234 --reason 'A false alarm.' --expires 7d",
        "from one advisory",
      ],
    ]),
  )
    .argument("<what>", "the project and its version, demo==2.1.4")
    .requiredOption("--reason <text>", "why; readers of the index see it")
    .requiredOption("--expires <when>", "when it ends, within 90 days: 7d, 12h, or a date such as 2027-01-31", withUnit)
    .option("--index <name>", "the index whose policy refuses it (default: default)")
    .option("--advisory <id>", "from this advisory only; malware is let through only so")
    .option("--all-versions", "every version of the project, those to come as well")
    .action(async (what, { index = "default", reason, expires, advisory, allVersions, json = false, ...options }) => {
      const server = await findServer(options);
      const rule = fileRuleOf(what);
      if (!allVersions && !isHashRule(rule) && isWhole(rule)) throw await versionMissing(server, index, what);
      await addEntries(server, { index, kind: "exemption", what: [what], reason, advisory, expires }, json);
    });

/** The error for a project without a version: it names the newest one that is refused. */
async function versionMissing(server: ServerAccess, index: string, project: string): Promise<CommandError> {
  const advice = "or give --all-versions";
  const newest = await newestRefused(server, index, project).catch((error: unknown) => {
    if (error instanceof CommandError) return undefined;
    throw error;
  });
  return usageError(
    newest === undefined
      ? `Name the version, as in ${project}==1.0, ${advice}.`
      : `Name the version: ${project}==${newest} is the newest that is refused; ${advice}.`,
  );
}

async function newestRefused(server: ServerAccess, index: string, project: string): Promise<string | undefined> {
  const answer = await sendTo(server, "GET", `${indexPath(index)}-/why/${encodeURIComponent(project)}`);
  const { value } = await readApiJson(server, explanation, answer);
  return value.files.findLast(({ verdict }) => verdict === "refused")?.version;
}

const list = () =>
  forServer(command("exempt list", "list the exemptions, the newest first; times are UTC"))
    .option("--index <name>", "of this index only")
    .action(async ({ index, json = false, ...options }) =>
      listEntries(await findServer(options), { index, kind: "exemption" }, json),
    );

const remove = () =>
  forServer(command("exempt remove", "end an exemption"))
    .argument("<id>", "the entry's id")
    .action(async (id, { json = false, ...options }) => removeEntry(await findServer(options), id, json));
