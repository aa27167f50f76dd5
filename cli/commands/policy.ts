import { command, forServer, withUnit } from "../lib/command.ts";
import { findServer } from "../lib/server-address.ts";
import { forecastCommand, pendingCommand } from "./policy-outlook.ts";
import { reportCommand } from "./policy-report.ts";
import { addEntries, listEntries, removeEntry } from "./policy-entries.ts";

/** `pypi-edge policy`: the lists of indexes, beside those of the configuration. */
export const policyCommand = () =>
  command("policy", "say what an index lets through, beside its configuration")
    .addCommand(adding("allow"))
    .addCommand(adding("deny"))
    .addCommand(list())
    .addCommand(remove())
    .addCommand(reportCommand())
    .addCommand(pendingCommand())
    .addCommand(forecastCommand());

const ABOUT = {
  allow: [
    "let projects, versions or files through that no rule but malware and deny is to refuse",
    "'acme-*'",
    "We make them.",
  ],
  deny: ["refuse projects, versions or files", "'evil-*' 'demo<2'", "It is not maintained."],
} as const;

function adding(kind: "allow" | "deny") {
  const [summary, example, because] = ABOUT[kind];
  return forServer(
    command(`policy ${kind}`, summary, [
      [`pypi-edge policy ${kind} ${example} --reason '${because}'`, "projects, and versions of them"],
      [`pypi-edge policy ${kind} sha256:DIGEST --index team --reason '${because}'`, "one file"],
    ]),
  )
    .argument("<what...>", "project names, in which * stands for any characters, with specifiers, or sha256:DIGEST")
    .requiredOption("--reason <text>", "why; readers of the index see it")
    .option("--expires <when>", "when it ends: 7d, 12h, or a date such as 2027-01-31 (never)", withUnit)
    .option("--index <name>", "the index (default: default)")
    .action(async (what, { index = "default", reason, expires, json = false, ...options }) =>
      addEntries(await findServer(options), { index, kind, what, reason, expires }, json),
    );
}

const list = () =>
  forServer(command("policy list", "list what is allowed, denied and exempted, the newest first; times are UTC"))
    .option("--index <name>", "of this index only")
    .action(async ({ index, json = false, ...options }) => listEntries(await findServer(options), { index }, json));

const remove = () =>
  forServer(command("policy remove", "remove an entry of the lists"))
    .argument("<id>", "the entry's id")
    .action(async (id, { json = false, ...options }) => removeEntry(await findServer(options), id, json));
