import type { ShownVerification } from "../../schema/mirror-api.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { table } from "../lib/table.ts";

type Kind = NonNullable<ShownVerification["verification"]>["counts"][number]["kind"];

/** What a verification against the upstream finds, by what has to be done about it. */
export const UPSTREAM_FINDINGS = {
  "page-outdated": "Nothing: the page was replaced when it was looked at.",
  "project-vanished": "Nothing: on_upstream_removal says what becomes of its files.",
  "file-missing": "Run it with --repair: it is fetched.",
  "file-damaged": "Run it with --repair: it is deleted, and fetched again.",
  "file-without-row": "Run it with --repair: the file gets its row again.",
  "not-checked": "Run it again when the upstream and the stores answer: they did not, so nothing is known.",
} as const satisfies Record<Kind, string>;

/** The kinds of what is wrong still. A project that has vanished is shown, and is no failure. */
export const wrongKinds = ({ verification }: ShownVerification): Kind[] =>
  (verification?.counts ?? []).flatMap(({ kind, found, repaired }) =>
    found > repaired && kind !== "project-vanished" ? [kind] : [],
  );

/** What was verified and found, as lines of text. */
export function verificationLines({ source, verification }: ShownVerification): string[] {
  if (!verification) return [escaped(`${source}: nothing was verified.`)];
  const { projects, verified, objects, bytes: size, sample, findings, counts } = verification;
  const of = sample < 100 ? `a sample of ${sample} %, ${verified} of ${projects}` : `${verified} of ${projects}`;
  const lines = [`Verified against ${source}: projects (${of}), files and .metadata (${objects}, ${sizeText(size)}).`];
  if (findings.length === 0) return lines.map(escaped);
  const rows = findings.map(({ kind, project, file, fault, isRepaired }) => [
    kind,
    isRepaired ? "yes" : "no",
    escaped(`${[project, file].filter((part) => part !== "").join("/")} ${fault}`),
  ]);
  const all = counts.reduce((sum, { found }) => sum + found, 0);
  const more = all > findings.length ? [`${all - findings.length} more are not shown.`] : [];
  return [...lines.map(escaped), table(["kind", "repaired", "what"], rows), ...more];
}
