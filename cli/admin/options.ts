import { resolve } from "node:path";
import { upstreamAddress } from "../../schema/address.ts";
import { Sentence } from "../sentence.ts";
import { isThisMachine } from "./this-machine.ts";
import { readToken } from "./token.ts";

/** A pypi-edge, and what opens its admin API. */
export interface Server {
  /** Its root; ends in a slash. */
  readonly url: URL;
  readonly token: string;
}

/** The options that each command of the admin's has, for node's `parseArgs`. */
export const SERVER_OPTIONS = {
  url: { type: "string", default: "http://127.0.0.1:8787" },
  token: { type: "string" },
  state: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

export const SERVER_USAGE = `  --url URL      where pypi-edge is (http://127.0.0.1:8787)
  PYPI_EDGE_TOKEN  in the environment: its admin token (what npm start keeps in the state directory)
  --token T      the same as an option, which ps shows to others on this machine
  --state DIR    the state directory of npm start (.pypi-edge)`;

interface Values {
  readonly url: string;
  readonly token?: string | undefined;
  readonly state?: string | undefined;
}

/** Reads these options; throws a `Sentence` that names the wrong one, or says that there is no token. */
export function readServer({ url: text, token, state }: Values): Server {
  const parsed = upstreamAddress.safeParse(text);
  if (!parsed.success) throw new Sentence(`--url ${text}: ${parsed.error.issues[0]?.message}.`);
  const url = parsed.data;
  const given = token ?? (process.env["PYPI_EDGE_TOKEN"] || undefined);
  if (given !== undefined) return { url, token: printable(given) };
  if (state === undefined && !isThisMachine(url.hostname)) {
    throw new Sentence(
      `Which admin token does ${url.href} have? Name it in PYPI_EDGE_TOKEN or with --token T: the one of this machine's npm start is not sent there.`,
    );
  }
  return { url, token: printable(readToken(resolve(state ?? ".pypi-edge"))) };
}

/** What could not stand in a header would only be an error without a reason. */
function printable(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Sentence("The admin token has a character in it that none has: letters, digits and signs of ASCII only.");
}
