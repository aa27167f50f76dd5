/** A connection on which one request is asked again and again, with next to no CPU of the client's own. */
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { CONNECTIONS, type Repeated, TIMEOUT_S } from "./load.ts";

export interface KeptConnection {
  /** Asks once, when the answer before is there; rejects where the answer is not as expected, and from then on. */
  ask(): Promise<void>;
  close(): void;
}

/** Connects as often as every driver does. An answer must have the status 200 and a `Content-Length` of `bodyBytes`. */
export function openConnections(request: Repeated): Promise<KeptConnection[]> {
  return Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(request)));
}

async function openConnection({ url, headers, bodyBytes }: Repeated): Promise<KeptConnection> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await once(socket, "connect");
  const fields = Object.entries({ Host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\n${fields.join("")}\r\n`;
  let failure: Error | undefined;
  let waiting: { resolve(): void; reject(error: Error): void } | undefined;

  readAnswers(socket, bodyBytes, () => waiting?.resolve());
  socket.setTimeout(TIMEOUT_S * 1000, () => socket.destroy(new Error(`nothing came for ${TIMEOUT_S} s`)));
  socket.on("error", (error) => (failure = error));
  socket.on("close", () => waiting?.reject((failure ??= new Error("the server closed a connection"))));
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) {
          reject(failure ?? new Error("the server closed a connection"));
          return;
        }
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/** Calls `done` behind each answer, and breaks the connection at one that is not as expected. */
function readAnswers(socket: Socket, bodyBytes: number, done: () => void): void {
  let head = Buffer.alloc(0);
  /** Bytes of the body that are not there yet; undefined before the end of the head. */
  let missing: number | undefined;
  socket.on("data", (piece: Buffer) => {
    if (missing === undefined) {
      head = head.length === 0 ? piece : Buffer.concat([head, piece]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const fault = faultOfHead(head.latin1Slice(0, end), bodyBytes);
      if (fault !== undefined) {
        socket.destroy(new Error(fault));
        return;
      }
      missing = bodyBytes - (head.length - end - "\r\n\r\n".length);
      head = Buffer.alloc(0);
    } else {
      missing -= piece.length;
    }
    if (missing > 0) return;
    if (missing < 0) socket.destroy(new Error("an answer is longer than its Content-Length"));
    else done();
    missing = undefined;
  });
}

function faultOfHead(head: string, bodyBytes: number): string | undefined {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
  if (status !== "200") return `an answer of status ${status ?? "unknown"}`;
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  if (length === undefined) return "an answer without Content-Length";
  return Number(length) === bodyBytes ? undefined : `an answer of ${length} bytes instead of ${bodyBytes}`;
}
