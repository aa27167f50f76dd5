/** A place that URLs lie below: pypi-edge's root, or an upstream's Simple API root. */
export interface Address {
  readonly origin: string;
  /** Begins with a slash where it is not empty, and never ends in one. */
  readonly path: string;
}

/** A URL as it stands in a file, cut but not rewritten: put together again, its parts are the same bytes. */
export interface UrlParts {
  /** Normalised, for comparison. */
  readonly origin: string;
  readonly credentials: boolean;
  /** Everything behind the authority, as written. */
  readonly rest: string;
}

const URL_PARTS = /^(?<scheme>https?):\/\/(?:(?<user>[^/?#]*)@)?(?<host>[^/?#@]+)(?<rest>.*)$/is;

/** Cuts a URL; undefined where it is none, or not of http or https. */
export function urlParts(url: string): UrlParts | undefined {
  const { scheme, user, host, rest = "" } = URL_PARTS.exec(url)?.groups ?? {};
  const origin = URL.parse(`${scheme}://${host}/`)?.origin;
  return origin === undefined ? undefined : { origin, credentials: user !== undefined, rest };
}

/** What of `url` follows `address`: empty, or beginning with a slash; undefined where it does not lie there. */
export const restBelow = (address: Address, { origin, rest }: UrlParts): string | undefined =>
  origin === address.origin ? restAfter(address.path, rest) : undefined;

/** The same of what stands behind an authority, for the path of an address. */
export function restAfter(path: string, rest: string): string | undefined {
  if (!rest.startsWith(path)) return undefined;
  const tail = rest.slice(path.length);
  return tail === "" || tail.startsWith("/") ? tail : undefined;
}

/** pypi-edge's root, from its own address or that of its Simple API; undefined where `text` is no bare address. */
export function rootOf(text: string): Address | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username + url.password + url.search + url.hash !== "")
    return undefined;
  return { origin: url.origin, path: url.pathname.replace(/\/$/, "").replace(/\/simple$/, "") };
}

/** An upstream's Simple API root as an address. */
export const indexOf = (upstream: URL): Address => ({
  origin: upstream.origin,
  path: upstream.pathname.replace(/\/$/, ""),
});

/** Why a URL with credentials is not mapped: they would be written where they do not belong, or lost. */
export const HAS_CREDENTIALS = { why: "it carries credentials. Take them out of the file first." } as const;

export const addressText = ({ origin, path }: Address) => origin + path;
