import { text } from "node:stream/consumers";
import { upstreamAddress } from "../../schema/address.ts";
import { CommandError, usageError } from "./command-error.ts";
import { readProfile } from "./profile.ts";
import { notedAddress, socketPath, stateDirectory } from "./state.ts";
import { readToken } from "./state-token.ts";
import { isThisMachine } from "./this-machine.ts";

/** A server's address, and a token for its admin API. */
export interface ServerAccess {
  /** Its root; ends in a slash. */
  readonly url: URL;
  readonly token: string;
  /** The path of the Unix socket at which the server listens, where it does. */
  readonly socket?: string | undefined;
}

/** The options of `forServer`. */
export interface ServerOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly state?: string | undefined;
}

/** Where `npm start` listens by default. */
export const DEFAULT_URL = "http://127.0.0.1:8787";

/**
 * Finds the server that a command uses, and the token for it. The address: --url, PYPI_EDGE_URL, the profile, the server of
 * this machine's state directory. The token: --token, PYPI_EDGE_TOKEN, the profile where the address is its own, the state directory
 * where the address is noted there, or is this machine's. A token is sent only to the address that it was given for.
 *
 * @throws CommandError that names the wrong option, or says that there is no token
 */
export async function findServer({ url: named, token, state }: ServerOptions): Promise<ServerAccess> {
  const chosen = named ?? (process.env["PYPI_EDGE_URL"] || undefined);
  const profile = state === undefined ? readProfile() : undefined;
  const directory = stateDirectory(state);
  const source = named === undefined ? "PYPI_EDGE_URL" : "--url";
  const noted = chosen === undefined && !profile ? notedAddress(directory) : undefined;
  const socket = noted === undefined ? undefined : socketPath(noted);
  const address = socket === undefined ? noted : "http://localhost";
  const url = parseServerAddress(source, chosen ?? profile?.url ?? address ?? DEFAULT_URL);
  const given = token === "-" ? await tokenFromInput() : (token ?? (process.env["PYPI_EDGE_TOKEN"] || undefined));
  if (given !== undefined) return { url, token: checkTokenText(given), socket };
  if (profile && parseServerAddress("the profile", profile.url).href === url.href) return { url, token: profile.token };
  // A server with TLS notes a name that is in its certificate.
  const isOwn = state !== undefined || noted !== undefined || isThisMachine(url.hostname);
  if (!isOwn) {
    throw new CommandError(
      `There is no token for ${url.href}. Store one with: pypi-edge login --url ${url.href} --token -; or name it in PYPI_EDGE_TOKEN. The admin token of this machine's server is not sent there.`,
      "refused",
    );
  }
  return { url, token: checkTokenText(readToken(directory)), socket };
}

/** A root address from a text; `source` says where the text comes from. Throws a usage error. */
export function parseServerAddress(source: string, address: string): URL {
  const parsed = upstreamAddress.safeParse(address);
  if (parsed.success) return parsed.data;
  const problem = /^https?:/i.test(address)
    ? parsed.error.issues[0]?.message
    : `an address such as ${DEFAULT_URL}/ is expected`;
  throw usageError(`${source} ${address}: ${problem}.`);
}

/** The token that is piped, or typed, into standard input. Throws a usage error where it is empty. */
export async function tokenFromInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write("Paste the token, press Enter, then Ctrl-D: ");
  const given = (await text(process.stdin)).trim();
  if (given !== "") return given;
  throw usageError("--token -: standard input is empty; the token is expected there.");
}

/** Throws a usage error for a token that cannot be sent in a header: `fetch` would fail without a clear reason. */
export function checkTokenText(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError("The token has a character that tokens do not have: they have only visible ASCII characters.");
}
