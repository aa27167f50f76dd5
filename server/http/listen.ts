import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { messageOf } from "../../worker/errors.ts";
import { fileErrorText } from "../file-errors.ts";

/** What a server listens at in the place of host and port: a Unix socket, or a socket that it was started with. */
export type Listener = { readonly path: string } | { readonly fd: number };

/** Where a server listens. Of a Unix socket, `host` is empty and `port` is 0. */
export interface ListeningAt {
  readonly host: string;
  readonly port: number;
}

/** What a person can do about an address at which this process cannot listen. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this machine does not have the address",
  EAFNOSUPPORT: "this machine does not have IPv6",
  EACCES: "this user may not listen there; ports below 1024 are often reserved",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name is not known",
};

/** The same of a Unix socket. Node has the same code for a directory that is missing and one that is closed. */
const SOCKET_REASONS: Readonly<Record<string, string>> = {
  EACCES: "its directory does not exist, or this user may not write to it",
  EINVAL: "its path is too long for a socket",
};

/**
 * Listens at host and port (`::` is all addresses, of IPv4 as well), or at a listener. The file of a Unix socket is removed
 * when the server closes; one that a dead server has left is replaced.
 *
 * @returns where it listens; where `port` is 0, with the port that the system chose
 * @throws Error whose message is a sentence
 */
export async function listen(server: Server, host: string, port: number, at?: Listener): Promise<ListeningAt> {
  if (at && "path" in at) await removeStale(at.path);
  try {
    // As at a port of loopback, every user of the machine may connect; the socket's directory can say who may.
    if (at && "path" in at) server.listen({ path: at.path, readableAll: true, writableAll: true });
    else server.listen(at ?? { port, host });
    await once(server, "listening");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const reason = (at && "path" in at ? SOCKET_REASONS[code] : undefined) ?? whyNotListening(error);
    throw new Error(`pypi-edge cannot listen at ${nameOf(at, host, port)}: ${reason}.`, { cause: error });
  }
  const address = server.address();
  return typeof address === "object" && address ? { host: address.address, port: address.port } : { host: "", port: 0 };
}

/** Why this process cannot listen somewhere, for the middle of a sentence. */
export function whyNotListening(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? fileErrorText(error);
}

function nameOf(at: Listener | undefined, host: string, port: number): string {
  if (!at) return `${host}, port ${port}`;
  return "path" in at ? `the socket ${at.path}` : `the socket that it was started with`;
}

/** Removes the file of a socket at which no program listens any more. Throws an Error with a sentence for all else. */
async function removeStale(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined);
  if (!file) return;
  if (!file.isSocket())
    throw new Error(`pypi-edge cannot listen at the socket ${path}: a file that is no socket is there.`);
  const socket = connect(path);
  try {
    await once(socket, "connect");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return await unlink(path);
    throw new Error(`pypi-edge cannot listen at the socket ${path}: ${messageOf(error)}.`, { cause: error });
  } finally {
    socket.destroy();
  }
  throw new Error(`pypi-edge cannot listen at the socket ${path}: another program listens there.`);
}
