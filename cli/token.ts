import { escaped, escapedLines } from "../worker/pypi/shown.ts";
import type * as z from "zod/mini";
import { createdToken, listedTokens, shownToken, type ShownToken } from "../schema/token.ts";
import type { Server } from "./admin/options.ts";
import { send } from "./admin/post.ts";
import { table } from "./demo/table.ts";
import { runCommand, Sentence } from "./sentence.ts";
import { readCommand, USAGE, type Wanted } from "./token/options.ts";
import { shownOnce } from "./token/usage.ts";

/** Makes a token and prints it: alone where `isAlone`, for a script to take, else with what to type next. */
async function create(server: Server, wanted: Wanted, isAlone: boolean): Promise<void> {
  const made = await read(server, createdToken, await send(server, "POST", "tokens", JSON.stringify(wanted)));
  console.log(escapedLines(isAlone ? made.token : shownOnce(made, server.url)));
}

/** Prints those that there are, the newest first. */
async function list(server: Server, index: string | undefined): Promise<void> {
  const query = index === undefined ? "" : `?${new URLSearchParams({ index })}`;
  const { tokens } = await read(server, listedTokens, await send(server, "GET", `tokens${query}`));
  if (tokens.length === 0) console.log("There are no tokens; npm run token -- create makes one.");
  else
    console.log(
      table(
        HEADER,
        tokens.map((token) => row(token).map(escaped)),
      ),
    );
}

const HEADER = ["id", "name", "index", "scopes", "projects", "made", "used", "ends"];

const row = ({ id, name, index, scopes, projects, created, lastUsed, expires, revoked }: ShownToken) => [
  id,
  name,
  index,
  scopes.join(","),
  projects?.join(",") ?? "any",
  day(created),
  lastUsed ? when(lastUsed) : "never",
  revoked ? `revoked ${day(revoked)}` : ending(expires),
];

const day = (iso: string) => iso.slice(0, 10);

/** A day says too little of what ends tonight, or was used this morning. Milliseconds. */
const NEAR = 48 * 3_600_000;

/** The day, and the minute where it is near. */
const when = (iso: string) =>
  Math.abs(Date.parse(iso) - Date.now()) < NEAR ? `${day(iso)} ${iso.slice(11, 16)} UTC` : day(iso);

const ending = (expires: string | null) =>
  expires ? `${Date.parse(expires) <= Date.now() ? "ended " : ""}${when(expires)}` : "never";

async function revoke(server: Server, id: string): Promise<void> {
  const token = await read(server, shownToken, await send(server, "DELETE", `tokens/${encodeURIComponent(id)}`));
  console.log(escaped(`"${token.name}" (${token.id}) is revoked; it may be let in for 30 seconds more.`));
}

/** What the server answered; throws a `Sentence` where it is not that. */
async function read<Value>({ url }: Server, schema: z.ZodMiniType<Value>, answer: Response): Promise<Value> {
  const parsed = schema.safeParse(await answer.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new Sentence(`${url.href} did not answer as it should; is it a current pypi-edge?`);
}

await runCommand(async () => {
  const command = readCommand(process.argv.slice(2));
  if (command.kind === "help") console.log(USAGE);
  else if (command.kind === "create") {
    await create(command.server, command.wanted, command.quiet || !process.stdout.isTTY);
  } else if (command.kind === "list") await list(command.server, command.index);
  else await revoke(command.server, command.id);
});
