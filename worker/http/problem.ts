import type { Context } from "hono";
import { IndexError, messageOf, type ErrorKind } from "../errors.ts";
import { defect } from "../log/log.ts";
import { escapedLines } from "../pypi/shown.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { pathOf } from "./path.ts";
import { redacted } from "./redact.ts";

/** Short, since pip waits that long: at 10 s it hangs for 50 and then says "No matching distribution". Seconds. */
const RETRY_AFTER = "1";

/** What may be there a minute later, and is asked for again and again until then. */
const ABSENT: ReadonlySet<ErrorKind> = new Set(["project-not-found", "document-not-found"]);

/**
 * The only way an error becomes a response: RFC 9457 problem details for clients that read JSON (uv prints them), else the
 * sentence as plain text. What is no `IndexError` is a defect: it is logged whole and answered without its details.
 *
 * @param besides what the problem details have besides; where it is given, all clients read JSON
 */
export function problem(error: unknown, c: Context<AppEnv>, besides?: (error: IndexError) => object): Response {
  const known =
    error instanceof IndexError
      ? error
      : new IndexError("internal", "Something went wrong here; the log has the details.");
  const asked = `${c.req.method} ${redacted(pathOf(c.req.url))}`;
  if (known !== error) {
    c.var.log("error", { request: asked, status: 500, ...defect(error) }, `internal error at ${asked}:`);
  }
  const { status, title } = known;
  // What clients and upstreams wrote is quoted in it, and ends up on a terminal.
  const detail = escapedLines(known.message);
  if (status === 503) {
    const reason = `${detail}${causeOf(known)}`;
    c.var.log("warn", { request: asked, status, reason }, `${asked} answered 503: ${reason}`);
  }
  const lifetime = ABSENT.has(known.kind) ? LIFETIMES.absent : LIFETIMES.error;
  const headers: Record<string, string> = { ...lifetime, Vary: "Accept" };
  if (status === 503) headers["Retry-After"] = RETRY_AFTER;
  if (status === 429) headers["Retry-After"] = String(known.retryAfter ?? RETRY_AFTER);
  if (status === 401) headers["WWW-Authenticate"] = challengeAt(pathOf(c.req.url));
  if (known.allow) headers["Allow"] = known.allow.join(", ");
  if (besides || /\bjson\b/.test(c.req.header("Accept") ?? "")) {
    const body = JSON.stringify({ type: "about:blank", title, status, detail, ...besides?.(known) });
    return new Response(body, { status, headers: { ...headers, "Content-Type": "application/problem+json" } });
  }
  return new Response(`${detail}\n`, { status, headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" } });
}

/**
 * How a token is asked for. pip asks its keyring for nothing but Basic, so indexes say that. A browser that has been given a
 * password after Basic sends it again by itself, with requests that other sites' pages make too: the API, which changes things and
 * has no client but scripts, does not invite it to.
 */
const challengeAt = (path: string) =>
  /^\/[-_]\//.test(path) ? 'Bearer realm="pypi-edge"' : 'Basic realm="pypi-edge", charset="UTF-8"';

/** What a store said: of an upstream's failure its sentence says as much. */
const causeOf = ({ kind, cause }: IndexError) =>
  kind === "storage-failed" && cause !== undefined ? ` (${messageOf(cause)})` : "";
