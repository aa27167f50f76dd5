import { base64 } from "../../worker/pypi/encode.ts";
import { noProxyFor } from "./no-proxy.ts";

/** A proxy that requests to upstreams go through. */
export interface Proxy {
  /** Its address, without credentials. */
  readonly url: URL;
  /** What it is called in messages. */
  readonly name: string;
  /** The `Proxy-Authorization` for it; undefined where its address has no credentials. */
  readonly authorization: string | undefined;
}

/** The proxy for a request to an address; undefined where it is asked directly. */
export type ProxyFor = (target: URL) => Proxy | undefined;

/** The address of a proxy cannot be used. The message is a sentence for the user, without the address: it may have a password. */
export class UnusableProxy extends Error {}

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, as pip and curl do: in lower case, else in upper case; an address without a
 * scheme is http, and each of the first two is for requests of its own scheme only.
 *
 * @throws UnusableProxy
 */
export function proxiesIn(environment: Readonly<Record<string, string | undefined>>): ProxyFor {
  const read = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const [https, http] = ["HTTPS_PROXY", "HTTP_PROXY"].map((name) => proxyAt(name, read(name)));
  const isDirect = noProxyFor(read("NO_PROXY"));
  return (target) => (isDirect(target) ? undefined : target.protocol === "https:" ? https : http);
}

function proxyAt(variable: string, text: string): Proxy | undefined {
  if (text.trim() === "") return undefined;
  const url = URL.parse(text.includes("://") ? text.trim() : `http://${text.trim()}`);
  const credentials = url ? credentialsOf(url) : undefined;
  if (!url || credentials === undefined || !/^https?:$/.test(url.protocol))
    throw new UnusableProxy(
      `${variable} is not the address of an HTTP proxy, such as http://proxy.example.com:3128 (characters of a password such as @ and / must be percent-encoded).`,
    );
  url.username = url.password = "";
  const authorization = credentials === "" ? undefined : `Basic ${base64(credentials)}`;
  return { url, name: `the proxy ${url.host}`, authorization };
}

/** `user:password`, empty where there are none; undefined where they cannot be decoded. */
function credentialsOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return "";
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return undefined;
  }
}
