import type { Context } from "hono";
import { IndexError, messageOf, type ErrorKind } from "../errors.ts";
import { defectFields } from "../log/log.ts";
import { escapedLines } from "../pypi/shown.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { pathOf } from "./path.ts";
import { withReasonPhrase } from "./reason-phrase.ts";
import { redactPath } from "./redact.ts";
import { servedPath } from "./served-path.ts";
import { withoutView } from "./view-path.ts";

/**
 * Short, because pip waits for that long: with 10 s it waits 50 s in total and then reports "No matching distribution".
 * Seconds.
 */
const RETRY_AFTER_SECONDS = "1";

/** Of a refusal's reason phrase: a line of a terminal or two. Characters. */
const MAX_REFUSAL = 200;

/** Answers that clients may cache for a short time, because they ask for the same absent thing again and again. */
const BRIEFLY_CACHED: ReadonlySet<ErrorKind> = new Set(["project-not-found", "document-not-found"]);

/**
 * Turns an error into a response; nothing else does. Clients that read JSON get problem details (RFC 9457), which uv
 * prints; others get the sentence as plain text. Anything but an `IndexError` is a defect: it is logged, and the answer
 * has no details.
 *
 * @param besides adds members to the problem details; where it is given, every client gets JSON
 */
export function problem(error: unknown, c: Context<AppEnv>, besides?: (error: IndexError) => object): Response {
  const { known, status, title, detail } = describeProblem(error, c);
  const lifetime = BRIEFLY_CACHED.has(known.kind) ? LIFETIMES.absent : LIFETIMES.error;
  const headers: Record<string, string> = { ...lifetime, Vary: "Accept" };
  if (status === 503) headers["Retry-After"] = RETRY_AFTER_SECONDS;
  if (status === 429) headers["Retry-After"] = String(known.retryAfterSeconds ?? RETRY_AFTER_SECONDS);
  if (status === 401) headers["WWW-Authenticate"] = challengeAt(withoutView(servedPath(c.req.url)));
  if (known.allow) headers["Allow"] = known.allow.join(", ");
  if (known.policy) {
    headers["X-Pypi-Edge-Rule"] = known.policy.rule;
    headers["Link"] = `<${known.policy.why}>; rel="help"`;
  }
  // uv prints problem details also where it asked for a file, and pip and poetry print the reason phrase alone.
  const isRefusal = known.policy !== undefined || known.kind === "wrong-bytes";
  if (besides || isRefusal || /\bjson\b/.test(c.req.header("Accept") ?? "")) {
    const body = JSON.stringify({ type: "about:blank", title, status, detail, ...besides?.(known) });
    const answer = new Response(body, { status, headers: { ...headers, "Content-Type": "application/problem+json" } });
    return isRefusal ? withReasonPhrase(answer, known, MAX_REFUSAL) : answer;
  }
  return new Response(`${detail}\n`, { status, headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" } });
}

/**
 * The parts of a problem's description (RFC 9457), for a response or for a line of one that has begun. Logs a defect, and what keeps
 * the stores or an upstream from being used.
 */
export function describeProblem(error: unknown, c: Pick<Context<AppEnv>, "req" | "get">) {
  const known =
    error instanceof IndexError
      ? error
      : new IndexError("internal", "Something went wrong here; the log has the details.");
  const asked = `${c.req.method} ${redactPath(pathOf(c.req.url))}`;
  if (known !== error) {
    c.get("log")("error", { request: asked, status: 500, ...defectFields(error) }, `internal error at ${asked}:`);
  }
  const { status, title } = known;
  // It quotes text of clients and upstreams, and clients print it on terminals.
  const detail = escapedLines(known.message);
  if (status === 503 || status === 507) {
    const reason = `${detail}${causeOf(known)}`;
    c.get("log")("warn", { request: asked, status, reason }, `${asked} answered ${status}: ${reason}`);
  }
  return { known, status, title, detail };
}

/**
 * The `WWW-Authenticate` header. pip asks its keyring only after Basic, so indexes ask for Basic. The API asks for
 * Bearer: a browser repeats a Basic password by itself, even in requests that pages of other sites make, and the API
 * changes things and is used only by scripts.
 */
const challengeAt = (path: string) =>
  /^\/[-_]\/|^\/[^/]+\/-\/api\//.test(path) ? 'Bearer realm="pypi-edge"' : 'Basic realm="pypi-edge", charset="UTF-8"';

/** The store's own error. An upstream's failure has it in its sentence already. */
const causeOf = ({ kind, cause }: IndexError) =>
  (kind === "storage-failed" || kind === "storage-full") && cause !== undefined ? ` (${messageOf(cause)})` : "";
