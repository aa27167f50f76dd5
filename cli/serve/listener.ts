import type { Listener } from "../../server/http/listen.ts";
import { CommandError } from "../lib/command-error.ts";
import type { StartOptions } from "./options.ts";

/** The first socket that systemd passes (sd_listen_fds(3)): those before it are input, output and errors. */
const FIRST = 3;

/**
 * What the server listens at in the place of host and port: the socket with which systemd has started this process, else
 * that of `--socket`.
 *
 * @throws CommandError where there are several, or clients' address is not known
 */
export function listenerOf({ socket, publicUrl }: StartOptions): Listener | undefined {
  const passed = passedSockets();
  if (passed === 0) return socket === undefined ? undefined : { path: socket };
  if (passed > 1) throw new CommandError(`systemd has passed ${passed} sockets; pypi-edge listens at one.`);
  if (publicUrl === "")
    throw new CommandError("systemd has passed a socket: name the address that clients use with --public-url URL.");
  return { fd: FIRST };
}

/** How many sockets are passed to this process. The variables may be those of a process that has started it. */
function passedSockets(): number {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = process.env;
  return pid === `${process.pid}` ? Number(count ?? 0) : 0;
}
