import { BlockList, isIP } from "node:net";

const PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * Reads `NO_PROXY`: names of hosts, which stand for those below them too (`.example.com` and `*.example.com` are the same),
 * addresses, networks such as `10.0.0.0/8`, each but a network with a port if it is for that only; `*` is every host.
 *
 * @returns whether an address is asked without a proxy
 */
export function noProxyFor(text: string): (target: URL) => boolean {
  const entries = text.split(/[,\s]/).filter((each) => each !== "");
  if (entries.includes("*")) return () => true;
  const networks = new BlockList();
  const hosts: { readonly host: string; readonly port: string | undefined }[] = [];
  for (const entry of entries) if (!addNetwork(networks, entry)) hosts.push(hostOf(entry));
  return ({ protocol, hostname, port }) => {
    const host = bare(hostname);
    const family = isIP(host);
    if (family !== 0 && networks.check(host, family === 4 ? "ipv4" : "ipv6")) return true;
    return hosts.some(
      (each) =>
        (each.port ?? (port || PORTS[protocol])) === (port || PORTS[protocol]) &&
        (host === each.host || (family === 0 && host.endsWith(`.${each.host}`))),
    );
  };
}

function addNetwork(networks: BlockList, entry: string): boolean {
  const [address = "", bits = ""] = entry.split("/");
  const family = isIP(address);
  const length = Number(bits);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || length > (family === 4 ? 32 : 128)) return false;
  networks.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
  return true;
}

function hostOf(entry: string) {
  const [, host = entry, port] = isIP(entry) === 6 ? [] : (/^(.+):(\d{1,5})$/.exec(entry) ?? []);
  return { host: bare(host.toLowerCase()).replace(/^\*?\./, ""), port };
}

const bare = (host: string) => host.replace(/^\[|\]$/g, "");
