import { parseAccept } from "hono/utils/accept";
import { badRequest } from "../errors.ts";

/** The representations of a page, by what `?format=` calls them (PEP 691). */
export const MEDIA_TYPES = {
  json: "application/vnd.pypi.simple.v1+json",
  simpleHtml: "application/vnd.pypi.simple.v1+html",
  html: "text/html",
} as const;

export type Representation = keyof typeof MEDIA_TYPES;

/** Clients ask for `latest` and are answered with what the latest is. */
const NAMES: ReadonlyMap<string, Representation> = new Map([
  ["application/vnd.pypi.simple.v1+json", "json"],
  ["application/vnd.pypi.simple.latest+json", "json"],
  ["application/vnd.pypi.simple.v1+html", "simpleHtml"],
  ["application/vnd.pypi.simple.latest+html", "simpleHtml"],
  ["text/html", "html"],
]);

/**
 * The representation for a request: `?format=` first, then the highest q among the types the client names, ties to JSON.
 * Wildcards and anything unknown are answered with HTML, as PyPI does: a client that can read JSON says so.
 */
export function representationFor(accept: string | undefined, format: string | undefined): Representation {
  if (format !== undefined) {
    // No media type has a space: it is a "+" that was not escaped (the URL Standard, 5.1).
    const type = format.replaceAll(" ", "+");
    const asked = NAMES.get(type.toLowerCase());
    if (asked) return asked;
    const known = [...NAMES.keys()].join(", ");
    throw badRequest(`?format=${JSON.stringify(type.slice(0, 80))} is not offered; known are ${known}.`);
  }
  const quality: Record<Representation, number> = { json: 0, simpleHtml: 0, html: 0 };
  for (const { type, q } of parseAccept(accept ?? "")) {
    const named = NAMES.get(type.toLowerCase());
    if (named) quality[named] = Math.max(quality[named], q);
  }
  const best = Math.max(quality.json, quality.simpleHtml, quality.html);
  if (best === 0) return "html";
  return (["json", "simpleHtml", "html"] as const).find((name) => quality[name] === best) ?? "html";
}

/** Whether the client takes gzip. At the edge the header is rewritten and `cf` has what the client sent. */
export function acceptsGzip(request: Request): boolean {
  const sent =
    (request.cf?.["clientAcceptEncoding"] as string | undefined) ?? request.headers.get("Accept-Encoding") ?? "";
  const codings = new Map(parseAccept(sent).map(({ type, q }) => [type.toLowerCase(), q]));
  return (codings.get("gzip") ?? codings.get("*") ?? 0) > 0;
}
