import { connect, type Socket } from "node:net";

/** An answer as its bytes say it. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  /** Without the chunks' frames. */
  readonly body: Buffer;
  /** Whether the body ended as its head said. */
  readonly isWhole: boolean;
}

interface RawOptions {
  readonly host?: string;
  /** Half-closes the connection once all is sent, as a client that was cut off in the middle of a body. */
  readonly cut?: boolean;
  /** Milliseconds until the connection is given up. */
  readonly patience?: number;
}

/**
 * Sends bytes as they are, and reads until the server closes the connection. Strings are sent a byte for each character.
 *
 * @returns all answers, those with 1xx as well; an empty list where the connection was closed without any
 */
export async function sendRaw(port: number, request: string | Buffer, options: RawOptions = {}): Promise<RawAnswer[]> {
  const { host = "127.0.0.1", cut = false, patience = 20_000 } = options;
  const bytes = typeof request === "string" ? Buffer.from(request, "latin1") : request;
  const socket = connect({ port, host, allowHalfOpen: true });
  socket.setTimeout(patience, () => socket.destroy());
  if (cut) socket.end(bytes);
  else socket.write(bytes);
  const received = await allOf(socket);
  socket.destroy();
  return answersIn(received, bytes.toString("latin1").startsWith("HEAD "));
}

/** The only answer to a request. */
export async function answerTo(port: number, request: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  const answers = (await sendRaw(port, request, options)).filter(({ status }) => status >= 200);
  const [answer] = answers;
  const [line] = request.toString("latin1").split("\r\n", 1);
  if (!answer || answers.length > 1) throw new Error(`${answers.length} answers to ${line?.slice(0, 200)}`);
  return answer;
}

export const headerOf = ({ headers }: RawAnswer, name: string) => headers.find(([each]) => each === name)?.[1];

async function allOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // A connection that is broken off is a result.
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket
      .on("end", resolve)
      .on("error", () => resolve())
      .on("close", () => resolve());
  });
  return Buffer.concat(chunks);
}

/** The answers that bytes are; `isHead`: to a HEAD, which has no body. */
export function answersIn(bytes: Buffer, isHead: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end === -1) throw new Error(`No answer: ${bytes.toString("latin1", at, at + 100)}`);
    const [line = "", ...fields] = bytes.toString("latin1", at, end).split("\r\n");
    const [, code = "0", reason = ""] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(line) ?? [];
    const status = Number(code);
    const headers = fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
    });
    const isEmpty = isHead || status < 200 || status === 204 || status === 304;
    const { body, isWhole, next } = bodyAt(bytes, end + 4, new Map(headers), isEmpty);
    answers.push({ status, reason, headers, body, isWhole });
    at = next;
  }
  return answers;
}

interface BodyIn {
  readonly body: Buffer;
  readonly isWhole: boolean;
  readonly next: number;
}

function bodyAt(bytes: Buffer, start: number, headers: ReadonlyMap<string, string>, isEmpty: boolean): BodyIn {
  if (isEmpty) return { body: Buffer.alloc(0), isWhole: true, next: start };
  const length = headers.get("content-length");
  if (length !== undefined) {
    const body = bytes.subarray(start, start + Number(length));
    return { body, isWhole: body.length === Number(length), next: start + body.length };
  }
  if (headers.get("transfer-encoding") !== "chunked")
    return { body: bytes.subarray(start), isWhole: true, next: bytes.length };
  const chunks: Buffer[] = [];
  for (let at = start; ;) {
    const line = bytes.indexOf("\r\n", at);
    const size = line === -1 ? NaN : Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (size === 0) return { body: Buffer.concat(chunks), isWhole: true, next: line + 4 };
    if (Number.isNaN(size)) return { body: Buffer.concat(chunks), isWhole: false, next: bytes.length };
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
