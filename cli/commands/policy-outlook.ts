import { pendingFiles, policyForecast } from "../../schema/policy-outlook.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendTo } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer } from "../lib/command.ts";
import { tomlOf } from "../lib/configuration-file.ts";
import { indexPath } from "../lib/index-path.ts";
import { minute, minuteFrom } from "../../worker/pypi/minute.ts";
import { findServer } from "../lib/server-address.ts";
import { heldFixLines } from "./held-fix-lines.ts";

/** `pypi-edge policy pending`: what a policy holds of what clients ask for. */
export const pendingCommand = () =>
  forServer(
    command("policy pending", "list files that an index holds, of projects that clients asked for; times are UTC"),
  )
    .option("--index <name>", "the index (default: default)")
    .option("--days <number>", "how far to look back (7)")
    .action(async ({ index = "default", days = "7", json: isJson, ...options }) => {
      const server = await findServer(options);
      const answer = await sendTo(server, "GET", `${below(index)}pending?${new URLSearchParams({ days })}`);
      const { value, json } = await readApiJson(server, pendingFiles, answer);
      if (isJson) {
        console.log(JSON.stringify(json));
        return;
      }
      const rows = value.files.map(({ filename, uploadTime, until }) =>
        [
          filename,
          `uploaded ${uploadTime ? minute(uploadTime) : "at a time unknown"}`,
          `held until ${minuteFrom(Date.parse(until))}`,
        ].map(escaped),
      );
      for (const line of [...columns(rows), ...heldFixLines(value.heldFixes)]) console.log(line);
      console.error(
        escaped(
          `${counted(value.files.length, "file")} ${value.files.length === 1 ? "is" : "are"} held. ${looked(value)}`,
        ),
      );
    });

/** `pypi-edge policy forecast`: what a policy would refuse of what clients were given. */
export const forecastCommand = () =>
  forServer(
    command("policy forecast", "list what an index would refuse of the files that clients were given", [
      ["pypi-edge policy forecast --index team", "if it enforced the rules that it audits or warns of"],
      ["pypi-edge policy forecast --policy next.toml --days 30", 'by the policy in a file: min_age = "7d"'],
    ]),
  )
    .option("--index <name>", "the index (default: default)")
    .option("--days <number>", "how far to look back (7)")
    .option("--policy <file>", "a TOML file with the keys of a policy (the index's own)")
    .action(async ({ index = "default", days = "7", policy, json: isJson, ...options }) => {
      const server = await findServer(options);
      const body = JSON.stringify(policy === undefined ? {} : { policy: policyIn(policy) });
      const answer = await sendTo(server, "POST", `${below(index)}forecast?${new URLSearchParams({ days })}`, body);
      const { value, json } = await readApiJson(server, policyForecast, answer);
      if (isJson) {
        console.log(JSON.stringify(json));
        return;
      }
      const rows = value.files.map(({ filename, rule, sentence }) => [filename, rule, sentence].map(escaped));
      for (const line of columns(rows)) console.log(line);
      const { files, admitted } = value;
      console.error(
        escaped(`${files.length} of ${counted(files.length + admitted, "file")} would be refused. ${looked(value)}`),
      );
    });

const below = (index: string) => `${indexPath(index)}-/api/policy/`;

const policyIn = (file: string) => tomlOf(file, `--policy ${file}`);

/** What was looked at. */
function looked({
  projects,
  days,
  cut,
  unknown,
}: {
  readonly projects: number;
  readonly days: number;
  readonly cut: boolean;
  readonly unknown: readonly string[];
}): string {
  const rest = unknown.length === 0 ? "" : ` Not known now: ${unknown.join(", ")}.`;
  return `Looked at ${counted(projects, "project")} that clients asked for in the last ${counted(days, "day")}${cut ? "; there are more" : ""}.${rest}`;
}
