import { BlockList, isIP } from "node:net";

/**
 * The address that a request came from.
 *
 * @param peer the other end of the connection
 * @param forwarded the `X-Forwarded-For` of the request; null where there is none
 */
export type ClientAddress = (peer: string, forwarded: string | null) => string;

/** Stands for the other end of a Unix socket, which has no address. */
export const UNIX_PEER = "unix";

/**
 * Reads clients' addresses where proxies stand in front. Each proxy adds the address of its own peer at the end of
 * `X-Forwarded-For`: the client is the last address that is no proxy. What a connection says that comes from anywhere else
 * is ignored, since every client can send the header.
 *
 * @param proxies addresses, networks such as `10.0.0.0/8`, or `unix` for what connects over a Unix socket
 * @throws Error whose message is a sentence, where one is neither
 */
export function clientAddressBehind(proxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of proxies) if (proxy !== UNIX_PEER) add(trusted, proxy);
  const isTrusted = (address: string) =>
    isIP(address)
      ? trusted.check(address, address.includes(":") ? "ipv6" : "ipv4")
      : address === UNIX_PEER && proxies.includes(UNIX_PEER);

  return (peer, forwarded) => {
    let client = withoutMapping(peer);
    const named = forwarded?.split(",").map((each) => withoutMapping(each.trim())) ?? [];
    while (named.length > 0 && isTrusted(client)) {
      const before = named.pop() ?? "";
      if (!isIP(before)) break;
      client = before;
    }
    return client === UNIX_PEER ? "" : client;
  };
}

function add(list: BlockList, proxy: string): void {
  const [address = "", bits, ...rest] = proxy.split("/");
  const family = isIP(address);
  const length = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits || "none");
  if (family === 0 || rest.length > 0 || !Number.isInteger(length) || length < 0 || length > (family === 4 ? 32 : 128))
    throw new Error(
      `${proxy} is no address of a proxy, such as 127.0.0.1 or 10.0.0.0/8, nor unix, for what connects over a Unix socket.`,
    );
  list.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
}

/** A socket of both IPv6 and IPv4 has IPv4 addresses in the form of IPv6 (RFC 4291, 2.5.5.2). */
const withoutMapping = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, "");
