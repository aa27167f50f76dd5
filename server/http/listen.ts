import { once } from "node:events";
import type { Server } from "node:http";

/** What a person can do about an address at which this process cannot listen. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this machine does not have the address",
  EAFNOSUPPORT: "this machine does not have IPv6",
  EACCES: "this user may not listen there; ports below 1024 are often reserved",
  ENOTFOUND: "the host name is not known",
};

/**
 * Listens at host and port. `::` is all addresses, of IPv4 as well.
 *
 * @returns the port, another one where `port` is 0
 * @throws Error whose message is a sentence
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen({ port, host });
    await once(server, "listening");
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new Error(`pypi-edge cannot listen at ${host}, port ${port}: ${REASONS[code] ?? message}.`, { cause: error });
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}
