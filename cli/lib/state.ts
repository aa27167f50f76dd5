import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PROJECT_FOLDER } from "./project-folder.ts";

const NAME = ".pypi-edge";

/**
 * The state directory that the commands look into: `named`, else PYPI_EDGE_STATE, else the `.pypi-edge` of this folder or of the
 * nearest one above it, else that of the project's own folder, where `npm start` has it.
 */
export function stateDirectory(named: string | undefined): string {
  const given = named ?? (process.env["PYPI_EDGE_STATE"] || undefined);
  if (given !== undefined) return resolve(given);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const state = join(folder, NAME);
    if (existsSync(state)) return state;
    if (dirname(folder) === folder) return join(PROJECT_FOLDER, NAME);
  }
}

/** The file in which a server stores its address for the commands on this machine. */
const addressFile = (state: string) => join(state, "address");

/** The address of the server that last ran with this state; undefined where none ran. */
export function notedAddress(state: string): string | undefined {
  try {
    return readFileSync(addressFile(state), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

const SOCKET = "unix:";

/** The address of a server that listens at a Unix socket. */
export const socketAddress = (path: string) => `${SOCKET}${path}`;

/** The path in the address of a Unix socket; undefined for all other addresses. */
export const socketPath = (address: string) => (address.startsWith(SOCKET) ? address.slice(SOCKET.length) : undefined);

/** Stores the address of the server that runs with this state. */
export function noteAddress(state: string, address: string): void {
  if (notedAddress(state) !== address) writeFileSync(addressFile(state), `${address}\n`);
}
