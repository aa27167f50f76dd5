import { parseAccept } from "hono/utils/accept";
import { badRequest } from "../errors.ts";

/** The media types of pages (PEP 691), which `?format=` may also name. */
export const MEDIA_TYPES = {
  json: "application/vnd.pypi.simple.v1+json",
  simpleHtml: "application/vnd.pypi.simple.v1+html",
  html: "text/html",
} as const;

export type Representation = keyof typeof MEDIA_TYPES;

/** `latest` is answered with the current version. */
const NAMES: ReadonlyMap<string, Representation> = new Map([
  ["application/vnd.pypi.simple.v1+json", "json"],
  ["application/vnd.pypi.simple.latest+json", "json"],
  ["application/vnd.pypi.simple.v1+html", "simpleHtml"],
  ["application/vnd.pypi.simple.latest+html", "simpleHtml"],
  ["text/html", "html"],
]);

/**
 * Chooses the representation: `?format=` first, then the media type with the highest q, JSON at a tie. Wildcards and
 * unknown types get HTML, as on PyPI: clients that read JSON say so.
 */
export function representationFor(accept: string | undefined, format: string | undefined): Representation {
  if (format !== undefined) {
    // A media type contains no space: it is a "+" that was not escaped (URL Standard, 5.1).
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

/** Whether the client accepts gzip, by the `Accept-Encoding` that it sent. */
export function acceptsGzip(accepted: string): boolean {
  const codings = new Map(parseAccept(accepted).map(({ type, q }) => [type.toLowerCase(), q]));
  return (codings.get("gzip") ?? codings.get("*") ?? 0) > 0;
}
