import { SCOPES } from "../../schema/token.ts";
import { readServer, SERVER_OPTIONS, SERVER_USAGE, type Server } from "../admin/options.ts";
import { Sentence } from "../sentence.ts";
import { parseArguments } from "../arguments.ts";

export const USAGE = `npm run token -- create --index NAME --scope SCOPES [options]   makes a token, and shows it this once
npm run token -- list [--index NAME]                            lists those that there are
npm run token -- revoke ID                                      ends one, within half a minute
  --index NAME     the index that it is for, or '*' for every index
  --scope SCOPES   what it lets its holder do: read, upload, yank, admin; several with commas between
  --project P      it writes projects of this name only, such as 'acme-*'; may be given several times
  --expires WHEN   when it ends: 30d, 12h, 8w, 1y from now, or a date such as 2027-01-31 (never)
  --name TEXT      what it is called (its index and scopes)
  --quiet          prints the token and nothing else, as it does where the output is no terminal
${SERVER_USAGE}

list: times are UTC. A use shows up there after some minutes.`;

/** A token that is wanted, as it is sent. */
export interface Wanted {
  readonly name: string;
  readonly index: string;
  readonly scopes: readonly string[];
  readonly projects?: readonly string[] | undefined;
  readonly expires?: string | undefined;
}

export type TokenCommand =
  | { readonly kind: "help" }
  | { readonly kind: "create"; readonly server: Server; readonly wanted: Wanted; readonly quiet: boolean }
  | { readonly kind: "list"; readonly server: Server; readonly index: string | undefined }
  | { readonly kind: "revoke"; readonly server: Server; readonly id: string };

type Values = ReturnType<typeof parse>["values"];

/** What is to be done; throws a `Sentence` that says what is wrong. */
export function readCommand(args: string[]): TokenCommand {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: "help" };
  const [command, ...others] = positionals;
  const [id, ...more] = others;
  if (command === "create" && id === undefined) return { kind: "create", ...readWanted(values) };
  if (command === "list" && id === undefined) return { kind: "list", server: readServer(values), index: values.index };
  if (command === "revoke" && id !== undefined && more.length === 0) {
    // Who has the whole token at hand may give that: its secret must not become part of an address.
    return { kind: "revoke", server: readServer(values), id: /^pypi-edge_([\da-f]{16})_/.exec(id)?.[1] ?? id };
  }
  throw new Sentence(`create, list or revoke ID is expected.\n\n${USAGE}`);
}

function readWanted(values: Values): { server: Server; wanted: Wanted; quiet: boolean } {
  const { index, scope, project: projects, expires, quiet } = values;
  const scopes = scope?.flatMap((text) => text.split(",")).map((text) => text.trim());
  if (index === undefined || !scopes) {
    throw new Sentence(`What is it for? --index team --scope read,upload, for example.\n\n${USAGE}`);
  }
  const unknown = scopes.find((text) => !SCOPES.some((known) => known === text));
  if (unknown !== undefined) {
    throw new Sentence(`--scope ${unknown || '""'}: there is no such scope; there are ${SCOPES.join(", ")}.`);
  }
  const name = values.name ?? `${index}: ${scopes.join(", ")}`;
  return { server: readServer(values), wanted: { name, index, scopes, projects, expires }, quiet };
}

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        index: { type: "string" },
        scope: { type: "string", multiple: true },
        project: { type: "string", multiple: true },
        expires: { type: "string" },
        name: { type: "string" },
        quiet: { type: "boolean", default: false },
      },
    },
    USAGE,
  );
}
