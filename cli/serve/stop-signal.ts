import { SECOND } from "../../worker/duration.ts";
import { EXIT_CODES } from "../lib/command-error.ts";
import { parentGone } from "./parent-gone.ts";

/** Milliseconds in which further signals are the first one again: Ctrl-C reaches this process from the terminal and from npm. */
const ONE_SIGNAL = SECOND;

/**
 * Resolves at the first Ctrl-C, SIGTERM or closing of the terminal, and where a signal to npx has not reached this process. A
 * second one ends the process at once, with exit code 130.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const receive = () => {
      const now = performance.now();
      first ??= now;
      if (now - first > ONE_SIGNAL) process.exit(EXIT_CODES.interrupted.code);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, receive);
    void parentGone().then(resolve);
  });
}
