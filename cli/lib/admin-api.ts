import { escapedLines } from "../../worker/pypi/shown.ts";
import type * as z from "zod/mini";
import { CommandError } from "./command-error.ts";
import type { ServerAccess } from "./server-address.ts";

/** More of an answer that refuses is not shown. Characters. */
const SHOWN = 600;

/**
 * Sends a request to the admin API.
 *
 * @param path what follows `/-/api/`
 * @returns the answer, whose status is 2xx
 * @throws CommandError with what the server said, or where nothing answers
 */
export async function sendRequest(
  { url, token }: ServerAccess,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const address = new URL(`-/api/${path}`, url);
  const answer = await fetch(address, {
    method,
    ...(body !== undefined && { body }),
    headers: { Authorization: `Bearer ${token}`, Accept: "text/plain" },
    redirect: "manual",
  }).catch((error: unknown) => {
    throw new CommandError(
      `Nothing answers at ${url.href} (${causeOf(error)}). Start it with pypi-edge serve, or name another address with --url.`,
      "unreachable",
    );
  });
  if (answer.ok) return answer;
  throw refusalOf(url, answer, (await answer.text().catch(() => "")).trim());
}

/** What a refusal comes to: the server's own sentence where it is one. `said` is the answer's text. */
export function refusalOf({ href }: URL, { status, headers }: Response, said: string): CommandError {
  if (status === 405) {
    return new CommandError(
      `${href} does not offer this: name pypi-edge's root with --url, without /simple/.`,
      "usage",
    );
  }
  const isPlain = headers.get("Content-Type")?.startsWith("text/plain") && said !== "";
  const sentence = isPlain
    ? escapedLines(said).slice(0, SHOWN)
    : `${href} answered ${status}; is it a current pypi-edge?`;
  return new CommandError(sentence, status === 401 || status === 403 ? "refused" : "failed", status);
}

/** The JSON of an answer, as `schema` has it. Throws a `CommandError` where it is something else. */
export async function readApiJson<Value>(
  { url }: ServerAccess,
  schema: z.ZodMiniType<Value>,
  answer: Response,
): Promise<{ readonly value: Value; readonly json: unknown }> {
  const json: unknown = await answer.json().catch(() => undefined);
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data, json };
  throw new CommandError(`${url.href} did not answer as it should; is it a current pypi-edge?`);
}

/** What a failed fetch is due to: its own message says only that it failed. */
export function causeOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? deeper ?? message;
}
