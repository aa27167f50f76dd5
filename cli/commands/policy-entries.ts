import { addedEntries, listedEntries, shownEntry, type ShownEntry } from "../../schema/policy-entry.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { minute } from "../../worker/pypi/minute.ts";
import { table } from "../lib/table.ts";
import type { ServerAccess } from "../lib/server-address.ts";

/** What is to be added to the lists of an index, as the API takes it. */
export interface WantedEntries {
  readonly index: string;
  readonly kind: ShownEntry["kind"];
  readonly what: readonly string[];
  readonly reason: string;
  readonly advisory?: string | undefined;
  readonly expires?: string | undefined;
}

/** Adds entries, and prints what they do. Throws a `CommandError` with the server's sentence. */
export async function addEntries(server: ServerAccess, wanted: WantedEntries, json: boolean): Promise<void> {
  const answer = await sendRequest(server, "POST", "policy/entries", JSON.stringify(wanted));
  const { value, json: text } = await readApiJson(server, addedEntries, answer);
  if (json) {
    console.log(JSON.stringify(text));
    return;
  }
  for (const { id, index, kind, what, expires } of value.entries) {
    const end = expires === null ? "" : ` until ${minute(expires)}`;
    console.log(escaped(`${what} is ${DONE[kind]} in ${index}${end}; the entry is ${id}.`));
  }
  for (const remark of value.remarks) console.error(escaped(remark));
}

const DONE = { allow: "allowed", deny: "denied", exemption: "exempted" } as const;

/** Prints the entries of an index, or of all; of one kind, or of all. */
export async function listEntries(
  server: ServerAccess,
  wanted: { readonly index?: string | undefined; readonly kind?: ShownEntry["kind"] | undefined },
  json: boolean,
): Promise<void> {
  const given = Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const answer = await sendRequest(server, "GET", `policy/entries?${new URLSearchParams(given)}`);
  const { value, json: text } = await readApiJson(server, listedEntries, answer);
  if (json) console.log(JSON.stringify(text));
  else if (value.entries.length === 0) console.log("There are no entries.");
  else {
    const ended = value.entries.filter((entry) => entry.ended).length;
    console.log(
      table(
        HEADER,
        value.entries.map((entry) => row(entry).map(escaped)),
      ),
    );
    if (ended > 0) console.error(`${ended} of ${value.entries.length} have ended.`);
  }
}

/** Removes an entry. */
export async function removeEntry(server: ServerAccess, id: string, json: boolean): Promise<void> {
  const answer = await sendRequest(server, "DELETE", `policy/entries/${encodeURIComponent(id)}`);
  const { value, json: text } = await readApiJson(server, shownEntry, answer);
  const { index, kind, what } = value;
  console.log(json ? JSON.stringify(text) : escaped(`${what} is not ${DONE[kind]} in ${index} any more.`));
}

const HEADER = ["id", "index", "kind", "what", "made", "by", "ends", "reason"];

const row = (entry: ShownEntry) => [
  entry.id,
  entry.index,
  entry.kind,
  entry.advisory === null ? entry.what : `${entry.what} from ${entry.advisory}`,
  entry.created.slice(0, 10),
  entry.createdBy === "admin" ? "admin" : entry.createdByName,
  entry.expires === null ? "never" : `${entry.ended ? "ended " : ""}${minute(entry.expires)}`,
  entry.reason,
];
