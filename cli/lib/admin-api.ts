import { escapedLines } from "../../worker/pypi/shown.ts";
import type * as z from "zod/mini";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { CommandError } from "./command-error.ts";
import { fetchOver } from "./fetch-over.ts";
import type { ServerAccess } from "./server-address.ts";

/** The most that is shown of a refusal's text. Characters. */
const SHOWN = 600;

const NO_ANSWER = "the server behind it does not answer. Start it, or look at the proxy's settings.";

/** What a proxy says by a status. pypi-edge answers none of these but in plain text, or not at all. */
const OF_A_PROXY: Readonly<Record<number, string>> = {
  413: "it takes no body that large. Have it take what the server takes (nginx: client_max_body_size 0).",
  502: NO_ANSWER,
  503: NO_ANSWER,
  504: "the server behind it took too long. Give it 20 minutes (nginx: proxy_read_timeout).",
};

/** Node's codes for certificates that it does not trust. */
const CERTIFICATE = /CERT|VERIFY|SIGNATURE/;

/**
 * Sends a request to the admin API.
 *
 * @param path the part of the URL after `/-/api/`
 * @returns the answer, whose status is 2xx
 * @throws CommandError with the server's sentence, or where no server answers
 */
export const sendRequest = (server: ServerAccess, method: Method, path: string, body?: Body): Promise<Response> =>
  sendTo(server, method, `-/api/${path}`, body);

type Method = "GET" | "POST" | "PUT" | "DELETE";

type Body = string | Uint8Array<ArrayBuffer>;

/** The same for any path below the server's address. */
export async function sendTo(
  { url, token, socket }: ServerAccess,
  method: Method,
  path: string,
  body?: Body,
): Promise<Response> {
  const address = new URL(path, url);
  const answer = await fetchOver(socket, address, {
    method,
    ...(body !== undefined && { body }),
    headers: { Authorization: `Bearer ${token}`, Accept: "text/plain" },
    redirect: "manual",
  }).catch((error: unknown) => {
    const cause = causeOf(error);
    if (CERTIFICATE.test(cause))
      throw new CommandError(
        `The certificate of ${url.href} is not trusted (${cause}). Name the file of its authority in NODE_EXTRA_CA_CERTS, or an address that is in the certificate with --url.`,
        "unreachable",
      );
    if (cause === "ERR_SSL_WRONG_VERSION_NUMBER")
      throw new CommandError(`${url.href} does not speak TLS. Is it http://${url.host}${url.pathname}?`, "unreachable");
    throw new CommandError(
      `No server answers at ${socket ?? url.href} (${cause}). Start it with pypi-edge serve, or name another address with --url.`,
      "unreachable",
    );
  });
  if (answer.ok) return answer;
  if (answer.status === 404 && url.pathname !== "/" && !(await isRoot(url, socket))) throw notTheRoot(url);
  throw refusalOf(url, answer, (await answer.text().catch(() => "")).trim());
}

/** The error for a refusal, with the server's own sentence where it sent one. `said` is the answer's text. */
export function refusalOf(
  url: URL,
  { status, headers }: Pick<Response, "status" | "headers">,
  said: string,
): CommandError {
  if (status === 405) return notTheRoot(url);
  const own = ownSentence(headers.get("Content-Type") ?? "", said);
  const proxys = OF_A_PROXY[status];
  const sentence = own
    ? escapedLines(own).slice(0, SHOWN)
    : proxys === undefined
      ? `${url.href} answered ${status}. Is that a current version of pypi-edge?`
      : `A proxy in front of pypi-edge answered ${status} at ${url.href}: ${proxys}`;
  return new CommandError(sentence, status === 401 || status === 403 ? "refused" : "failed", status);
}

/** What an answer of pypi-edge says, which for refusals of a policy is in JSON for every client; undefined for another server's. */
function ownSentence(type: string, said: string): string | undefined {
  if (type.startsWith("text/plain")) return said;
  if (!type.startsWith("application/problem+json")) return undefined;
  const problem = parsedJson(said);
  const detail = typeof problem === "object" && problem !== null && "detail" in problem ? problem.detail : undefined;
  return typeof detail === "string" ? detail : undefined;
}

const notTheRoot = ({ href }: URL) =>
  new CommandError(`${href} does not offer this: name pypi-edge's root with --url, without /simple/.`, "usage");

/** Whether a pypi-edge has its root at an address with a path: a proxy may have given it one. */
async function isRoot(url: URL, socket: string | undefined): Promise<boolean> {
  const answer = await fetchOver(socket, new URL("-/health", url), { redirect: "manual" }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status !== 404;
}

/** The JSON of an answer, parsed by `schema`. Throws a `CommandError` where it does not fit. */
export async function readApiJson<Value>(
  { url }: ServerAccess,
  schema: z.ZodMiniType<Value>,
  answer: Response,
): Promise<{ readonly value: Value; readonly json: unknown }> {
  const json: unknown = await answer.json().catch(() => undefined);
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data, json };
  throw new CommandError(
    `${url.href} sent an answer that this command does not know. Is that a current version of pypi-edge?`,
  );
}

/** The cause of a failed fetch, whose own message says only that it failed. */
export function causeOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? deeper ?? message;
}
