/** One plain HTTP/1.1 request whose body is kept as it travelled: still compressed, never redirected. */
import { type IncomingHttpHeaders, get } from "node:http";
import { gunzipSync } from "node:zlib";

const REQUEST_MS = 60_000;
const MAX_BYTES = 64 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it travelled. */
  readonly body: Buffer;
}

export type Headers = Readonly<Record<string, string>>;

export function request(url: URL, headers: Headers, timeoutMs = REQUEST_MS): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = get(url.href, { agent: false, headers, signal: AbortSignal.timeout(timeoutMs) }, (incoming) => {
      const pieces: Buffer[] = [];
      let size = 0;
      incoming.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > MAX_BYTES) incoming.destroy(new Error(`${url} sends too much`));
        else pieces.push(piece);
      });
      incoming.on("error", reject);
      incoming.on("end", () => {
        const { statusCode: status = 0 } = incoming;
        resolve({ status, headers: incoming.headers, body: Buffer.concat(pieces) });
      });
    });
    outgoing.on("error", reject);
  });
}

/** The body as the sender meant it. */
export function decoded(answer: Answer): Buffer {
  const coding = answer.headers["content-encoding"] ?? "identity";
  if (coding === "gzip") return gunzipSync(answer.body);
  if (coding === "identity") return answer.body;
  throw new Error(`content-encoding ${coding}`);
}
