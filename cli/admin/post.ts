import { escapedLines } from "../../worker/pypi/shown.ts";
import { Sentence } from "../sentence.ts";
import type { Server } from "./options.ts";

/** More of an answer that refuses is not shown. Characters. */
const SHOWN = 600;

/**
 * Sends a request to the admin API.
 *
 * @param path what follows `/-/api/`
 * @returns the answer, which is a good one
 * @throws Sentence with what the server said, or where nothing answers
 */
export async function send(
  { url, token }: Server,
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
    throw new Sentence(
      `Nothing answers at ${url.href} (${reasonOf(error)}): start it with npm start, or name it with --url.`,
    );
  });
  if (answer.ok) return answer;
  const said = (await answer.text().catch(() => "")).trim();
  if (answer.status === 405)
    throw new Sentence(`${url.href} takes no ${method}: name pypi-edge's root with --url, without /simple/.`);
  const plain = answer.headers.get("Content-Type")?.startsWith("text/plain") && said !== "";
  throw new Sentence(
    plain
      ? escapedLines(said).slice(0, SHOWN)
      : `${url.href} answered ${answer.status}; is it a pypi-edge, and a current one?`,
  );
}

/** Sends a POST to the admin API, as `send` does. */
export const post = (server: Server, path: string, body: Uint8Array<ArrayBuffer>) => send(server, "POST", path, body);

/** What a failed fetch is due to: its own message says only that it failed. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? deeper ?? message;
}
