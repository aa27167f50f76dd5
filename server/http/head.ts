import type { ServerResponse } from "node:http";

/** The server decides about the connection and the length; a worker's headers have no say in it. */
const OF_THE_SERVER = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

/**
 * Writes status, reason phrase and headers. Header names are in lower case: `Headers` keeps them so.
 *
 * @param length bytes of the body; undefined: not known, or no body is allowed
 */
export function writeHead(outgoing: ServerResponse, response: Response, length: number | undefined): void {
  const fields: string[] = [];
  for (const [name, value] of response.headers) if (!OF_THE_SERVER.has(name)) fields.push(name, value);
  if (length !== undefined) fields.push("content-length", String(length));
  const { status, statusText } = response;
  if (statusText === "") outgoing.writeHead(status, fields);
  else outgoing.writeHead(status, statusText, fields);
}

/** The length that an answer's headers say; undefined where they do not, or not in digits. */
export function declaredLength({ headers }: Response): number | undefined {
  const text = headers.get("Content-Length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
