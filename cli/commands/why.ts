import { fixSentence } from "../../schema/held-fix.ts";
import { readView } from "../../schema/view.ts";
import {
  exemptionSentence,
  explanation,
  provenanceSentence,
  undecidedSentence,
  type ExplanationAnswer,
} from "../../schema/why.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { CommandError } from "../lib/command-error.ts";
import { readApiJson, sendTo } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer } from "../lib/command.ts";
import { indexPath } from "../lib/index-path.ts";
import { minute } from "../../worker/pypi/minute.ts";
import { findServer } from "../lib/server-address.ts";

/** `pypi-edge why`: prints what an index lets through of a project, and why not. */
export const whyCommand = () =>
  forServer(
    command("why", "print which files of a project an index refuses, by which rule, and until when", [
      ["pypi-edge why requests --index team", "each file, the newest last"],
      ["pypi-edge why requests 2.33.0 --index team", "one release"],
      ["pypi-edge why requests --view before=2026-01-31", "what a view of the index leaves out"],
    ]),
  )
    .argument("<project>")
    .argument("[version]")
    .option("--index <name>", "the index (default: default)")
    .option("--view <restrictions>", "a view of it: age=7d or before=2026-01-31, pre=no, yanked=no")
    .action(async (project, version, { index = "default", view, json, ...options }) => {
      const server = await findServer(options);
      const seen = view === undefined ? "" : `${viewSegment(view)}/`;
      const base = indexPath(index) + seen;
      const of = [project, ...(version === undefined ? [] : [version])].map(encodeURIComponent).join("/");
      const answer = await sendTo(server, "GET", `${base}-/why/${of}`);
      const { value, json: text } = await readApiJson(server, explanation, answer);
      console.log(json ? JSON.stringify(text) : explanationTable(value));
    });

/** A server redirects other spellings, and commands follow no redirect. */
function viewSegment(restrictions: string): string {
  const view = readView(`@${restrictions}`, Date.now());
  if (typeof view === "string") throw new CommandError(view);
  return view.segment;
}

function explanationTable({ index, project, version, files }: ExplanationAnswer): string {
  const title = `${project}${version === undefined ? "" : ` ${version}`} in ${index}`;
  const rows = files.map(({ filename, verdict, uploadTime, upstream, hosted, provenance, rules, undecided, fixes }) => [
    escaped(filename),
    hosted ? "hosted" : uploadTime === undefined ? "time unknown" : minute(uploadTime),
    upstream === undefined ? verdict : `${verdict}, ${upstream} upstream`,
    escaped(
      [
        ...(provenance ? [provenanceSentence(provenance)] : []),
        ...rules.map(ruleText),
        ...(fixes ? [fixSentence(fixes)] : []),
        ...(undecided ? [undecidedSentence(undecided)] : []),
      ].join(" "),
    ),
  ]);
  return [title, ...columns(rows)].join("\n");
}

type Rule = ExplanationAnswer["files"][number]["rules"][number];

const ruleText = ({ rule, mode, sentence, advisory, exempted }: Rule) =>
  [
    `${rule} (${mode}): ${sentence}`,
    ...(advisory ? [advisory.url] : []),
    ...(exempted ? [exemptionSentence(exempted)] : []),
  ].join(" ");
