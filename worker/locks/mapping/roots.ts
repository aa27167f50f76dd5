import { isLoopback } from "../../pypi/host.ts";
import { restBelow, urlParts, rootOf, addressText, type Address, type UrlParts } from "./address.ts";
import { filenameOf } from "./file-mapping.ts";
import type { UrlToken } from "./url-token.ts";

/** Where `npm start` listens when it is told nothing. */
const DEFAULTS = ["http://127.0.0.1:8787", "http://localhost:8787"].flatMap((url) => rootOf(url) ?? []);

/**
 * `/files/`, a host with a dot or a port (or what hosted files have there), and a path. The first dot or colon decides: looked
 * for ahead, it is not sought again where the rest does not fit.
 */
const FILES = /^(?<base>.*?)\/files\/(?:localhost|-|(?=(?<start>[^/]+?(?:\.|:|%3A)))\k<start>[^/]+)\/./i;
const SIMPLE = /^(?<base>.*)\/simple\/?$/;

/**
 * The addresses that pypi-edge has in this file: the default one, and each host with an index at `/simple` and a file below
 * `/files/{host}/`. Either alone is not enough: other indexes are called so, and a private one taken for ours would be
 * mapped to a public upstream. An index below a path (`/name/simple`) has an upstream of its own: the caller must name it.
 */
export function rootsIn(tokens: readonly UrlToken[]): Address[] {
  const urls = tokens.flatMap(({ url }) => urlParts(url) ?? []);
  const withFiles = new Set(urls.filter((url) => baseOf(url, FILES) === "").map(({ origin }) => origin));
  const indexes = new Set(urls.filter((url) => baseOf(url, SIMPLE) === "").map(({ origin }) => origin));
  return [...DEFAULTS, ...[...indexes.intersection(withFiles)].map((origin) => ({ origin, path: "" }))];
}

/**
 * Addresses that may be those of a pypi-edge, though the file does not prove it: hosts with a distribution file below
 * `/files/{host}/`, and indexes `/simple` on loopback. URLs below the addresses in `known` are left out.
 */
export function possibleRootsIn(tokens: readonly UrlToken[], known: readonly Address[]): string[] {
  const suspects = tokens.flatMap(({ url }) => {
    const parts = urlParts(url);
    if (!parts || known.some((address) => restBelow(address, parts) !== undefined)) return [];
    const base = filenameOf(url) ? baseOf(parts, FILES) : isOnLoopback(parts) ? baseOf(parts, SIMPLE) : undefined;
    return base === undefined ? [] : [addressText({ origin: parts.origin, path: base })];
  });
  return [...new Set(suspects)];
}

const baseOf = ({ rest }: UrlParts, pattern: RegExp) => pattern.exec(rest)?.groups?.["base"];

const isOnLoopback = ({ origin }: UrlParts) => isLoopback(new URL(origin).hostname);
