import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { RawAnswer } from "./raw-http.ts";

/** A session with a server on this machine, whose certificate is not verified. */
export function openSession(port: number): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  // A session that the server closes is a result.
  session.on("error", () => undefined);
  return session;
}

/** Sends a request of HTTP/1.1 as a stream. The answer has no reason phrase; it is whole where END_STREAM came. */
export async function answerOverHttp2(session: ClientHttp2Session, request: string): Promise<RawAnswer> {
  const end = request.indexOf("\r\n\r\n");
  const [line = "", ...fields] = request.slice(0, end).split("\r\n");
  const body = request.slice(end + 4);
  const [method = "", path = ""] = line.split(" ");
  const headers: Record<string, string | string[]> = { ":method": method, ":path": path };
  for (const field of fields) {
    const name = field.slice(0, field.indexOf(":")).toLowerCase();
    const value = field.slice(field.indexOf(":") + 1).trim();
    if (name === "connection" || name === "transfer-encoding") continue;
    if (name === "host") headers[":authority"] = value;
    else headers[name] = [...[headers[name] ?? []].flat(), value];
  }
  const stream = session.request(headers, { endStream: body === "" });
  const chunks: Buffer[] = [];
  let head: IncomingHttpHeaders = {};
  let hasEnded = false;
  stream
    .on("response", (received) => (head = received))
    .on("data", (chunk: Buffer) => chunks.push(chunk))
    .on("end", () => (hasEnded = true))
    .on("error", () => undefined);
  if (body !== "") stream.end(Buffer.from(body, "latin1"));
  await new Promise((resolve) => stream.once("close", resolve));
  return {
    status: Number(head[":status"] ?? 0),
    reason: "",
    headers: Object.entries(head).flatMap(([name, value]) =>
      name.startsWith(":") ? [] : [value ?? ""].flat().map((each) => [name, each] as const),
    ),
    body: Buffer.concat(chunks),
    isWhole: hasEnded && stream.rstCode === 0,
  };
}
