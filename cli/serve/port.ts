import { createServer } from "node:net";
import { whyNotListening } from "../../server/http/listen.ts";
import type { StartOptions } from "./options.ts";
import { CommandError } from "../lib/command-error.ts";

/** Throws a `CommandError` where this process cannot listen at host and port. */
export async function portIsFree({ host, port }: StartOptions): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(port, host, resolve);
    });
    await new Promise((resolve) => probe.close(resolve));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      code === "EADDRINUSE"
        ? `Port ${port} of ${host} is in use. Stop the program that listens there, or choose another port with --port N.`
        : `pypi-edge cannot listen at ${host}, port ${port}: ${whyNotListening(error)}.`,
    );
  }
}
