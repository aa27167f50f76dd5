import { UNIX_PEER } from "../../server/http/client-address.ts";
import type { Listener } from "../../server/http/listen.ts";
import type { StartOptions } from "./options.ts";

/**
 * The shortest prefixes that private networks have, 10.0.0.0/8 and fc00::/7: what is larger has others' machines in it. Bits.
 */
const LARGEST = { ipv4: 8, ipv6: 7 };

/**
 * What is odd about the proxies that are trusted, a sentence each.
 *
 * @param listener what the server listens at in the place of host and port
 */
export function proxyWarnings(
  { trustedProxies }: Pick<StartOptions, "trustedProxies">,
  listener: Listener | undefined,
): string[] {
  const trustsSocket = trustedProxies.includes(UNIX_PEER);
  return [
    ...trustedProxies
      .filter(isTooLarge)
      .map(
        (network) =>
          `--trusted-proxy ${network} is larger than any network of your own: all who connect from it choose by X-Forwarded-For which address they have in the audit log, and where failed attempts are counted. Name the addresses of your proxies only.`,
      ),
    // What systemd has passed may be either kind of socket.
    ...(trustsSocket && !listener
      ? ["--trusted-proxy unix is of no use: the server listens at no Unix socket (--socket PATH)."]
      : []),
    ...(listener && "path" in listener && !trustsSocket
      ? [
          "--socket without --trusted-proxy unix: all clients count as one, without an address, and one that guesses tokens locks out the others.",
        ]
      : []),
  ];
}

function isTooLarge(network: string): boolean {
  const [address = "", bits] = network.split("/");
  return bits !== undefined && Number(bits) < (address.includes(":") ? LARGEST.ipv6 : LARGEST.ipv4);
}
