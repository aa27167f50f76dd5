import { open } from "node:fs/promises";
import { advisoriesState, type AdvisoriesState } from "../../schema/advisories.ts";
import { indexFileOf } from "../../worker/advisories/export-file.ts";
import { messageOf } from "../../worker/errors.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";
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
      const { file, unreadable } = await indexOf(path);
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

/** The index of an export on this machine. */
async function indexOf(path: string) {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${path} cannot be read (${error.code ?? error.message}).`);
  });
  try {
    const { size } = await file.stat();
    return await indexFileOf(size, async (offset, length) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    });
  } catch (error) {
    throw usageError(`${path} is not OSV's export: ${messageOf(error)}.`);
  } finally {
    await file.close();
  }
}

function sentenceOf({ loaded, records, entries, checked, failure }: AdvisoriesState): string {
  if (!loaded) return "No advisories are loaded. pypi-edge osv load FILE loads OSV's export.";
  const amount = `${counted(records, "record")} ${records === 1 ? "is" : "are"} loaded, with ${counted(entries, "entry", "entries")} on projects`;
  const when = checked === undefined ? "" : `; last compared with OSV, or loaded, at ${checked}`;
  return `${amount}${when}.${failure === undefined ? "" : `\nThe last run failed: ${failure}`}`;
}
