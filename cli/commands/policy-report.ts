import { policyReport, type PolicyReport } from "../../schema/policy-report.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { minuteFrom } from "../../worker/pypi/minute.ts";
import { findServer } from "../lib/server-address.ts";
import { heldFixLines } from "./held-fix-lines.ts";
import { lockRequest } from "./lock-file.ts";

/** `pypi-edge policy report`: says what an index refuses of a lock, before a client finds out. */
export const reportCommand = () =>
  forServer(
    command("policy report", "say which packages of a lock file an index holds or blocks; fails where it does", [
      ["pypi-edge policy report uv.lock --index team", "each package that is not allowed, and until when"],
      ["pypi-edge policy report uv.lock --python 3.12 --platform manylinux_2_28_x86_64", "for one kind of runner"],
    ]),
  )
    .argument("<file>", LOCK_FILES)
    .option("--index <name>", "the index that the lock is for (the token's, or default)")
    .option("--publishers", "also each package whose files are verified, and who built them")
    .option("--python <version>", "only files for this Python, such as 3.12, or 3.13t without the GIL")
    .option("--platform <tag>", "only files for this platform, such as manylinux_2_28_x86_64")
    .action(async (file, options) => {
      const server = await findServer(options);
      const { query, body } = await lockRequest(file, options);
      const answer = await sendRequest(server, "POST", `policy/report?${query}`, body);
      const { value, json } = await readApiJson(server, policyReport, answer);
      console.log(options.json ? JSON.stringify(json) : reportTable(value, options.publishers === true));
      const { held, blocked } = value.counts;
      if (held + blocked > 0) throw new CommandError(`${value.index} refuses ${held + blocked} of these packages.`);
    });

function reportTable({ index, pins, counts, elsewhere, heldFixes }: PolicyReport, isWithPublishers: boolean): string {
  const rows = pins
    .filter(({ status }) => status !== "allowed")
    .map(({ project, version, status, until, files, refused, rules, reason }) => [
      escaped(`${project} ${version}`),
      until === undefined ? status : `${status} until ${minuteFrom(Date.parse(until))} UTC`,
      files === 0 ? "" : `${refused} of ${counted(files, "file")}`,
      escaped([...rules.map(({ sentence }) => sentence), ...(reason === undefined ? [] : [reason])].join(" ")),
    ]);
  const proven = pins.filter(({ verified }) => verified > 0);
  const builders = proven.map(({ project, version, verified, files, publishers }) => [
    escaped(`${project} ${version}`),
    "verified",
    `${verified} of ${counted(files, "file")}`,
    escaped(publishers.join(", ")),
  ]);
  const { allowed, held, blocked, unknown } = counts;
  const others = elsewhere.length === 0 ? "" : `; ${elsewhere.length} come from elsewhere`;
  const sum = `${index}: ${allowed} allowed, ${held} held, ${blocked} blocked, ${unknown} unknown${others}${proven.length === 0 ? "" : `; ${proven.length} verified`}.`;
  return [...columns(isWithPublishers ? [...rows, ...builders] : rows), ...heldFixLines(heldFixes), sum].join("\n");
}
