import { advisoriesState, type AdvisoriesState } from "../../schema/advisories.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { advisoryIndexOf } from "../lib/advisory-index.ts";
import { command, forServer } from "../lib/command.ts";
import { findServer } from "../lib/server-address.ts";
import { counted } from "../../worker/pypi/counted.ts";

/** `pypi-edge osv`: loads OSV's advisories, and says what is loaded. */
export const osvCommand = () =>
  command("osv", "load OSV's advisories on PyPI, by which policies refuse files")
    .addCommand(load())
    .addCommand(status());

const load = () =>
  forServer(
    command("osv load", "make an index of OSV's export, and store it", [
      [
        "curl -O https://storage.googleapis.com/osv-vulnerabilities/PyPI/all.zip",
        "OSV's export of all records on PyPI",
      ],
      ["pypi-edge osv load all.zip", "the index of it, to the server on this machine"],
      ["pypi-edge osv load all.zip --url https://pypi.acme.com", "to a deployment"],
    ]),
  )
    .argument("<file>", "the export: a ZIP archive with a JSON file for each record")
    .option("--fewer", "store it also where more than a tenth of the records stored would be lost")
    .action(async (path, { fewer, json, ...options }) => {
      const server = await findServer(options);
      const { file, unreadable } = await advisoryIndexOf(path);
      for (const id of unreadable) console.error(`${id} cannot be read, and is left out.`);
      const answer = await sendRequest(server, "PUT", `advisories${fewer ? "?fewer=true" : ""}`, file);
      const { value, json: text } = await readApiJson(server, advisoriesState, answer);
      console.log(json ? JSON.stringify(text) : sentenceOf(value));
    });

const status = () =>
  forServer(command("osv status", "say what is loaded, and when it was last compared with OSV")).action(
    async ({ json, ...options }) => {
      const server = await findServer(options);
      const { value, json: text } = await readApiJson(
        server,
        advisoriesState,
        await sendRequest(server, "GET", "advisories"),
      );
      console.log(json ? JSON.stringify(text) : sentenceOf(value));
    },
  );

function sentenceOf({ loaded, records, entries, checked, failure }: AdvisoriesState): string {
  if (!loaded) return "No advisories are loaded. pypi-edge osv load FILE loads OSV's export.";
  const amount = `${counted(records, "record")} ${records === 1 ? "is" : "are"} loaded, with ${counted(entries, "entry", "entries")} on projects`;
  const when = checked === undefined ? "" : `; last compared with OSV, or loaded, at ${checked}`;
  return `${amount}${when}.${failure === undefined ? "" : `\nThe last run failed: ${failure}`}`;
}
