import { networkInterfaces } from "node:os";
import { isLoopback } from "../../worker/pypi/host.ts";

/**
 * Whether a URL's `hostname` is loopback or an address of this machine. A private address alone says nothing of whose it is:
 * in another network it is somebody else's.
 */
export function isThisMachine(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, "");
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return isLoopback(hostname) || own.some((each) => each.address === address);
}
