import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { isLoopback } from "../../worker/pypi/host.ts";
import type { StartOptions } from "./options.ts";

type Place = Pick<StartOptions, "host" | "port" | "publicUrl">;

/** Hosts that stand for all addresses of this machine, with the one by which it reaches itself. */
const ALL: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/**
 * The address that clients use, without a final slash: `--public-url`, else host and port.
 *
 * @param certificate the server's; clients must use a name that it has
 */
export function publicAddress({ publicUrl, host, port }: Place, certificate?: X509Certificate): string {
  if (publicUrl) return publicUrl;
  const names = host in ALL ? [...namesIn(certificate), reachable(host)] : [...itself(host), ...namesIn(certificate)];
  return rootAt(names.find(isIn(certificate)) ?? reachable(host), port, certificate);
}

/**
 * The address that commands on this machine use, without a final slash. It leads past any proxy, and has a name that is in
 * the server's certificate: the commands verify it as all clients do.
 */
export function localAddress({ publicUrl, host, port }: Place, certificate?: X509Certificate): string {
  const given = publicUrl === "" ? [] : [withoutBrackets(new URL(publicUrl).hostname)];
  const own = ALL[host] ?? host;
  const names = [...itself(own), ...given, ...namesIn(certificate)];
  return rootAt(names.find(isIn(certificate)) ?? own, port, certificate);
}

const rootAt = (host: string, port: number, certificate: X509Certificate | undefined) =>
  `${certificate ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;

/** A host, and another name for it. */
const itself = (host: string) => (isLoopback(host) ? [host, "localhost"] : [host]);

const isIn = (certificate: X509Certificate | undefined) => (name: string) =>
  !certificate || (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;

/** The names of hosts in a certificate. Those for any host of a domain are no address. */
const namesIn = (certificate: X509Certificate | undefined) =>
  [...(certificate?.subjectAltName ?? "").matchAll(/DNS:([\w.-]+)/g)].map(([, name = ""]) => name);

const withoutBrackets = (hostname: string) => hostname.replace(/^\[|\]$/g, "");

/** An address of this machine that others can reach, where the server listens on all addresses. */
function reachable(host: string): string {
  if (!(host in ALL)) return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === "IPv4" && !address.internal)?.address ?? "127.0.0.1";
}
