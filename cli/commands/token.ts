import { DAY } from "../../worker/duration.ts";
import { escaped, escapedLines } from "../../worker/pypi/shown.ts";
import {
  AFTER_REVOCATION,
  changeableProjects,
  createdToken,
  listedTokens,
  SCOPES,
  shownToken,
  type ShownToken,
} from "../../schema/token.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer, repeated, withUnit } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";
import { findServer } from "../lib/server-address.ts";
import { table } from "../lib/table.ts";
import { shownOnce } from "./token-usage.ts";

/** `pypi-edge token`: makes, lists and revokes tokens. */
export const tokenCommand = () =>
  command("token", "make, list and revoke tokens").addCommand(create()).addCommand(list()).addCommand(revoke());

const create = () =>
  forServer(
    command("token create", "make a token, and show it; it is never shown again", [
      ["pypi-edge token create --index team --scope read,upload", "for a person who publishes"],
      ["pypi-edge token create --index team --scope upload --project 'acme-*' --expires 90d", "for a release job"],
    ]),
  )
    .requiredOption("--index <name>", "the index that the token is for, or '*' for every index")
    .requiredOption("--scope <scopes>", `its scopes: ${SCOPES.join(", ")}; separate several with commas`, repeated)
    .option(
      "--project <pattern>",
      "the projects that it may change, such as 'acme-*'; separate several with commas",
      repeated,
    )
    .option(
      "--expires <when>",
      "when it ends: 30d, 12h, 8w, 1y from now, or a date such as 2027-01-31 (never)",
      withUnit,
    )
    .option("--name <text>", "its name (its index and scopes)")
    .option("--quiet", "print only the token, as where the output is no terminal")
    .action(async (options) => {
      const { index, expires, json, quiet } = options;
      const projects = options.project === undefined ? undefined : partsOf(options.project);
      const scopes = scopesOf(options.scope);
      const name = options.name ?? `${index}: ${scopes.join(", ")}`;
      const server = await findServer(options);
      const wanted = JSON.stringify({ name, index, scopes, projects, expires });
      const made = await readApiJson(server, createdToken, await sendRequest(server, "POST", "tokens", wanted));
      const isAlone = quiet === true || !process.stdout.isTTY;
      if (json) console.log(JSON.stringify(made.json));
      else console.log(escapedLines(isAlone ? made.value.token : shownOnce(made.value, server.url)));
    });

/** What an option was given, with commas or several times: each part once. */
const partsOf = (given: readonly string[]) => [
  ...new Set(given.flatMap((text) => text.split(",")).map((text) => text.trim())),
];

function scopesOf(given: readonly string[]): string[] {
  const scopes = partsOf(given);
  const unknown = scopes.find((text) => !SCOPES.some((known) => known === text));
  if (unknown === undefined) return scopes;
  throw usageError(`--scope ${unknown || '""'}: there is no such scope; there are ${SCOPES.join(", ")}.`);
}

const list = () =>
  forServer(
    command("token list", "list the tokens, the newest first; times are UTC, and a use shows up after some minutes"),
  )
    .option("--index <name>", "of this index only")
    .action(async (options) => {
      const server = await findServer(options);
      const query = options.index === undefined ? "" : `?${new URLSearchParams({ index: options.index })}`;
      const { value, json } = await readApiJson(
        server,
        listedTokens,
        await sendRequest(server, "GET", `tokens${query}`),
      );
      if (options.json) console.log(JSON.stringify(json));
      else if (value.tokens.length === 0) console.log("There are no tokens; pypi-edge token create makes one.");
      else {
        const rows = value.tokens.map((token) => row(token).map(escaped));
        console.log(table(HEADER, rows));
      }
    });

const revoke = () =>
  forServer(command("token revoke", `end a token: ${AFTER_REVOCATION}`))
    .argument("<id>", "the token's id, or the whole token")
    .action(async (given, options) => {
      // Of a whole token only the id is sent: its secret must not become part of an address.
      const id = /^pypi-edge_([\da-f]{16})_/.exec(given)?.[1] ?? given;
      const server = await findServer(options);
      const answer = await sendRequest(server, "DELETE", `tokens/${encodeURIComponent(id)}`);
      const { value, json } = await readApiJson(server, shownToken, answer);
      const said = `"${value.name}" (${value.id}) is revoked: ${AFTER_REVOCATION}.`;
      console.log(options.json ? JSON.stringify(json) : escaped(said));
    });

const HEADER = ["id", "name", "index", "scopes", "projects", "made", "used", "ends"];

const row = ({ id, name, index, scopes, projects, created, lastUsed, expires, revoked }: ShownToken) => [
  id,
  name,
  index,
  scopes.join(","),
  changeableProjects(scopes, projects).join(","),
  day(created),
  lastUsed ? when(lastUsed) : "never",
  revoked ? `revoked ${day(revoked)}` : ending(expires),
];

const day = (iso: string) => iso.slice(0, 10);

/** Times nearer than this are shown with the minute. Milliseconds. */
const NEAR = 2 * DAY;

/** The day, with the minute where the time is near. */
const when = (iso: string) =>
  Math.abs(Date.parse(iso) - Date.now()) < NEAR ? `${day(iso)} ${iso.slice(11, 16)} UTC` : day(iso);

const ending = (expires: string | null) =>
  expires ? `${Date.parse(expires) <= Date.now() ? "ended " : ""}${when(expires)}` : "never";
