import { networkInterfaces } from "node:os";
import { isLoopback } from "../../worker/pypi/host.ts";

/**
 * Whether a URL's `hostname` is loopback or an address of this machine. A private address is not enough:
 * in another network it belongs to another machine.
 */
export function isThisMachine(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, "");
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return isLoopback(hostname) || own.some((each) => each.address === address);
}
